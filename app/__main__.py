"""``python -m siyu`` is the command ``siyu``."""

from siyu.cli import main

__all__: list[str] = []

main()
