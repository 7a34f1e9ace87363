"""The page about the tables names every table and column of the schemas."""

import re
from pathlib import Path

import pytest

from siyu.datasets.schema import SCHEMAS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "tables.md").read_text("utf-8")


@pytest.mark.parametrize("table", SCHEMAS)
def test_the_page_lists_the_columns_of_the_table(table: str) -> None:
    row = next(line for line in PAGE.splitlines() if re.match(rf"\| {table}( \(.*\))? \|", line))
    listed = set(re.findall(r"[a-z_]+", row.split("|")[2]))
    assert {column.name for column in SCHEMAS[table].columns} <= listed
