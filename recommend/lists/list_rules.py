"""What a caller may wish of lists: how much that is new, how varied, what never, what silence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

import pandas as pd

from siyu.datasets.errors import ParameterError
from siyu.datasets.frames import Frame
from siyu.recommend.offers.offer_choice import PREFERENCES
from siyu.recommend.offers.offer_rules import OfferRules

__all__ = ["ListRules"]

_SHARES = ("min_new_share", "launch_share", "min_probability")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ListRules:
    """Wishes for the lists that `OfferRecommender.recommend` makes.

    Parameters
    ----------
    min_new_share : float in [0, 1]
        At least this share of every member's rows are products that the member never bought.
        Rank by rank the order of all products goes on; where it alone would leave the share of
        the first ranks too low, the next rank goes to the best product of the order of new
        products. So ``0.3`` puts them at ranks 4, 7 and 10, unless others came by themselves.
        With too few new candidates the list is filled up as usual.
    max_per : mapping of a text column of ``products`` to int >= 1
        At most so many rows of one value, such as ``{"category": 3, "brand": 2}``. Products of
        unknown value are not counted.
    diversity : float, 0 or more and below 1
        How much a product loses by sharing its category, brand and further groups with one that
        stands above it (maximal marginal relevance); 0 leaves the order alone.
    launch_share : float in [0, 1]
        At least this share of all rows of personal lists are launches. Every launch is given
        the same bonus, the smallest that reaches the share in the lists of a fixed sample of
        members: nobody is shown a launch that is further than this below what it displaces.
    launch_age : Timedelta, timedelta or str
        A launch was launched (``products.launched_at``; else first sold) within this time. One
        that nobody bought yet has no score and is in no list: `similar_products` says what it is
        like, `leads` of its category who may want it.
    min_probability : float in [0, 1]
        Rows whose probability is lower, or not known, are left out: rather no offer than one
        that nobody wants.
    products : sequence of product ids, optional
        Only these.
    exclude : frame with ``member_id`` or without, and some of ``product_id``, ``offer_id``,
            ``category``; optional
        What not to show: to one member, or without ``member_id`` to nobody. A row excludes each
        of the products, offers and categories that it names; an offer stands for the products
        it is valid on. A row must name its member, if there is that column; ids that the shop
        does not know exclude nothing. `siyu.recommend.recently_sent` gives such a frame.
    only_offered : bool
        Only products under an offer that the member may have now.
    offers : OfferRules, optional
        Which offers may be shown; needs the community in `recommend`. Default: those that run.
    prefer : {"price", "benefit", "margin"}
        Which of several offers of one product is shown; as `offers`.

    Raises
    ------
    ParameterError
        If a value is out of range.

    Examples
    --------
    >>> ListRules(min_new_share=0.3, max_per={"category": 2}).is_plain
    False
    >>> ListRules().is_plain
    True
    """

    min_new_share: float = 0.0
    max_per: Mapping[str, int] = field(default_factory=dict)
    diversity: float = 0.0
    launch_share: float = 0.0
    launch_age: Any = "28D"
    min_probability: float = 0.0
    products: Sequence[Any] | None = None
    exclude: Frame | None = None
    only_offered: bool = False
    offers: OfferRules | None = None
    prefer: str = "price"

    def __post_init__(self) -> None:
        for name in _SHARES:
            value = getattr(self, name)
            if not _is_number(value) or not 0 <= value <= 1:
                raise ParameterError(name, f"{name} must lie between 0 and 1, got {value!r}")
        if not _is_number(self.diversity) or not 0 <= self.diversity < 1:
            raise ParameterError(
                "diversity", f"diversity must be 0 or more and below 1, got {self.diversity!r}"
            )
        if self.prefer not in PREFERENCES:
            listed = ", ".join(PREFERENCES)
            raise ParameterError("prefer", f"prefer must be one of {listed}; got {self.prefer!r}")
        self._check_max_per()
        self.launch_age_us()

    def _check_max_per(self) -> None:
        if not isinstance(self.max_per, Mapping):
            raise ParameterError(
                "max_per", f"max_per must be like {{'category': 3}}, got {self.max_per!r}"
            )
        for name, most in self.max_per.items():
            if not _is_number(most) or not float(most).is_integer() or most < 1:
                raise ParameterError(
                    "max_per",
                    f"max_per of {name!r} must be a whole number of 1 or more, got {most!r}",
                )

    def launch_age_us(self) -> int:
        """Give `launch_age` in microseconds."""
        try:
            length = pd.Timedelta(self.launch_age)
        except (ValueError, TypeError) as error:
            raise _no_age(self.launch_age) from error
        if pd.isna(length) or length <= pd.Timedelta(0):
            raise _no_age(self.launch_age)
        return int(length // pd.Timedelta(microseconds=1))

    @property
    def reorders(self) -> bool:
        """Tell whether the order of scores alone does not make the list."""
        return bool(self.min_new_share or self.max_per or self.diversity)

    @property
    def is_plain(self) -> bool:
        """Tell whether nothing is wished."""
        filters = self.min_probability or self.only_offered or self.launch_share
        given = self.products is not None or self.exclude is not None or self.offers is not None
        return not (self.reorders or filters or given or self.prefer != "price")


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _no_age(value: Any) -> ParameterError:
    return ParameterError(
        "launch_age", f"launch_age must be a span above 0 such as '28D', got {value!r}"
    )
