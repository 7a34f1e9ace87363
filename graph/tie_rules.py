"""What makes a tie: which kinds count, how much each weighs, and how fast the past fades."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from siyu.datasets.errors import ParameterError

__all__ = ["ATTENTION_KINDS", "ON_REQUEST", "TIE_WEIGHTS", "TieRules"]

TIE_WEIGHTS: Mapping[str, float] = {
    "referral": 2.0,
    "invite": 1.0,
    "reply": 1.0,
    "comember": 0.5,
    "copurchase": 0.5,
}
"""Default weight of each kind of tie; every other kind weighs 1."""

ON_REQUEST = ("copurchase",)
"""Kinds that are built only if `kinds` or `weights` name them: like tastes are no contact."""

ATTENTION_KINDS = ("mention", "nominate", "reply", "trust")
"""Kinds of ties by which the source gives attention to the target, and takes influence from it."""


@dataclass(frozen=True, slots=True)
class TieRules:
    """The choices of one call; `siyu.graph.build_ties` says what each means.

    Raises
    ------
    ParameterError
        If a weight is negative or missing, the half-life no span above 0, or
        `max_ties` below 2.

    Examples
    --------
    >>> TieRules(weights={"reply": 3}).weight_of("reply"), TieRules().weight_of("trust")
    (3.0, 1.0)
    """

    kinds: tuple[str, ...] | None = None
    weights: Mapping[str, float] | None = None
    half_life: str | pd.Timedelta | None = "365D"
    max_ties: int = 20

    def __post_init__(self) -> None:
        self.half_life_us()
        for kind, weight in (self.weights or {}).items():
            if not (np.isfinite(weight) and weight >= 0):
                raise ParameterError(
                    "weights", f"the weight of kind '{kind}' must be 0 or more, got {weight}"
                )
        if self.max_ties < 2:
            raise ParameterError(
                "max_ties",
                f"max_ties must be 2 or more, got {self.max_ties}; "
                "weights={'comember': 0} leaves ties by groups out",
            )

    def asks_for(self, kind: str) -> bool:
        """Tell whether a kind that is built on request only was requested by its name."""
        return kind in (self.kinds or ()) or kind in (self.weights or {})

    def weight_of(self, kind: str) -> float:
        """Give the weight of a kind: the caller's, else the default."""
        return float({**TIE_WEIGHTS, **(self.weights or {})}.get(kind, 1.0))

    def half_life_us(self) -> float | None:
        """Give the half-life in microseconds; None where nothing fades."""
        if self.half_life is None:
            return None
        try:
            span = pd.Timedelta(self.half_life) / pd.Timedelta(1, "us")
        except (ValueError, TypeError):
            span = np.nan
        if not span > 0:
            raise ParameterError(
                "half_life",
                f"half_life must be a span above 0 such as '180D', or None; got {self.half_life!r}",
            )
        return float(span)
