"""PLACEHOLDER."""

if __name__ != "siyu.graph":
    raise ImportError("this folder installs as siyu.graph; install siyu and import that")
