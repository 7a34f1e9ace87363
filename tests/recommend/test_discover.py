from dataclasses import replace

import numpy as np
import pytest

from planted_shop import AS_OF, make_shop
from siyu.datasets.boosted_trees import BoostedTrees
from siyu.datasets.randomness import generator
from siyu.recommend.candidates.finding import Candidates
from siyu.recommend.ranking.discover import DiscoverOptions, _learned_from, grow_discovery
from siyu.recommend.ranking.training import Recipe, Window, build_windows
from siyu.recommend.tables.member_columns import MemberColumns
from siyu.recommend.tables.purchases import Purchases

DAY = 86_400_000_000


@pytest.fixture(scope="module")
def windows() -> list[Window]:
    c = make_shop()
    moment = c.moment(AS_OF)
    recipe = Recipe(
        activity="orders",
        horizon=28 * DAY,
        attributes=("category",),
        columns=MemberColumns({}),
    )
    moments = moment - np.array([140, 112, 84, 56, 28]) * DAY
    found, _ = build_windows(c, Purchases.of(c), moments, recipe, None)
    return found


def test_only_new_pairs_of_members_who_tried_something_are_learned_from(
    windows: list[Window],
) -> None:
    one = windows[0]
    kept = _learned_from(one, 1.0, generator(0))
    tried = np.unique(one.pairs.row[one.is_new & one.bought])
    assert kept.sum() == (one.is_new & np.isin(one.pairs.row, tried)).sum()
    assert 0 < kept.sum() < one.is_new.sum()


def test_all_that_was_tried_is_kept_and_a_share_of_the_rest(windows: list[Window]) -> None:
    one = windows[0]
    everything = _learned_from(one, 1.0, generator(0))
    kept = _learned_from(one, 0.35, generator(0))
    assert kept[one.is_new & one.bought].all()
    misses = everything & ~one.bought
    assert kept[misses].mean() == pytest.approx(0.35, abs=0.05)


def test_the_trees_find_the_planted_taste_among_new_products(windows: list[Window]) -> None:
    sets = grow_discovery(windows[:-1], DiscoverOptions(), ())
    newest = windows[-1]
    scores = np.mean([one.predict(newest.matrix, raw=True) for one in sets], axis=0)
    tried, rest = (scores[newest.is_new & (newest.bought == hit)] for hit in (True, False))
    above = (tried[:, None] > rest).mean()
    assert above > 0.7  # a guess would be 0.5


def test_pairs_bought_before_change_no_tree(windows: list[Window]) -> None:
    def without_own(one: Window) -> Window:
        new = one.is_new
        pairs: Candidates = one.pairs.take(new)
        matrix = replace(one.matrix, values=one.matrix.values[new])
        return replace(one, pairs=pairs, matrix=matrix, is_new=new[new], bought=one.bought[new])

    options = DiscoverOptions(share_of_misses=1.0)
    one = grow_discovery(windows, options, ())
    other = grow_discovery([without_own(each) for each in windows], options, ())
    assert texts(one) == texts(other)


def test_the_same_windows_give_the_same_trees(windows: list[Window]) -> None:
    one, other = (grow_discovery(windows, DiscoverOptions(), ()) for _ in range(2))
    assert texts(one) == texts(other)


def test_every_set_of_trees_is_another_draw(windows: list[Window]) -> None:
    found = grow_discovery(windows, DiscoverOptions(n_sets=3), ())
    assert len(set(texts(found))) == 3


def texts(sets: tuple[BoostedTrees, ...]) -> list[str]:
    return [one.to_text() for one in sets]


def test_too_little_that_was_tried_gives_no_trees(windows: list[Window]) -> None:
    nothing = replace(windows[0], bought=windows[0].bought & ~windows[0].is_new)
    assert grow_discovery([nothing], DiscoverOptions(), ()) == ()


def test_no_windows_give_no_trees() -> None:
    assert grow_discovery([], DiscoverOptions(), ()) == ()
