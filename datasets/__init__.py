"""PLACEHOLDER."""

if __name__ != "siyu.datasets":
    raise ImportError("this folder installs as siyu.datasets; install siyu and import that")
