"""The online call gives what the batch gives, and takes what came since into account."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from planted_shop import AS_OF, N_MEMBERS, make_shop, planted_members, planted_orders
from siyu.datasets import Community, DataError, ParameterError, make_community
from siyu.datasets.complete_journey import load_complete_journey
from siyu.recommend import OfferRecommender
from siyu.recommend.lists.asking import wanted_for
from siyu.recommend.lists.batches import pairs_for
from siyu.recommend.lists.list_rules import ListRules
from siyu.recommend.lists.list_table import make_lists
from siyu.recommend.lists.model import Model
from siyu.recommend.online.offer_list import OfferList
from siyu.recommend.online.offer_service import OfferService
from siyu.recommend.tables.purchases import Purchases

NOW = AS_OF + pd.Timedelta("3D")
ORDER = {"order_time": AS_OF + pd.Timedelta("1D"), "product_id": "wine-9", "amount": 4.0}


@pytest.fixture(scope="module")
def service(
    shop: Community, trained: OfferRecommender, tmp_path_factory: pytest.TempPathFactory
) -> OfferService:
    return opened(shop, trained, AS_OF, tmp_path_factory.mktemp("snapshots") / "night")


def opened(c: Community, rec: OfferRecommender, as_of: Any, folder: Path) -> OfferService:
    """Write a snapshot and open it."""
    rec.snapshot(c, folder, as_of=as_of)
    return OfferService.open(rec, folder)


def all_lists(service: OfferService, members: Any, now: Any, **how: Any) -> pd.DataFrame:
    """Ask for one member after the other."""
    orders = how.pop("orders", {})
    asked = [service.recommend(m, now=now, orders=orders.get(m), **how) for m in members]
    found = pd.concat([one.to_frame() for one in asked if len(one)], ignore_index=True)
    in_order: pd.DataFrame = found.sort_values(["member_id", "rank"], ignore_index=True)
    return in_order


def later_orders(c: Community, as_of: pd.Timestamp, days: int, seed: int = 0) -> pd.DataFrame:
    """Draw purchases of the days after a moment: of members and products known before it."""
    known = c.before(as_of).orders
    assert known is not None
    if "quantity" in known:
        known = known[known["quantity"].fillna(1) > 0]
    known = known[known["product_id"].notna() & (known["amount"] >= 0)]
    rows = known.sample(min(300, len(known)), random_state=seed, ignore_index=True)
    rng = np.random.default_rng(seed)
    minutes = rng.integers(0, days * 1_440, len(rows))
    rows["order_time"] = as_of + pd.to_timedelta(minutes, unit="min")
    rows["product_id"] = rng.permutation(rows["product_id"].to_numpy())
    return rows


def batch_model(rec: OfferRecommender, c: Community, as_of: Any, later: Any, now: Any) -> Model:
    """Give the market of a moment with everybody's purchases until now."""
    model = rec.model_.at(c.before(as_of), c.moment(as_of))
    cut = c.before(as_of)
    both = pd.concat([cut.orders, later], ignore_index=True)
    told = {name: cut.arrow(name) for name in c.tables() if name != "orders"}
    longer = Community(tz=c.tz, orders=both, **told)
    bought = Purchases.of(longer.before(now))
    assert bought.products.equals(model.shop.bought.products)
    assert bought.members.equals(model.shop.bought.members)
    assert bought.places.equals(model.shop.bought.places)
    return replace(model, shop=replace(model.shop, bought=bought, moment=c.moment(now)))


def check_against_batch(
    rec: OfferRecommender, c: Community, as_of: Any, folder: Path, n_members: int
) -> None:
    """Compare lists after some days of orders with those of the batch kernel."""
    service = opened(c, rec, as_of, folder)
    later, now = later_orders(c, as_of, 5), as_of + pd.Timedelta("5D")
    model = batch_model(rec, c, as_of, later, now)
    asked = model.shop.addressed[:n_members]
    table = make_lists(model, asked, wanted_for(model, asked, 10, False, ListRules()))
    news = {member: rows.to_dict("records") for member, rows in later.groupby("member_id")}
    found = all_lists(service, asked.to_pylist(), now, orders=news)
    pd.testing.assert_frame_equal(found, table.to_pandas(), check_exact=True, check_dtype=False)


