"""Every source of candidates gives what it says, and the same to one member as to all."""

from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy.sparse import csr_array

from planted_shop import AS_OF, make_shop, planted_orders
from siyu.datasets import Community
from siyu.recommend.candidates.blocks import Block
from siyu.recommend.candidates.finding import Candidates, Quotas, find_candidates
from siyu.recommend.candidates.sources import SCORED, SOURCES
from siyu.recommend.market.basket_mates import basket_mates
from siyu.recommend.market.charts import CHARTS, Chart
from siyu.recommend.market.market import Market, MarketOptions
from siyu.recommend.market.member_histories import MemberHistories
from siyu.recommend.market.product_lines import LINE, LineShares, line_codes
from siyu.recommend.sorted_keys import Keyed
from siyu.recommend.tables.purchases import Purchases
from siyu.recommend.tables.setting import Setting

NAMES = [source.name for source in SOURCES]
NONE = Quotas(**dict.fromkeys(NAMES, 0))
HORIZON = 28 * 86_400_000_000
START = pd.Timestamp("2026-01-01", tz="UTC")


def look(c: Community, as_of: pd.Timestamp = AS_OF) -> tuple[Market, MemberHistories]:
    """Build the market, and the histories of all who bought."""
    known, moment = c.before(as_of), c.moment(as_of)
    bought = Purchases.of(known)
    attributes = [name for name in ("category", "brand") if _has(known, name)]
    setting = Setting.of(known, bought, attributes, HORIZON)
    market = Market.of(bought, moment, setting, MarketOptions())
    codes = np.unique(bought.basket_member)
    facts = setting.facts.of_members(codes)
    return market, MemberHistories.of(market, bought.of_members(codes), moment, facts)


def _has(c: Community, name: str) -> bool:
    listed = c.arrow("products")
    return listed is not None and name in listed.column_names


def proposed(c: Community, source: str, as_of: pd.Timestamp, quota: int = 10) -> list[list[object]]:
    """Name what one source proposes: [member, product] pairs."""
    market, histories = look(c, as_of)
    pairs = find_candidates(market, histories, replace(NONE, **{source: quota}))
    members = histories.members.take(pa.array(pairs.row)).to_pylist()
    products = market.products.take(pa.array(pairs.product)).to_pylist()
    return [list(pair) for pair in zip(members, products, strict=True)]


def bought(*rows: tuple[str, str, float]) -> pd.DataFrame:
    """Write orders: member, product, day."""
    frame = pd.DataFrame(rows, columns=["member_id", "product_id", "day"])
    frame["order_time"] = START + pd.to_timedelta(frame.pop("day"), unit="D")
    return frame.assign(amount=5.0)


@pytest.fixture(scope="module")
def scene() -> tuple[Market, MemberHistories]:
    return look(make_shop())


def test_every_source_has_a_quota_and_no_two_a_name() -> None:
    assert [field.name for field in fields(Quotas)] == NAMES
    assert len(set(NAMES)) == len(NAMES)


def test_the_table_says_what_the_quotas_are() -> None:
    assert all(getattr(Quotas(), source.name) == source.quota for source in SOURCES)


@pytest.mark.parametrize("source", NAMES)
def test_no_source_exceeds_its_quota(source: str, scene: tuple[Market, MemberHistories]) -> None:
    pairs = find_candidates(*scene, replace(NONE, **{source: 2}))
    assert np.bincount(pairs.row, minlength=1).max() <= 2


@pytest.mark.parametrize("source", NAMES)
def test_a_source_gives_one_member_what_it_gives_among_all(
    source: str, scene: tuple[Market, MemberHistories]
) -> None:
    market, histories = scene
    quotas = replace(NONE, **{source: 5})
    everyone = find_candidates(market, histories, quotas)
    c = make_shop()
    known = Purchases.of(c.before(AS_OF))
    setting = Setting.of(c.before(AS_OF), known, ["category"], HORIZON)
    for row in (0, 57):
        code = np.flatnonzero(np.isin(known.members.to_numpy(), [histories.members[row].as_py()]))
        alone = MemberHistories.of(
            market, known.of_members(code), c.moment(AS_OF), setting.facts.of_members(code)
        )
        mine = everyone.take(everyone.row == row)
        found = find_candidates(market, alone, quotas)
        assert found.product.tobytes() == mine.product.tobytes()
        for name in SCORED:
            assert found.scores[name].tobytes() == mine.scores[name].tobytes()


