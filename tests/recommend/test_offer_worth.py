"""What a purchase is worth: price paid, cost, refunds and care."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from siyu.datasets import Community, DataError, ParameterError, make_community
from siyu.recommend.offers.refunds import Refunds
from siyu.recommend.offers.worth import Worth, product_values
from siyu.recommend.tables.purchases import Purchases

AS_OF = "2026-06-01"


def _orders(rows: list[tuple[str, str, float, float]]) -> pd.DataFrame:
    """Write order lines of one member: time, product, amount, quantity; orders by product."""
    frame = pd.DataFrame(rows, columns=["order_time", "product_id", "amount", "quantity"])
    frame["order_time"] = pd.to_datetime(frame["order_time"], utc=True)
    return frame.assign(member_id="a", order_id=frame["product_id"])


def _shop(rows: list[tuple[str, str, float, float]], **products: object) -> Community:
    listed = pd.DataFrame({"product_id": ["p", "q"], **products})
    return Community(orders=_orders(rows), products=listed)


def _values(c: Community, **how: object) -> pd.DataFrame:
    found: pd.DataFrame = product_values(c, as_of=AS_OF, **how).set_index("product_id")  # type: ignore[arg-type]
    return found


BOUGHT = [("2026-05-01", "p", 10.0, 1.0), ("2026-05-02", "p", 20.0, 2.0)]


def test_margin_is_the_price_paid_less_the_cost_of_all_pieces() -> None:
    # A line: 15 paid for 1.5 pieces of cost 4; one refund nowhere, so a small rate is expected.
    found = _values(_shop(BOUGHT, cost=[4.0, 5.0])).loc["p"]
    assert found["price"] == 15.0
    assert found["cost"] == 6.0
    assert found["value"] == pytest.approx(9.0 * found["kept"])


def test_gmv_is_the_price_paid() -> None:
    found = _values(_shop(BOUGHT), goal="gmv").loc["p"]
    assert found["value"] == pytest.approx(15.0 * found["kept"])


def test_other_goals_value_every_purchase_alike() -> None:
    assert _values(_shop(BOUGHT), goal="visit")["value"].tolist() == [1.0, 1.0]


def test_a_product_nobody_bought_has_its_list_price() -> None:
    found = _values(_shop(BOUGHT, price=[12.0, 30.0]), goal="gmv")
    assert found["price_from"].tolist() == ["paid", "listed"]
    assert found.loc["q", "price"] == 30.0


def test_without_price_or_cost_the_value_is_unknown() -> None:
    found = _values(_shop(BOUGHT, cost=[4.0, 5.0]))
    assert found["value"].isna().tolist() == [False, True]


def test_care_is_taken_off_after_refunds() -> None:
    c = _shop(BOUGHT, cost=[4.0, 5.0], care_cost=[1.5, None])
    plain = _values(_shop(BOUGHT, cost=[4.0, 5.0]))["value"].tolist()[0]
    assert _values(c, care_cost=2.0)["value"].tolist()[0] == pytest.approx(plain - 3.5)


def test_prices_are_taken_from_the_lookback_if_there_are_any() -> None:
    rows = [("2025-01-01", "p", 99.0, 1.0), ("2025-01-01", "q", 7.0, 1.0), *BOUGHT]
    assert _values(_shop(rows), goal="gmv", lookback="60D")["price"].tolist() == [15.0, 7.0]


def test_worth_at_an_earlier_moment_sees_no_later_price() -> None:
    c = _shop([*BOUGHT, ("2026-05-20", "p", 500.0, 1.0)])
    bought = Purchases.of(c)
    worth = Worth.of(c, bought, c.moment("2026-05-10"))
    assert worth.price.tolist() == [15.0]


@pytest.mark.parametrize("goal", ["margin", "gmv", "repurchase"])
def test_arrays_and_frames_value_products_alike(goal: str) -> None:
    c = _shop([*BOUGHT, ("2026-05-02", "q", 7.0, 1.0)], cost=[4.0, 5.0], care_cost=[1.5, None])
    worth = Worth.of(c, Purchases.of(c), c.moment(AS_OF)).to(goal, care_cost=0.5)
    assert worth.tolist() == _values(c, goal=goal, care_cost=0.5)["value"].tolist()


def test_margin_without_any_cost_is_refused() -> None:
    with pytest.raises(DataError, match=r"needs products\.cost"):
        product_values(_shop(BOUGHT), as_of=AS_OF)


def test_a_negative_care_cost_is_refused() -> None:
    with pytest.raises(ParameterError, match="care_cost must be 0 or more"):
        product_values(_shop(BOUGHT), as_of=AS_OF, goal="gmv", care_cost=-1.0)


def _refunds(orders: pd.DataFrame, as_of: str = AS_OF) -> Refunds:
    c = Community(orders=orders).before(as_of)
    return Refunds.of(c, pa.array(["p", "q"]), c.moment(as_of), c.customers())


def test_a_refund_is_set_against_a_line_of_its_order() -> None:
    rows = [*BOUGHT, ("2026-05-09", "p", -10.0, -1.0), ("2026-05-03", "q", 5.0, 1.0)]
    found = _refunds(_orders(rows))
    assert found.n_sold.tolist() == [2, 1]
    assert found.n_refunded.tolist() == [1, 0]


def test_more_refunds_than_sales_count_as_the_sales() -> None:
    rows = [BOUGHT[0], ("2026-05-09", "p", -4.0, 0.0), ("2026-05-10", "p", -6.0, -1.0)]
    assert _refunds(_orders(rows)).n_refunded.tolist() == [1, 0]


def test_a_refund_without_a_sale_counts_for_nothing() -> None:
    found = _refunds(_orders([("2026-05-09", "q", -4.0, -1.0)]))
    assert found.n_refunded.tolist() == [0, 0]
    assert np.isnan(found.rate).all()
    assert found.kept.tolist() == [1.0, 1.0]


def test_sales_too_young_for_refunds_do_not_count() -> None:
    found = _refunds(_orders([*BOUGHT, ("2026-05-25", "p", 10.0, 1.0)]))
    assert found.n_sold.tolist() == [2, 0]


def test_the_share_of_money_that_comes_back_is_that_of_refunded_lines() -> None:
    # A quarter of the refunded line's 20 came back; the other line was kept.
    rows = [
        ("2026-05-01", "p", 20.0, 1.0),
        ("2026-05-05", "p", -5.0, 0.0),
        (*BOUGHT[0][:1], "q", 9.0, 1.0),
    ]
    assert _refunds(_orders(rows)).depth == pytest.approx(0.25)


def test_a_few_lines_are_drawn_towards_the_rate_of_all() -> None:
    rng = np.random.default_rng(0)
    n = 400
    sold = _orders([("2026-04-01", "p", 10.0, 1.0)] * n + [("2026-04-01", "q", 10.0, 1.0)])
    sold["order_id"] = np.arange(n + 1).astype(str)
    back = sold[(rng.random(n + 1) < 0.1) | (sold["product_id"] == "q")].copy()
    back["order_time"] += pd.Timedelta("5D")
    found = _refunds(pd.concat([sold, back.assign(amount=-10.0, quantity=-1.0)]))
    assert found.n_refunded[1] == found.n_sold[1] == 1
    assert found.rate[0] < found.rate[1] < 0.6


def test_the_planted_refunds_are_found() -> None:
    c = make_community(800, random_state=3)  # 3.5 % of lines come back, four in five whole
    found = product_values(c, as_of="2026-07-01")
    sold = found["n_sold"] > 0
    rate = np.average(found.loc[sold, "refund_rate"], weights=found.loc[sold, "n_sold"])
    assert rate == pytest.approx(0.035, abs=0.006)


def test_refunds_need_orders_that_name_products() -> None:
    c = Community(orders=_orders(BOUGHT).drop(columns="product_id"))
    with pytest.raises(DataError, match="column product_id"):
        Refunds.of(c, pa.array(["p"]), 0, c.customers())
