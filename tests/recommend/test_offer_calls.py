"""What holds for every call about offers: time, order of rows, ids, few members, no changes."""

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from offer_worlds import AS_OF, offer_world, with_other_future
from siyu.datasets import Community, DataError, SiyuWarning
from siyu.recommend.offers.campaign_roi import ReturnRules, campaign_return
from siyu.recommend.offers.fairness import price_fairness
from siyu.recommend.offers.offer_choice import choose_offers
from siyu.recommend.offers.offer_gates import check_offers
from siyu.recommend.offers.offer_rules import OfferRules
from siyu.recommend.offers.past_sends import recently_sent
from siyu.recommend.offers.price_columns import PriceRules, price_drivers
from siyu.recommend.offers.send_quits import quits_after_sends
from siyu.recommend.offers.worth import product_values
from strategies import shuffled

Call = Callable[[Community], pd.DataFrame]


def _pairs(c: Community) -> pd.DataFrame:
    """List every product for every member the members table names."""
    assert c.members is not None
    assert c.products is not None
    return c.members[["member_id"]].merge(c.products[["product_id"]], how="cross")


def _columns(c: Community) -> pd.DataFrame:
    assert c.members is not None
    frame = c.members[["member_id"]].sort_values("member_id", ignore_index=True)
    frame["value"] = np.arange(len(frame)) * 1.5
    frame["device"] = np.where(np.arange(len(frame)) % 2, "ios", "android")
    return frame


STRICT = OfferRules(max_refund_rate=0.5, min_sales=1, min_rating=2.5, stock_is="total")
CALLS: dict[str, Call] = {
    "product_values": lambda c: product_values(c, as_of=AS_OF, care_cost=1.0),
    "check_offers": lambda c: check_offers(c, as_of=AS_OF, rules=STRICT),
    "choose_offers": lambda c: choose_offers(_pairs(c), c, as_of=AS_OF, prefer="margin"),
    "recently_sent": lambda c: recently_sent(c, as_of=AS_OF, within="30D"),
    "quits_after_sends": lambda c: quits_after_sends(c, as_of=AS_OF, by="campaign"),
    "price_fairness": lambda c: price_fairness(c, as_of=AS_OF, within="60D"),
    "price_drivers": lambda c: price_drivers(
        c, _columns(c), as_of=AS_OF, rules=PriceRules(within="60D")
    ),
    "campaign_return": lambda c: campaign_return(
        c, as_of=AS_OF, rules=ReturnRules(within="7D", contact_cost={"sms": 0.1})
    ),
}
NEEDS = {
    "product_values": ("orders",),
    "check_offers": ("offers",),
    "choose_offers": ("offers",),
    "recently_sent": ("sends",),
    "quits_after_sends": ("sends",),
    "price_fairness": ("memberships", "sends", "offers"),
    "price_drivers": ("sends", "offers"),
    "campaign_return": ("sends", "orders"),
}

every_call = pytest.mark.parametrize("name", CALLS)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SiyuWarning)  # campaigns without a held-out arm
        yield


def same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    """Demand equal frames, to the last bit."""
    pd.testing.assert_frame_equal(one, other, check_exact=True)


@every_call
@pytest.mark.parametrize("seed", [0, 1])
def test_the_future_changes_nothing(name: str, seed: int) -> None:
    c = offer_world(seed)
    same(CALLS[name](with_other_future(c, seed)), CALLS[name](c))


@every_call
def test_the_order_of_rows_changes_nothing(name: str) -> None:
    c = offer_world(2)
    again = CALLS[name](shuffled(c, 2))
    expected = CALLS[name](c)
    if name == "choose_offers":  # keeps the order of the lists given
        keys = ["member_id", "product_id"]
        again, expected = (
            frame.sort_values(keys, ignore_index=True) for frame in (again, expected)
        )
    same(again, expected)


def test_the_order_of_columns_rows_changes_no_driver() -> None:
    c = offer_world(0)
    columns, rules = _columns(c), PriceRules(within="60D")
    mixed = columns.sample(frac=1.0, random_state=1)
    again = price_drivers(shuffled(c, 3), mixed, as_of=AS_OF, rules=rules)
    same(again, price_drivers(c, columns, as_of=AS_OF, rules=rules))


@every_call
def test_text_ids_give_the_same_figures(name: str) -> None:
    numbers, texts = (CALLS[name](offer_world(0, text_ids=text)) for text in (False, True))
    assert len(numbers) == len(texts)
    for column in numbers.columns:
        if column not in ("sent", "worse_off") and not column.endswith("_id"):
            pd.testing.assert_series_equal(numbers[column], texts[column], check_dtype=False)


@every_call
@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_members_are_no_error(name: str, n: int) -> None:
    c = offer_world(0, n=n)
    found = CALLS[name](c)
    assert isinstance(found.index, pd.RangeIndex)


@every_call
def test_a_missing_table_is_named(name: str) -> None:
    c = offer_world(0)
    for table in NEEDS[name]:
        kept = {one: c.arrow(one) for one in c.tables() if one != table}
        with pytest.raises(DataError, match=table):
            CALLS[name](Community(tz=c.tz, **kept))


@every_call
def test_a_table_without_rows_is_no_error_unless_it_is_named(name: str) -> None:
    c = offer_world(0, n=8)
    tables: dict[str, Any] = {table: c.arrow(table) for table in c.tables()}
    for table, rows in tables.items():
        without = Community(tz=c.tz, **{**tables, table: rows.slice(0, 0)})
        if (name, table) == ("product_values", "products"):
            with pytest.raises(DataError, match=r"products\.cost"):
                CALLS[name](without)
        else:
            assert isinstance(CALLS[name](without), pd.DataFrame)


@every_call
def test_the_input_is_not_changed(name: str) -> None:
    c = offer_world(0)
    before: dict[str, Any] = {table: c.arrow(table) for table in c.tables()}
    CALLS[name](c)
    assert all(before[table].equals(c.arrow(table)) for table in c.tables())


@pytest.mark.parametrize("output", ["pyarrow", "polars"])
def test_other_frames_hold_the_same_rows(output: Any) -> None:
    c = offer_world(0)
    expected = check_offers(c, as_of=AS_OF, output="pyarrow")
    found = check_offers(c, as_of=AS_OF, output=output)
    table = found if isinstance(found, pa.Table) else found.to_arrow()
    assert table.select(["allowed", "price"]).equals(expected.select(["allowed", "price"]))