def test_nobody_is_proposed_anything_without_members(
    scene: tuple[Market, MemberHistories],
) -> None:
    market, _ = scene
    c = make_shop().before(AS_OF)
    known = Purchases.of(c).of_members(np.zeros(0, np.int64))
    setting = Setting.of(c, Purchases.of(c), ["category"], HORIZON)
    facts = setting.facts.of_members(np.zeros(0, np.int64))
    nobody = MemberHistories.of(market, known, market.moment, facts)
    pairs: Candidates = find_candidates(market, nobody, Quotas())
    assert len(pairs) == 0


def test_what_is_due_by_its_rhythm_comes_up_and_what_was_given_up_does_not() -> None:
    # Every 20 days and last seen 10 days ago: due in 10. The soap is 60 days late.
    weekly = [("a", "milk", day) for day in (0.0, 20.0, 40.0, 60.0)]
    lost = [("a", "soap", day) for day in (0.0, 5.0)]
    c = Community(orders=bought(*weekly, *lost))
    assert proposed(c, "due", START + pd.Timedelta(days=70)) == [["a", "milk"]]


def test_what_is_due_after_the_horizon_is_not_due() -> None:
    c = Community(orders=bought(("a", "salt", 0.0), ("a", "salt", 60.0)))
    # Every 60 days and bought 10 days ago: due in 50, the horizon is 28.
    assert proposed(c, "due", START + pd.Timedelta(days=70)) == []


def test_what_was_bought_once_is_due_by_the_products_usual_gap() -> None:
    usual = [("b", "milk", 10.0), ("b", "milk", 30.0)]
    c = Community(orders=bought(*usual, ("a", "milk", 30.0)))
    found = proposed(c, "due", START + pd.Timedelta(days=40))
    assert ["a", "milk"] in found


def test_launches_are_first_sold_within_four_weeks_and_fit_the_lines_bought() -> None:
    old = [(who, f"{kind}-old", 0.0) for who, kind in (("a", "tea"), ("b", "soap"))]
    # "c" bought both launches; who buys tea should be offered the new tea first.
    new = [("c", "tea-new", 60.0), ("c", "soap-new", 60.0)]
    listed = pd.DataFrame(
        {
            "product_id": ["tea-old", "tea-new", "soap-old", "soap-new"],
            "category": ["tea", "tea", "soap", "soap"],
        }
    )
    c = Community(orders=bought(*old, *new), products=listed)
    found = proposed(c, "launches", START + pd.Timedelta(days=70), quota=1)
    assert found == [["a", "tea-new"], ["b", "soap-new"]]


def test_lines_share_a_brand_and_a_category() -> None:
    orders = bought(("a", "x1", 0.0), ("b", "x2", 0.0), ("b", "y1", 0.0), ("b", "x3", 0.0))
    listed = pd.DataFrame(
        {
            "product_id": ["x1", "x2", "x3", "y1"],
            "category": ["tea", "tea", "nuts", "tea"],
            "brand": ["X", "X", "X", "Y"],
        }
    )
    c = Community(orders=orders, products=listed)
    found = proposed(c, "lines", START + pd.Timedelta(days=1), quota=1)
    assert ["a", "x2"] in found


def test_scores_of_lines_worked_by_hand() -> None:
    # Line 0 sells 1 and 3, line 1 sells 4; the member's weight in line 0 is 4: root 2.
    shares = LineShares.of(
        np.array([0, 0, 1]), 2, np.array([1, 3, 4], np.float32), np.array([0, 1, 2]), 8
    )
    history = Keyed(np.array([0]), {"decayed_120": np.array([4], np.float32)})
    found = shares.scores(history, 0, 1)
    assert found.tolist() == [[2 * 0.25 + 4 / 8, 2 * 0.75 + 4 * 3 / 8, 4 * 4 / 8]]


def test_without_category_and_brand_there_are_no_lines() -> None:
    assert line_codes({}, 3).tolist() == [-1, -1, -1]
    assert line_codes({"department": np.array([0, 1])}, 2).tolist() == [-1, -1]


def test_a_market_without_product_groups_proposes_all_the_same() -> None:
    market, histories = look(Community(orders=planted_orders()))
    assert (market.groups[LINE].codes == -1).all()
    assert len(find_candidates(market, histories, Quotas())) > 0


