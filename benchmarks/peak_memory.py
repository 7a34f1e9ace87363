"""How much memory a process holds at most, as the system counts it; and when results agree."""

import resource
import sys
from pathlib import Path

AGREED = 1e-9


def forget_peak() -> float:
    """Start to watch memory; give the MB held now (where the system cannot tell: the peak)."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return peak_mb()
    return _status("VmRSS")


def peak_mb() -> float:
    """Give the most MB held since `forget_peak`."""
    if Path("/proc/self/status").exists():
        return _status("VmHWM")
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def require_agreement(name: str, difference: float) -> None:
    """End the benchmark where results differ, or only one has a value."""
    if not difference <= AGREED:
        raise SystemExit(f"{name}: results differ by {difference:.1e}, more than {AGREED:.0e}")


def _status(field: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(field)).split()[1]) / 1024
