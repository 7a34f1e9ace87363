"""PLACEHOLDER."""

if __name__ != "siyu.segmentation":
    raise ImportError("this folder installs as siyu.segmentation; install siyu and import that")