def test_basket_mates_worked_by_hand() -> None:
    orders = bought(("a", "x", 0.0), ("a", "y", 0.0), ("a", "x", 1.0), ("b", "z", 0.0))
    known = Purchases.of(Community(orders=orders.assign(order_id=[1, 1, 2, 3])))
    found = basket_mates(known, np.arange(3), 3, 2).toarray()
    # One basket holds both; x is in two, y in one: 1 / root 2.
    expected = csr_array(([2**-0.5, 2**-0.5], ([0, 1], [1, 0])), shape=(3, 3)).toarray()
    assert found == pytest.approx(expected, abs=1e-6)


def test_baskets_propose_what_goes_with_recent_purchases() -> None:
    orders = bought(("a", "x", 0.0), ("a", "y", 0.0), ("b", "x", 0.0), ("b", "z", 1.0))
    c = Community(orders=orders.assign(order_id=[1, 1, 2, 3]))
    assert proposed(c, "baskets", START + pd.Timedelta(days=2)) == [["b", "y"]]


def test_the_season_is_that_of_the_same_weeks_a_year_ago() -> None:
    # 364 days before the moment are the days 36 to 64; cake was bought there, milk before.
    rows = [("b", "milk", 10.0), ("b", "cake", 50.0), ("a", "bread", 399.0)]
    c = Community(orders=bought(*rows))
    assert proposed(c, "season", START + pd.Timedelta(days=400)) == [["a", "cake"]]


def test_without_a_year_of_history_there_is_no_season() -> None:
    assert proposed(make_shop(), "season", AS_OF) == []


def test_this_week_counts_seven_days() -> None:
    rows = [("b", "old", 0.0), ("c", "old", 0.0), ("b", "new", 20.0), ("a", "own", 20.0)]
    found = proposed(Community(orders=bought(*rows)), "this_week", START + pd.Timedelta(days=21))
    assert ["a", "new"] in found
    assert ["a", "old"] not in found


def test_regional_products_are_those_of_the_members_region() -> None:
    orders = bought(("n1", "snow", 0.0), ("s1", "sun", 0.0), ("n2", "own", 0.0))
    members = pd.DataFrame({"member_id": ["n1", "n2", "s1"], "region": ["north", "north", "south"]})
    c = Community(orders=orders, members=members)
    found = proposed(c, "regional", START + pd.Timedelta(days=1))
    assert ["n2", "snow"] in found
    assert ["n2", "sun"] not in found


def test_a_market_has_every_chart(scene: tuple[Market, MemberHistories]) -> None:
    assert tuple(scene[0].charts) == CHARTS


def test_a_chart_breaks_draws_by_all_buyers_then_by_code() -> None:
    late, ever = np.array([2, 2, 2, 0], np.float32), np.array([3, 5, 3, 9], np.float32)
    assert Chart.for_all(late, ever).products.tolist() == [1, 0, 2]


def test_unknown_codes_have_no_chart() -> None:
    begin, end = Chart(np.array([0, 2]), np.array([3, 1])).bounds(np.array([-1, 0, 1]), 9)
    assert (end - begin).tolist() == [0, 2, 0]


def test_a_block_reads_no_rows_but_its_own(scene: tuple[Market, MemberHistories]) -> None:
    market, histories = scene
    block = Block.of(market, histories, 0, np.ones(market.n_products, np.bool_))
    assert len(block.own("n")) == int(histories.starts[len(block)])


def test_later_orders_change_no_candidate() -> None:
    early = look(make_shop())
    orders = planted_orders()
    later = orders.head(50).assign(order_time=AS_OF + pd.Timedelta(days=1))
    late = look(make_shop(orders=pd.concat([orders, later])))
    before, after = (find_candidates(*one, Quotas()) for one in (early, late))
    assert before.product.tobytes() == after.product.tobytes()


def test_the_order_of_rows_changes_no_candidate() -> None:
    shuffled = planted_orders().sample(frac=1, random_state=3)
    one, other = look(make_shop()), look(make_shop(orders=shuffled))
    before, after = (find_candidates(*each, Quotas()) for each in (one, other))
    assert before.product.tobytes() == after.product.tobytes()
    assert all(before.scores[n].tobytes() == after.scores[n].tobytes() for n in SCORED)