@pytest.mark.parametrize(("only_new", "k"), [(False, 10), (True, 3)])
def test_with_no_news_every_list_is_that_of_the_batch(
    service: OfferService, trained: OfferRecommender, only_new: bool, k: int
) -> None:
    expected = trained.recommend(k=k, only_new=only_new)
    found = all_lists(service, expected["member_id"].unique(), AS_OF, k=k, only_new=only_new)
    pd.testing.assert_frame_equal(found, expected, check_exact=True)


def test_with_no_news_every_feature_is_that_of_the_batch(
    service: OfferService, trained: OfferRecommender
) -> None:
    model = trained.model_
    codes = np.unique(model.shop.bought.basket_member)
    wanted = wanted_for(model, model.shop.addressed, 10, False, ListRules())
    histories = model.shop.histories(codes)
    pairs = pairs_for(model, model.shop.market, histories, wanted)
    matrix = model.recipe.matrix(model.shop.market, histories, pairs).values  # noqa: PD011
    for row, code in enumerate(codes[:20]):
        one = member_model(service, int(model.shop.bought.members[code].as_py()))
        alone = one.shop.histories(np.array([0]))
        its = pairs_for(one, one.shop.market, alone, wanted)
        assert its.product.tolist() == pairs.product[pairs.row == row].tolist()
        found = one.recipe.matrix(one.shop.market, alone, its).values  # noqa: PD011
        assert found.tobytes() == matrix[pairs.row == row].tobytes()


def member_model(service: OfferService, member_id: int) -> Model:
    """Give the model that a request is answered from."""
    index = service._index
    code = service._ids.members.find(member_id, "member_id")
    ids = index.model.shop.bought.members[code : code + 1]
    from siyu.recommend.online.one_member import Member

    member = Member(ids, code, index.bought(code, ids), index.seen(code, ids), opted_out=False)
    model = index.model
    return index.model_of(member, model.shop.market.moment, model.shop.offered, model.terms.offered)


def test_orders_since_count_as_in_the_batch(
    trained: OfferRecommender, shop: Community, tmp_path: Path
) -> None:
    check_against_batch(trained, shop, AS_OF, tmp_path / "night", N_MEMBERS)


def test_a_plain_model_counts_them_too(
    plain: OfferRecommender, shop: Community, tmp_path: Path
) -> None:
    check_against_batch(plain, shop, AS_OF, tmp_path / "night", 40)


@pytest.mark.slow
def test_a_community_of_every_table_counts_them_too(tmp_path: Path) -> None:
    c = make_community(n_members=1_000, random_state=0)
    as_of = pd.Timestamp("2026-06-01", tz=c.tz)
    rec = OfferRecommender(ranker="always", random_state=0).fit(c, as_of=as_of)
    check_against_batch(rec, c, as_of, tmp_path / "night", 200)
    service = opened(c, rec, as_of, tmp_path / "again")
    expected = rec.recommend(c, as_of=as_of)
    found = all_lists(service, expected["member_id"].unique(), as_of)
    pd.testing.assert_frame_equal(found, expected, check_exact=True)


@pytest.mark.slow
def test_a_supermarket_counts_them_too(siyu_data: Path, tmp_path: Path) -> None:
    c = load_complete_journey(siyu_data / "complete_journey")
    as_of = pd.Timestamp("2017-06-05", tz="UTC")
    rec = OfferRecommender(ranker="always", n_windows=1, random_state=0).fit(c, as_of=as_of)
    check_against_batch(rec, c, as_of, tmp_path / "night", 150)


def test_a_purchase_just_made_changes_the_list(service: OfferService) -> None:
    before = service.recommend(0, now=NOW, k=40)
    after = service.recommend(0, now=NOW, k=40, orders=[ORDER])
    score = {row.product_id: row.score for row in before}
    assert {row.product_id: row.score for row in after}["wine-9"] > score["wine-9"]


def test_what_was_just_bought_is_no_longer_new(service: OfferService) -> None:
    new = service.recommend(0, now=NOW, k=40, only_new=True)
    order = {**ORDER, "product_id": new[0].product_id}
    left = service.recommend(0, now=NOW, k=40, only_new=True, orders=[order])
    assert new[0].product_id not in {row.product_id for row in left}


