"""How well the ranking did against simple methods, from a mapping or a recommender's frame."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from siyu.datasets.frames import to_arrow

from .wording import Text

__all__ = ["METHODS", "Interval", "RankingQuality", "ranking_qualities"]

Interval = tuple[float, float, float]

METHODS = {
    "model": Text("模型", "Model"),
    "fallback": Text("基础规则", "Plain model"),
    "popularity": Text("热销榜", "Popularity"),
    "segment_popularity": Text("分群热销榜", "Popularity by segment"),
    "repurchase": Text("买过的商品", "Bought before"),
    "last_bought": Text("最近买过", "Last bought"),
    "co_purchase": Text("常一起买", "Bought together"),
    "random": Text("随机", "Random"),
}
"""Words for the methods that a ranking is compared with."""

_LISTS = {
    "all": Text("全部商品", "all products"),
    "new": Text("没买过的商品", "products new to the member"),
}
_NAN = float("nan")


@dataclass(frozen=True, slots=True)
class RankingQuality:
    """One kind of list: each method's metric with its interval, and the model's paired gains.

    Parameters
    ----------
    key : str
    methods : mapping of method to (estimate, low, high)
        Ends that are not known are NaN.
    gains : mapping of method to (estimate, low, high)
        The model's metric less that method's, paired over members.
    about : Text or None
        How many members were judged.
    """

    key: str
    methods: Mapping[str, Interval]
    gains: Mapping[str, Interval] = field(default_factory=dict)
    about: Text | None = None

    def title(self) -> Text:
        """Give the title of its card."""
        kind = _LISTS.get(self.key)
        if kind is None or self.about is None:
            return Text("排序质量：模型与基线", "Quality of the ranking: model and baselines")
        return Text(f"排序质量：{kind.zh}", f"Quality of the ranking: {kind.en}")

    def rival(self) -> str | None:
        """Name the best method other than the model."""
        others = sorted(name for name in self.methods if name != "model")
        return max(others, key=lambda name: self.methods[name][0]) if others else None

    def ahead(self) -> Interval | None:
        """Give the model's lead over its rival: paired where known, else from the intervals."""
        rival = self.rival()
        if rival is None or "model" not in self.methods:
            return None
        model, other = self.methods["model"], self.methods[rival]
        apart = (model[0] - other[0], model[1] - other[2], model[2] - other[1])
        return self.gains.get(rival, apart)


def ranking_qualities(validation: Any) -> list[RankingQuality]:
    """Read a mapping of methods, or ``OfferRecommender.validation_``.

    Parameters
    ----------
    validation : mapping of method to (estimate, low, high), frame or None
        A frame has one row a kind of list: ``list``, ``n_members``, ``model``,
        ``fallback``, ``difference``, ``low``, ``high``.

    Returns
    -------
    list of RankingQuality
        Empty if nothing was measured.

    Examples
    --------
    >>> (quality,) = ranking_qualities({"model": (0.4, 0.3, 0.5), "random": (0.1, 0.0, 0.2)})
    >>> quality.rival(), round(quality.ahead()[1], 1)
    ('random', 0.1)
    """
    if validation is None:
        return []
    if isinstance(validation, Mapping):
        return [RankingQuality("all", validation)] if validation else []
    rows = to_arrow(validation)[0].to_pylist()
    return [_of_row(row) for row in rows if row["model"] is not None]


def _of_row(row: dict[str, Any]) -> RankingQuality:
    n = int(row["n_members"])
    methods = {name: (float(row[name]), _NAN, _NAN) for name in ("model", "fallback")}
    gains = {"fallback": (float(row["difference"]), float(row["low"]), float(row["high"]))}
    about = Text(f"按 {n:,} 位会员计", f"Over {n:,} members")
    return RankingQuality(str(row["list"]), methods, gains, about)
