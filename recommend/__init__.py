"""PLACEHOLDER."""

if __name__ != "siyu.recommend":
    raise ImportError("this folder installs as siyu.recommend; install siyu and import that")