def test_days_are_counted_from_now(service: OfferService) -> None:
    early, late = service.recommend(0, now=AS_OF), service.recommend(0, now="2026-04-15")
    assert [row.score for row in early] != [row.score for row in late]


def test_a_member_nobody_knows_gets_the_list_of_a_newcomer(service: OfferService) -> None:
    rows = service.recommend(987_654, now=NOW)
    assert {row.source for row in rows} == {"cold_start"}
    assert len(rows) == 10


def test_a_member_nobody_knows_is_told_by_what_they_just_bought(service: OfferService) -> None:
    bought = [{**ORDER, "product_id": f"wine-{nth}"} for nth in range(3)]
    rows = service.recommend(987_654, now=NOW, orders=bought)
    assert {row.source for row in rows} == {"model"}
    assert {row.product_id.split("-")[0] for row in rows[:3]} == {"wine"}


def test_who_opted_out_gets_the_list_of_all_who_did(service: OfferService) -> None:
    recorded = service.recommend(7, now=NOW)
    just_now = service.recommend(0, now=NOW, opt_out=True, orders=[ORDER])
    assert {row.source for row in (*recorded, *just_now)} == {"non_personal"}
    assert [row.product_id for row in recorded] == [row.product_id for row in just_now]
    assert just_now.notes["not_used"] == 1


def test_a_recorded_opt_out_cannot_be_lifted_by_a_request(service: OfferService) -> None:
    assert {row.source for row in service.recommend(7, now=NOW, opt_out=False)} == {"non_personal"}


def test_staff_get_no_list(service: OfferService) -> None:
    found = service.recommend(N_MEMBERS + 4, now=NOW)
    assert len(found) == 0
    assert found.to_frame().dtypes.equals(service.recommend(0, now=NOW).to_frame().dtypes)


def test_what_is_not_available_is_left_out(service: OfferService) -> None:
    first = service.recommend(0, now=NOW)[0].product_id
    left = service.recommend(0, now=NOW, unavailable=[first, "never heard of"])
    assert first not in {row.product_id for row in left}
    assert len(left) == 10


def test_what_is_not_available_is_left_out_of_newcomers_lists_too(service: OfferService) -> None:
    first = service.recommend(987_654, now=NOW)[0].product_id
    left = service.recommend(987_654, now=NOW, unavailable=[first])
    assert first not in {row.product_id for row in left}


@pytest.mark.parametrize(
    ("changed", "note"),
    [
        ({"order_time": AS_OF - pd.Timedelta("1us")}, "before_snapshot"),
        ({"order_time": NOW}, "not_before_now"),
        ({"product_id": "truffles"}, "unknown_products"),
        ({"product_id": None}, "no_purchases"),
        ({"amount": -4.0}, "no_purchases"),
        ({"quantity": 0}, "no_purchases"),
    ],
)
def test_rows_that_do_not_count_are_counted(
    service: OfferService, changed: dict[str, Any], note: str
) -> None:
    found = service.recommend(0, now=NOW, orders=[{**ORDER, **changed}])
    assert dict(found.notes) == {**dict.fromkeys(found.notes, 0), note: 1}
    assert found.rows == service.recommend(0, now=NOW).rows


@pytest.mark.parametrize("nothing", [None, float("nan"), pd.NA, pd.NaT])
@pytest.mark.parametrize("name", ["store_id", "order_id", "quantity", "discount", "member_id"])
def test_what_is_missing_of_a_row_is_unknown(
    service: OfferService, name: str, nothing: Any
) -> None:
    found = service.recommend(0, now=NOW, orders=[{**ORDER, name: nothing}])
    assert found.rows == service.recommend(0, now=NOW, orders=[ORDER]).rows


def test_a_row_at_the_moment_of_the_snapshot_counts(service: OfferService) -> None:
    found = service.recommend(0, now=NOW, orders=[{**ORDER, "order_time": AS_OF}])
    assert found.rows != service.recommend(0, now=NOW).rows


