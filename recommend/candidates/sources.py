"""The sources of candidates, declared in one table.

==============  =================================================================================
``own``         bought before, newer and more frequent first
``due``         bought before, and due again within the horizon by its rhythm
``neighbours``  bought by members like this one, by the share of their baskets
``lately``      bought lately by members like this one: what they try
``taste``       near the member in the matrix factorisation
``foretold``    told by everything that this one bought, in a linear model of few products
``together``    bought by the same members as what this one bought
``baskets``     bought in the same baskets as what this one bought lately
``lines``       selling well in the product lines (brand in a category) that the member buys
``launches``    the same, of products first sold in the last four weeks
``nearby``      bought most, lately, in the member's store
``regional``    bought most, lately, in the member's region
``popular``     bought most, lately, everywhere
``this_week``   bought most in the last seven days
``season``      bought most in the same weeks a year ago
``circle``      bought by friends, inviters and invited, and group mates
``coupons``     near the member's taste, of what the member holds a coupon for
==============  =================================================================================

All but the first two give products that the member never bought.

To add a source: write a function that gives, for a `Block` and a quota, the pairs it proposes as
``block.key(row, product)``, at most the quota a row, and add one line to `SOURCES`. A source that
can score any product of the market's head writes a second function for it, and proposes with
`by_score`; its scores then stand beside every candidate, whoever proposed it, for features to
read. What is found for a member must not depend on who else is in the block.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from siyu.recommend.market.pair_matrices import dense_product, rows_of
from siyu.recommend.market.product_lines import LINE
from siyu.recommend.sorted_keys import Floats, Ints

from .blocks import Block
from .circle import best_of_circle

__all__ = ["SCORED", "SOURCES", "Source"]

_LAUNCH_DAYS = 28.0  # since the first sale


@dataclass(frozen=True, slots=True)
class Source:
    """One source.

    Parameters
    ----------
    name : str
    quota : int >= 0
        Candidates a member, unless the caller asks for another number.
    propose : callable (block, quota) to an int64 array of ``block.key(row, product)``
    scores : callable from a block to a float32 array, n_rows x n_head, or None
        Higher is better; 0 where nothing is known.
    """

    name: str
    quota: int
    propose: Callable[[Block, int], Ints]
    scores: Callable[[Block], Floats] | None = None


def _own(block: Block, n: int) -> Ints:
    """Give what was bought before, by decayed number of purchases."""
    return block.best_own(block.own("decayed_90"), n)


def _due(block: Block, n: int) -> Ints:
    """Give what is due within the horizon, by the member's gap, else the product's usual one."""
    usual = block.market.numbers["gap"][block.own_product]
    gap = block.own("gap")
    gap = np.where(np.isnan(gap), usual, gap)
    age = block.own("last")
    # Two gaps without it, and the member has likely given it up.
    horizon = np.float32(block.market.horizon_days)
    is_due = (gap - age <= horizon) & (age <= 2 * gap)
    return block.best_own(np.where(is_due, block.own("decayed_180"), np.float32(0)), n)


def _of_nearest(block: Block) -> tuple[Floats, Floats]:
    """Average what the nearest members buy, once for both sources."""
    histories = block.histories
    return block.market.references.of_nearest(
        rows_of(histories.counts, block.rows), histories.reference[block.rows]
    )


def _neighbours(block: Block) -> Floats:
    """Score by the share of the nearest members' baskets."""
    share, block.scores["lately"] = _of_nearest(block)
    return share


def _lately(block: Block) -> Floats:
    """Score by how lately the nearest members bought."""
    return block.scores["lately"] if "lately" in block.scores else _of_nearest(block)[1]


def _taste(block: Block) -> Floats:
    """Score by the matrix factorisation."""
    factors = block.market.factors
    return factors.taste(factors.members(rows_of(block.histories.head_counts, block.rows)))


def _foretold(block: Block) -> Floats:
    """Score by the linear model of products, from everything ever bought."""
    totals = block.histories.head_totals
    if totals is None:
        return np.zeros((len(block), len(block.market.head)), np.float32)
    return dense_product(rows_of(totals, block.rows), block.market.foretells)


def _together(block: Block) -> Floats:
    """Score by likeness, over members, to everything bought."""
    return dense_product(rows_of(block.histories.head_counts, block.rows), block.market.alike)


def _baskets(block: Block) -> Floats:
    """Score by likeness, over baskets, to what was bought lately."""
    return dense_product(rows_of(block.histories.head_marks, block.rows), block.market.basket_mates)


def _lines(block: Block) -> Floats:
    """Score by what the member buys of the product's line, and the product's share in it."""
    market, start = block.market, int(block.rows.start)
    return market.lines.scores(block.histories.groups[LINE], start, len(block))


def _of_own_lines(block: Block, n: int) -> Ints:
    """Propose from the lines that the member buys: what everybody buys, other sources find."""
    return block.best_new(block.scores["lines"] - block.market.lines.usual, n)


def _launches(block: Block, n: int) -> Ints:
    """Give the best of the lines among products first sold a short while ago."""
    if not n:
        return np.zeros(0, np.int64)
    market = block.market
    launches = np.flatnonzero(market.numbers["first"][market.head] <= _LAUNCH_DAYS)
    scores = np.zeros_like(block.scores["lines"])
    scores[:, launches] = block.scores["lines"][:, launches]
    return block.best_new(scores, n)


def _circle(block: Block, n: int) -> Ints:
    """Give what most of the circle bought and the member never did."""
    goods = block.goods_of_circle()
    if not len(goods.keys):
        return goods.keys
    bought = block.was_bought(goods.keys)
    left_out = bought | ~block.offered[goods.keys % block.market.n_products]
    return best_of_circle(goods, block.market.n_products, left_out, n)


def _coupons(block: Block, n: int) -> Ints:
    """Give what is nearest to the member's taste, of what a coupon is good for."""
    if not n or block.couponed is None:
        return np.zeros(0, np.int64)
    is_held = block.couponed[:, block.market.head]
    return block.best_new(np.where(is_held, block.scores["taste"], np.float32(0)), n)


def by_score(name: str) -> Callable[[Block, int], Ints]:
    """Propose the products with the source's best scores."""
    return lambda block, n: block.best_new(block.scores[name], n)


def by_chart(name: str) -> Callable[[Block, int], Ints]:
    """Propose the first of a chart: of the member's store or region, or of all."""

    def propose(block: Block, n: int) -> Ints:
        of_row = {"nearby": block.histories.place, "regional": block.histories.region}
        codes = of_row[name][block.rows] if name in of_row else np.zeros(len(block), np.int64)
        return block.first_new(block.market.charts[name], codes, n)

    return propose


SOURCES: tuple[Source, ...] = (
    Source("own", 80, _own),
    Source("due", 10, _due),
    Source("neighbours", 5, by_score("neighbours"), _neighbours),
    Source("lately", 30, by_score("lately"), _lately),
    Source("taste", 45, by_score("taste"), _taste),
    Source("foretold", 5, by_score("foretold"), _foretold),
    Source("together", 5, by_score("together"), _together),
    Source("baskets", 30, by_score("baskets"), _baskets),
    Source("lines", 40, _of_own_lines, _lines),
    Source("launches", 10, _launches),
    Source("nearby", 10, by_chart("nearby")),
    Source("regional", 5, by_chart("regional")),
    Source("popular", 10, by_chart("popular")),
    Source("this_week", 5, by_chart("this_week")),
    Source("season", 10, by_chart("season")),
    Source("circle", 25, _circle),
    Source("coupons", 10, _coupons),
)
SCORED = tuple(source.name for source in SOURCES if source.scores is not None)
