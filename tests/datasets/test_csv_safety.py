"""No text becomes a formula, and the change can be undone."""

import re

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.datasets.csv_safety import csv_plain, csv_safe

PAYLOADS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    '=HYPERLINK("http://evil","x")',
    "=cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "\t=1",
    "\tx",
    " =1",
    "   +1",
    "\xa0=1",
    "\u3000=1",
    "\u2003-1",
    "\u200b=1",
    "\ufeff=1",
    "\n=1",
    "\r\n=1",
    "\r=1",
    "a\n=1",
    "a\r\n+1",
    "a\n\n =1",
    "＝1",
    "＋1",
    "－1",
    "＠x",
    "'=1",
    "%0A-1\n@x",
    "=",
    "+86 138",
]
RISKY = re.compile(r"(^|[\r\n])[^\S\r\n\t]*[\u200b\ufeff]*[=+\-@\t＝＋－＠]")


def safe(text: str) -> str:
    return str(csv_safe(pa.array([text]))[0].as_py())


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_payload_is_disarmed_and_comes_back(payload: str) -> None:
    assert safe(payload) != payload
    assert not RISKY.search(safe(payload))
    assert csv_plain(pa.array([safe(payload)])).to_pylist() == [payload]


@pytest.mark.parametrize(
    "text", ["", "Ann", "a=b", "3-4", "会员@微信", "a\nb", "line\n\nline", " x"]
)
def test_harmless_text_stays(text: str) -> None:
    assert safe(text) == text


@given(st.text(st.sampled_from("=+-@'\t\r\n ab\xa0\u3000\u200b＝"), max_size=12))
def test_every_text_comes_back_and_no_line_is_risky(text: str) -> None:
    assert csv_plain(pa.array([safe(text)])).to_pylist() == [text]
    assert not RISKY.search(safe(text))


def test_nulls_and_no_rows_stay() -> None:
    assert csv_safe(pa.array([None], pa.string())).to_pylist() == [None]
    assert len(csv_safe(pa.array([], pa.large_string()))) == 0
