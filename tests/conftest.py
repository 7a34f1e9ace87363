"""Fixtures and settings for every test."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# The machine that runs the tests may be slow, and a failure must come back on the next run.
settings.register_profile(
    "siyu",
    deadline=None,
    derandomize=True,
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("siyu")


@pytest.fixture(scope="session")
def siyu_data() -> Path:
    """Give the folder of real data sets, or skip the test where there is none."""
    folder = os.environ.get("SIYU_DATA")
    if not folder:
        pytest.skip("SIYU_DATA is not set: this test reads real data")
    return Path(folder)
