"""The report: figures as functions, and one self-contained page set."""
