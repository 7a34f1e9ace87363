"""Small export files, and what reading them reports."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from siyu.datasets import SiyuWarning
from siyu.datasets.reading.readers import read_orders

HEADER = "order_id,member_id,order_time,amount,nickname\n"
GOOD = "A1,M1,2026-01-02 09:00,10,Wang\n"


def export(folder: Path, text: str, name: str = "export.csv") -> Path:
    """Write a file as an export would."""
    file = folder / name
    file.write_text(text, "utf-8")
    return file


def orders_of(folder: Path, *rows: str, **options: Any) -> pd.DataFrame:
    """Read order lines from rows of text."""
    file = export(folder, HEADER + "\n".join(row.strip("\n") for row in rows) + "\n")
    frame: pd.DataFrame = read_orders(file, **{"tz": "Asia/Shanghai", **options})
    return frame


def mended_orders(folder: Path, *rows: str, **options: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read order lines and give them beside the report of what was mended."""
    with pytest.warns(SiyuWarning, match="read with these changes") as caught:
        frame = orders_of(folder, *rows, **options)
    assert len(caught) == 1
    report = caught[0].message
    assert isinstance(report, SiyuWarning)
    return frame, report.problems


def first_of(problems: pd.DataFrame) -> tuple[str, str, int, int]:
    """Give the first problem as column, rule, count, line."""
    row = problems.iloc[0]
    return row["column"], row["rule"], int(row["count"]), int(row["first_row"])
