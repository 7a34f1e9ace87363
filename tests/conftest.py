"""Fixtures that every test may use."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def siyu_data() -> Path:
    """Give the folder of real data sets, or skip the test where there is none."""
    folder = os.environ.get("SIYU_DATA")
    if not folder:
        pytest.skip("SIYU_DATA is not set: this test reads real data")
    return Path(folder)
