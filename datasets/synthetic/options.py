"""The knobs of the simulated community."""

from dataclasses import dataclass

from siyu.datasets.errors import ParameterError

__all__ = ["CommunityOptions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommunityOptions:
    """What a simulated community may be told; the defaults are the documented world.

    Parameters
    ----------
    days : int, 60 to 3650
        Length of the history in days. It always ends on 2026-06-30, the last local day.
    gap_median : float, 3 to 180
        Median over members of the own mean gap between purchases, in days.
    gap_spread : float, 0 to 1.5
        Standard deviation over members of the logarithm of that gap; 0: one rhythm for all.
    gap_shape : (float, float), each 0.5 to 20, low first
        Each member's gaps are gamma with an own shape drawn evenly from this range:
        1 is random (exponential) buying, 4 is fairly regular.
    season_strength : float, 0 to 1
        0 removes member days, festivals and weekends from the calendar; 1 is the full swing.
    broker_share : float, 0 to 0.2
        Share of members planted as brokers between communities.
    tie_noise : float, 0 to 1
        Share of the ties of ordinary members that go to anybody, not to the own community.
    fraud_share : float, 0 to 0.2
        Share of accounts that belong to fraud rings; none below 100 members.
    opt_out_share : float, 0 to 0.5
        Share of customers who want no personal treatment.

    Raises
    ------
    ParameterError
        If a value is out of range.

    Examples
    --------
    >>> CommunityOptions(days=365).days
    365
    """

    days: int = 730
    gap_median: float = 30.0
    gap_spread: float = 0.6
    gap_shape: tuple[float, float] = (1.0, 4.0)
    season_strength: float = 1.0
    broker_share: float = 0.02
    tie_noise: float = 0.1
    fraud_share: float = 0.02
    opt_out_share: float = 0.03

    def __post_init__(self) -> None:
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            for number in value if isinstance(value, tuple) else (value,):
                if not low <= number <= high:
                    raise ParameterError(name, f"{name} must be {low} to {high}, got {number}")
        if self.gap_shape[0] > self.gap_shape[1]:
            raise ParameterError("gap_shape", f"gap_shape must be low first, got {self.gap_shape}")


_RANGES = {
    "days": (60, 3650),
    "gap_median": (3, 180),
    "gap_spread": (0, 1.5),
    "gap_shape": (0.5, 20),
    "season_strength": (0, 1),
    "broker_share": (0, 0.2),
    "tie_noise": (0, 1),
    "fraud_share": (0, 0.2),
    "opt_out_share": (0, 0.5),
}
