# One command before every commit.
.PHONY: check format

check:
	ruff format --check .
	ruff check .
	pytest

format:
	ruff format .
	ruff check --fix .
