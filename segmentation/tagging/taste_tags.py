"""Tags of what and where members like to buy: categories, brands, channels, stores, novelties."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.affinity import TopKeys, top_keys
from siyu.datasets.clock import DAY_US, INSTANT
from siyu.datasets.ids import take

from .blocks import in_blocks
from .cells import Cells, cells_of
from .evidence import Found, joined
from .facts import Facts, grouped_once
from .found_values import above_all, flag_tag, rate_tag
from .purchase_norms import KeyShares, PurchaseNorms, key_codes, line_weights
from .tallies import deal_tallies, repeat_tally

__all__ = ["taste_tags"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_FAVOURITES = {
    "category": "favourite_category",
    "brand": "favourite_brand",
    "channel": "favourite_channel",
    "store_id": "favourite_store",
}
_SHARES = {
    "category": "favourite_category_share",
    "brand": "favourite_brand_share",
    "channel": "favourite_channel_share",
    "store_id": "store_loyalty",
}
_LIFTS = {"category": "favourite_category_lift", "brand": "favourite_brand_lift"}
_STRENGTH = 1.0
_LOYAL, _FEWEST_LOYAL = 0.8, 3
_USED = 0.2
_VARIETY_STRENGTH = 5.0
_DUE_DAYS, _GIVEN_UP = 3, 2.0


@dataclass(frozen=True, slots=True, eq=False)
class _Taste:
    """The lines of a block of members by one kind of key; `best` is what each prefers."""

    usual: KeyShares
    cells: Cells
    times: Ints
    day: Ints
    best: TopKeys
    n_lines: Ints
    weight: Floats


def taste_tags(facts: Facts, norms: PurchaseNorms) -> dict[str, Found]:
    """Tag what and where members like to buy; a tag whose columns are absent is left out.

    Purchases of late count more. Shares are drawn towards those of all members, which count as
    much as one purchase line of today. A lift is what a member bought of a key over what it would
    be at everybody's share, with one line added to both: so it tends to 1 while purchases are few,
    and a brand that hardly anybody buys gives 2 when bought once, not thousands.

    Parameters
    ----------
    facts : Facts
    norms : PurchaseNorms
        Of the whole population.

    Returns
    -------
    dict of tag to Found
        Null without purchases.

    References
    ----------
    DuMouchel (1999), "Bayesian data mining in large frequency tables", The American Statistician
    53(3), 177-190: counts over expected counts, drawn towards 1 by a gamma prior.
    """
    lines = facts.purchases
    if lines is None:
        return {}
    tags = _novelty(facts, norms)
    weight, day = line_weights(facts), lines.day
    for name, usual in norms.favourites.items():
        codes = key_codes(lines, norms.products, name, usual.keys)

        def block(
            first: int,
            beyond: int,
            name: str = name,
            usual: KeyShares = usual,
            codes: npt.NDArray[np.int32] = codes,
        ) -> dict[str, Found]:
            rows = slice(lines.starts[first], lines.starts[beyond])
            shape = (beyond - first, len(usual.keys))
            cells = cells_of(lines.codes[rows] - first, codes[rows], shape)
            taste = _taste(usual, cells, lines.times[rows], day[rows], weight[rows])
            return _tags_of(name, taste, facts.end)

        tags |= joined(in_blocks(lines.starts, block))
    return tags


def _taste(usual: KeyShares, cells: Cells, times: Ints, day: Ints, weights: Floats) -> _Taste:
    weight = cells.total(weights[cells.rows])
    best = top_keys(cells.matrix(weight), usual.share, _STRENGTH)
    n_lines = cells.per_member(cells.count()).astype(np.int64)
    return _Taste(usual, cells, times, day, best, n_lines, cells.per_member(weight))


def _tags_of(name: str, taste: _Taste, end: int) -> dict[str, Found]:
    tags = _favourite(name, taste)
    if name == "category":
        tags |= _variety(taste) | _next_due(taste, end)
    elif name == "channel":
        tags["multi_channel"] = _several(taste)
    elif name == "store_id":
        loyal = (taste.best.share >= _LOYAL) & (taste.n_lines >= _FEWEST_LOYAL)
        tags["store_loyal"] = flag_tag(loyal, taste.n_lines, taste.n_lines == 0)
    return tags


def _favourite(name: str, taste: _Taste) -> dict[str, Found]:
    """Tag the key with the largest share, and how large it is."""
    best, n, weight = taste.best, taste.n_lines, taste.weight
    none, answers = best.key < 0, weight + _STRENGTH
    share = pa.array(best.share, mask=none)
    tags = {
        _FAVOURITES[name]: Found(take(taste.usual.keys, best.key), n, _STRENGTH, None, weight),
        _SHARES[name]: Found(share, n, _STRENGTH, answers, weight),
    }
    if name in _LIFTS:
        usual = np.append(taste.usual.share, 0.0)[best.key]  # the last for those without any
        lift = (best.weight + _STRENGTH) / (weight * usual + _STRENGTH)
        tags[_LIFTS[name]] = Found(pa.array(lift, mask=none), n, _STRENGTH, None, weight)
    return tags


def _variety(taste: _Taste) -> dict[str, Found]:
    """Tag how many categories a member buys, and how likely two lines differ in category."""
    cells, n = taste.cells, taste.n_lines
    own = cells.count()
    alike = cells.per_member(own * (own - 1))
    one = np.maximum(n, 2) - 1.0
    usual = 1.0 - float((taste.usual.share**2).sum())
    drawn = (one * (1.0 - alike / (one * (one + 1))) + _VARIETY_STRENGTH * usual) / (
        one + _VARIETY_STRENGTH
    )
    n_categories = cells.per_member().astype(np.int64)
    return {
        "n_categories": Found(pa.array(n_categories, mask=n == 0), n),
        "variety_seeking": Found(pa.array(drawn, mask=n < 2), n, _VARIETY_STRENGTH),
    }


def _next_due(taste: _Taste, end: int) -> dict[str, Found]:
    """Find the category to restock by its own rhythm, and when it is due.

    Of the categories bought on three days or more, those silent for one to two of their own
    gaps are due: of them the one bought on most days, which is bought within two weeks twice
    as often as the most overdue one. Where none is due, the one that will be first.
    """
    cells, n = taste.cells, taste.cells.shape[0]
    days = cells.n_days(taste.day)
    first, last = taste.times[cells.first()], taste.times[cells.last()]
    gap = (last - first) / np.maximum(days - 1, 1)
    ratio = (end - last) / np.where(gap > 0, gap, 1.0)
    own = np.flatnonzero((days >= _DUE_DAYS) & (ratio <= _GIVEN_UP))
    soon = 1 / (1 + np.maximum(gap - (end - last), 0) / DAY_US)  # 1 if due, less if later
    score = np.where(ratio >= 1, days, soon)[own]
    most = np.full(n, -1.0)
    np.maximum.at(most, cells.member[own], score)
    found = np.full(n, -1, dtype=np.int64)
    winners = own[score == most[cells.member[own]]][::-1]  # of equals the first is put last
    found[cells.member[winners]] = winners
    none = found < 0
    at = found[~none]
    due, support = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    due[~none] = last[at] + np.rint(gap[at]).astype(np.int64)
    support[~none] = days[at]
    key = np.full(n, -1, dtype=np.int64)
    key[~none] = cells.key[at]
    return {
        "next_category": Found(take(taste.usual.keys, key), support),
        "next_category_due": Found(pa.array(due, mask=none).cast(INSTANT), support),
    }


def _several(taste: _Taste) -> Found:
    """Flag who gives a fifth of their lines or more to each of two channels."""
    cells = taste.cells
    share = cells.count() / np.maximum(taste.n_lines, 1)[cells.member]
    used = cells.per_member(share >= _USED)
    return flag_tag(used > 1, taste.n_lines, taste.n_lines == 0)


def _novelty(facts: Facts, norms: PurchaseNorms) -> dict[str, Found]:
    """Tag who likes new products, and who comes back to what was tried."""
    tags: dict[str, Found] = {}
    tallies = grouped_once(facts, deal_tallies, norms.products)
    if "new_product" in tallies:
        tally, prior = tallies["new_product"], norms.habits["new_product"]
        share = rate_tag(tally.hits, tally.trials, prior)
        lift = prior.posterior_mean(tally.hits, tally.trials) / prior.mean
        none = (tally.trials == 0) | np.isnan(lift)
        tags["new_product_share"] = share
        tags["new_product_lift"] = Found(pa.array(lift, mask=none), tally.trials, prior.strength)
        tags["new_product_lover"] = above_all(tally, prior)
    for name, tally in grouped_once(facts, repeat_tally).items():
        tags["repeat_share"] = rate_tag(tally.hits, tally.trials, norms.habits[name])
    return tags