@pytest.mark.parametrize("kind", ["pandas", "polars", "pyarrow"])
def test_rows_may_come_as_a_frame(service: OfferService, kind: str) -> None:
    rows = pd.DataFrame([ORDER, {**ORDER, "product_id": "nuts-1"}])
    frame: Any = rows
    if kind == "polars":
        frame = pytest.importorskip("polars").from_pandas(rows)
    if kind == "pyarrow":
        frame = pytest.importorskip("pyarrow").Table.from_pandas(rows)
    expected = service.recommend(0, now=NOW, orders=rows.to_dict("records"))
    assert service.recommend(0, now=NOW, orders=frame).rows == expected.rows


def test_the_order_of_rows_changes_nothing(service: OfferService) -> None:
    rows = [{**ORDER, "order_id": nth, "product_id": f"soap-{nth}"} for nth in (9, 10, 2)]
    one = service.recommend(0, now=NOW, orders=rows)
    assert one.rows == service.recommend(0, now=NOW, orders=rows[::-1]).rows


def test_rows_are_left_as_they_are(service: OfferService) -> None:
    rows = [dict(ORDER)]
    service.recommend(0, now=NOW, orders=rows)
    assert rows == [ORDER]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([{**ORDER, "member_id": 5}], "row 0 is of another member"),
        ([ORDER, {"product_id": "tea-1", "amount": 1}], "row 1 lacks order_time"),
        ([{"product_id": "tea-1", "order_time": AS_OF}], "row 0 lacks amount"),
        ([{**ORDER, "order_time": "yesterdayish"}], "order_time is no time"),
        ([{**ORDER, "order_id": 1}, {**ORDER, "order_id": "a"}], "order_id must be of one type"),
    ],
)
def test_rows_that_cannot_be_read_are_refused(
    service: OfferService, rows: list[dict[str, Any]], told: str
) -> None:
    with pytest.raises(DataError, match=told):
        service.recommend(0, now=NOW, orders=rows)


@pytest.mark.parametrize(
    ("how", "name"),
    [
        ({"now": AS_OF - pd.Timedelta("1s")}, "now"),
        ({"k": 0}, "k"),
        ({"member_id": "zero"}, "member_id"),
        ({"unavailable": [3]}, "unavailable"),
        ({"orders": ["tea-1"]}, "orders"),
    ],
)
def test_odd_parameters_are_refused(service: OfferService, how: dict[str, Any], name: str) -> None:
    with pytest.raises(ParameterError, match=name):
        service.recommend(**{"member_id": 0, "now": NOW, **how})


def test_naive_times_are_on_the_shops_clock(
    trained: OfferRecommender, shop: Community, tmp_path: Path
) -> None:
    told = {name: shop.arrow(name) for name in shop.tables()}
    abroad = Community(tz="Asia/Shanghai", **told)
    service = opened(abroad, trained, AS_OF, tmp_path / "night")
    order = {**ORDER, "order_time": "2026-03-01 07:59"}  # 23:59 of the day before in UTC
    found = service.recommend(0, now="2026-03-01 09:00", orders=[order])
    assert found.notes["before_snapshot"] == 1


def test_events_of_a_buyer_change_nothing_and_are_counted(service: OfferService) -> None:
    event = {"event_time": AS_OF, "product_id": "tea-1", "event": "view"}
    found = service.recommend(0, now=NOW, events=[event])
    assert found.rows == service.recommend(0, now=NOW).rows
    assert found.notes["not_used"] == 1


def test_a_newcomer_is_told_by_what_they_look_at(service: OfferService) -> None:
    looked = [{"event_time": AS_OF, "product_id": f"wine-{nth}"} for nth in range(2)]
    rows = service.recommend(987_654, now=NOW, events=looked)
    assert {"wine-0", "wine-1"} <= {row.product_id for row in rows if row.reason == "looked_at"}


def test_events_are_purchases_where_the_model_says_so(tmp_path: Path) -> None:
    events = planted_orders()[["member_id", "order_time", "product_id"]]
    events = events.rename(columns={"order_time": "event_time"}).assign(event="play")
    c = make_shop(orders=None, events=events)
    rec = OfferRecommender(activity="events", ranker="never", random_state=0).fit(c, as_of=AS_OF)
    service = opened(c, rec, AS_OF, tmp_path / "night")
    event = {"event_time": AS_OF, "product_id": "wine-9"}
    after = service.recommend(0, now=NOW, events=[event], k=40)
    reasons = {row.product_id: row.reason for row in after}
    assert reasons["wine-9"] == "bought_before"


def test_offers_that_ended_by_now_are_not_named(trained: OfferRecommender, tmp_path: Path) -> None:
    ends = AS_OF + pd.to_timedelta([1, 9], unit="D")
    offers = pd.DataFrame(
        {
            "offer_id": ["soon", "late"],
            "kind": "product",
            "product_id": "tea-1",
            "price": [1.0, 2.0],
            "starts_at": AS_OF - pd.Timedelta("1D"),
            "ends_at": ends,
        }
    )
    service = opened(make_shop(offers=offers), trained, AS_OF, tmp_path / "night")

    def offer_at(now: pd.Timestamp) -> Any:
        rows = service.recommend(0, now=now, k=40)
        return {row.product_id: row.offer_id for row in rows}["tea-1"]

    moments = [AS_OF, ends[0], ends[1]]
    assert [offer_at(now) for now in moments] == ["soon", "late", None]


def test_rules_hold_for_every_list(
    trained: OfferRecommender, shop: Community, tmp_path: Path
) -> None:
    trained.snapshot(shop, tmp_path / "night", as_of=AS_OF)
    rules = ListRules(min_new_share=0.5, max_per={"category": 4})
    service = OfferService.open(trained, tmp_path / "night", rules=rules)
    expected = trained.recommend(rules=rules, members=list(range(30)))
    found = all_lists(service, range(30), AS_OF)
    pd.testing.assert_frame_equal(found, expected, check_exact=True)


def test_a_rule_about_all_lists_is_refused(
    trained: OfferRecommender, shop: Community, tmp_path: Path
) -> None:
    trained.snapshot(shop, tmp_path / "night", as_of=AS_OF)
    with pytest.raises(ParameterError, match="launch_share"):
        OfferService.open(trained, tmp_path / "night", rules=ListRules(launch_share=0.2))


def test_eight_threads_give_the_same_lists(service: OfferService) -> None:
    members = [*range(40), *range(40)]

    def ask(member: int) -> tuple[Any, ...]:
        return service.recommend(member, now=NOW, orders=[ORDER]).rows

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, members)) == [ask(member) for member in members]


def test_a_request_leaves_no_trace(service: OfferService) -> None:
    before = service.recommend(0, now=NOW)
    service.recommend(0, now=NOW, orders=[ORDER], unavailable=["tea-1"], opt_out=True)
    assert service.recommend(0, now=NOW).rows == before.rows


def test_a_service_cannot_be_changed(service: OfferService) -> None:
    with pytest.raises(AttributeError, match="cannot assign"):
        service._tz = "UTC"  # type: ignore[misc]


@pytest.mark.parametrize("make", [str, int])
def test_ids_of_text_are_found_as_those_of_numbers(
    make: Callable[[Any], Any], tmp_path: Path
) -> None:
    orders, members = planted_orders(), planted_members()
    orders["member_id"] = orders["member_id"].map(make)
    members["member_id"] = members["member_id"].map(make)
    c = make_shop(orders=orders, members=members)
    rec = OfferRecommender(ranker="never", random_state=0).fit(c, as_of=AS_OF)
    service = opened(c, rec, AS_OF, tmp_path / "night")
    expected = rec.recommend()
    found = all_lists(service, expected["member_id"].unique(), AS_OF)
    pd.testing.assert_frame_equal(found, expected, check_exact=True)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_a_shop_of_hardly_anybody_answers(n: int, tmp_path: Path) -> None:
    orders = planted_orders()
    c = Community(orders=orders[orders["member_id"] < n], tz="UTC")
    rec = OfferRecommender(ranker="never", random_state=0).fit(c, as_of=AS_OF)
    service = opened(c, rec, AS_OF, tmp_path / "night")
    found: list[OfferList] = [service.recommend(member, now=NOW) for member in range(3)]
    personal = {"fallback"} if n else set()
    sources = {row.source for rows in found for row in rows}
    assert sources == (personal | ({"cold_start"} if n else set()))
