"""A community holds any subset of its tables and never changes."""

import pickle
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from siyu.datasets import Community
from siyu.datasets.community import as_community, kind_of
from siyu.datasets.errors import DataError, ParameterError, SiyuWarning
from strategies import small_community

WHEN = pd.to_datetime(["2026-01-01", "2026-01-02"], utc=True)
ORDERS = pd.DataFrame({"member_id": [1, 2], "order_time": WHEN, "amount": [1.0, 2.0]})


def test_any_subset_of_tables_is_a_community() -> None:
    c = Community(orders=ORDERS)
    assert (c.tables(), c.members) == (["orders"], None)


def test_an_unknown_table_is_refused() -> None:
    with pytest.raises(ParameterError, match="'order' is no table; tables are members, orders"):
        Community(order=ORDERS)


def test_an_unknown_attribute_is_no_table() -> None:
    with pytest.raises(AttributeError, match="no attribute or table 'shoes'"):
        _ = Community(orders=ORDERS).shoes


def test_a_community_cannot_be_changed() -> None:
    with pytest.raises(AttributeError, match="a Community never changes"):
        Community(orders=ORDERS).tz = "UTC"


def test_a_frame_handed_out_is_a_fresh_one() -> None:
    c = Community(orders=ORDERS)
    frame = c.orders
    frame["amount"] = 0.0  # type: ignore[index]
    assert c.orders["amount"].tolist() == [1.0, 2.0]  # type: ignore[index]


def test_one_key_has_one_type_across_tables() -> None:
    ties = pd.DataFrame({"source": ["1"], "target": ["2"]})
    with pytest.raises(
        DataError, match=r"member ids are whole numbers in orders\.member_id but text"
    ):
        Community(orders=ORDERS, ties=ties)


def test_a_key_column_without_values_takes_the_type_of_its_family() -> None:
    members = pd.DataFrame({"member_id": pd.Series([], dtype="str")})
    c = Community(orders=ORDERS, members=members)
    assert c.arrow("members")["member_id"].type == pa.int64()  # type: ignore[index]


def test_customers_are_everyone_met_without_staff() -> None:
    members = pd.DataFrame({"member_id": [1, 9, 7], "kind": ["customer", "staff", None]})
    ties = pd.DataFrame({"source": [5], "target": [9]})
    c = Community(orders=ORDERS, members=members, ties=ties)
    assert c.customers().to_pylist() == [1, 2, 5, 7]


def test_members_whom_only_an_experiment_names_are_customers() -> None:
    arms = pd.DataFrame({"experiment_id": "e", "unit_kind": ["member", "group", "member", "member"],
                         "unit_id": ["9", "4", "1", "8"], "arm": "control",
                         "assigned_at": [*WHEN[[0, 0, 0]], WHEN[1]]})  # fmt: skip
    c = Community(orders=ORDERS, assignments=arms)
    assert c.customers().to_pylist() == [1, 2, 8, 9]
    assert c.before(WHEN[1]).customers().to_pylist() == [1, 9]
    assert Community(assignments=arms).customers().to_pylist() == ["1", "8", "9"]


def test_staff_and_units_that_are_no_member_ids_are_no_customers() -> None:
    arms = pd.DataFrame({"experiment_id": "e", "unit_kind": "member", "unit_id": ["7"], "arm": "a"})
    members = pd.DataFrame({"member_id": [7], "kind": ["staff"]})
    assert Community(members=members, assignments=arms).customers().to_pylist() == []
    named = Community(orders=ORDERS, assignments=arms.assign(unit_id=["nobody"]))
    assert named.customers().to_pylist() == [1, 2]


def test_whoever_customers_are_linked_to_is_staff() -> None:
    links = pd.DataFrame({"member_id": [1], "staff_id": [8]})
    ties = pd.DataFrame({"source": [1], "target": [8]})
    c = Community(staff_links=links, ties=ties)
    assert (c.staff().to_pylist(), c.customers().to_pylist()) == ([8], [1])


def test_an_empty_community_has_no_customers() -> None:
    assert len(Community().customers()) == 0


def test_a_missing_table_is_named_with_the_ones_present() -> None:
    with pytest.raises(DataError, match="koc needs the table ties; this community has: orders"):
        Community(orders=ORDERS).require("orders", "ties", call="koc")


def test_a_folder_gives_back_the_same_tables(tmp_path: Path) -> None:
    c = small_community()
    c.to_folder(tmp_path)
    again = Community.from_folder(tmp_path)
    assert again.tz == c.tz
    assert all(again.arrow(t).equals(c.arrow(t)) for t in c.tables())  # type: ignore[union-attr]


def test_a_folder_keeps_what_was_observed(tmp_path: Path) -> None:
    c = Community(orders=ORDERS, observed={"orders": ("2026-01-01", "2026-02-01")})
    c.to_folder(tmp_path)
    assert Community.from_folder(tmp_path).observed == c.observed


def test_a_folder_is_read_when_it_is_needed(tmp_path: Path) -> None:
    small_community().to_folder(tmp_path)
    c = Community.from_folder(tmp_path)
    (tmp_path / "ties.parquet").write_bytes(b"not parquet")
    assert c.arrow("orders") is not None
    with pytest.raises(pa.ArrowInvalid, match="Parquet"):
        c.arrow("ties")


def test_a_folder_without_tables_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds none of the tables"):
        Community.from_folder(tmp_path)


def test_a_file_that_is_no_table_is_named(tmp_path: Path) -> None:
    Community(orders=ORDERS).to_folder(tmp_path)
    (tmp_path / "notes.parquet").write_bytes(b"")
    with pytest.warns(SiyuWarning, match="left out files that are no table: notes"):
        Community.from_folder(tmp_path)


def test_a_community_survives_pickling() -> None:
    c = small_community()
    again = pickle.loads(pickle.dumps(c.before("2026-02-01")))
    assert again.arrow("orders").equals(c.before("2026-02-01").arrow("orders"))


def test_its_repr_counts_rows() -> None:
    assert repr(Community(orders=ORDERS)) == "Community(orders=2 rows, tz='UTC')"


def test_the_zone_of_a_bare_frame_is_its_own() -> None:
    local = ORDERS.assign(order_time=WHEN.tz_convert("Asia/Shanghai"))
    assert as_community(local, "orders").tz == "Asia/Shanghai"


def test_naive_times_of_a_bare_frame_are_the_shops_clock() -> None:
    naive = ORDERS.assign(order_time=WHEN.tz_localize(None))
    assert as_community(naive, "orders", tz="Asia/Shanghai").tz == "Asia/Shanghai"


def test_a_zone_beside_a_community_of_another_is_refused() -> None:
    with pytest.raises(ParameterError, match="the Community cuts days in 'UTC'"):
        as_community(Community(orders=ORDERS), "orders", tz="Asia/Shanghai")


def test_the_kind_of_frame_is_known() -> None:
    kinds = [kind_of(x) for x in (Community(), ORDERS, pl.DataFrame(), pa.table({}))]
    assert kinds == ["pandas", "pandas", "polars", "pyarrow"]


def test_merged_logs_hold_the_rows_of_both() -> None:
    c = Community.merge(Community(orders=ORDERS), Community(orders=ORDERS))
    assert len(c.orders) == 4  # type: ignore[arg-type]


def test_equal_snapshot_rows_are_kept_once() -> None:
    part = Community(members=pd.DataFrame({"member_id": [1, 2], "region": ["a", None]}))
    assert len(Community.merge(part, part).members) == 2  # type: ignore[arg-type]


def test_parts_that_disagree_are_refused() -> None:
    one, two = (
        Community(members=pd.DataFrame({"member_id": [1], "region": [r]})) for r in ("a", "b")
    )
    with pytest.raises(
        DataError, match="1 rows of 'members' with the same member_id differ in 'region'"
    ):
        Community.merge(one, two)


@pytest.mark.parametrize(("who", "region"), [("first", "a"), ("last", "b")])
def test_the_caller_says_which_part_wins(who: str, region: str) -> None:
    one, two = (
        Community(members=pd.DataFrame({"member_id": [1], "region": [r]})) for r in ("a", "b")
    )
    merged = Community.merge(one, two, on_conflict=who)
    assert merged.members["region"].tolist() == [region]  # type: ignore[index]


def test_identities_join_the_ids_of_one_person() -> None:
    shop = Community(orders=ORDERS.assign(member_id=["buyer-1", "buyer-2"]))
    wecom = Community(members=pd.DataFrame({"member_id": ["m1"]}))
    known = pd.DataFrame({"member_id": ["m1"], "id_kind": ["shop"], "id": ["buyer-1"]})
    merged = Community.merge(shop, wecom, identities=known)
    assert merged.orders["member_id"].tolist() == ["m1", "buyer-2"]  # type: ignore[index]


def test_parts_on_other_clocks_are_refused() -> None:
    with pytest.raises(DataError, match="different zones: Asia/Shanghai, UTC"):
        Community.merge(Community(tz="UTC"), Community(tz="Asia/Shanghai"))


def test_who_is_met_is_looked_up_once() -> None:
    c = Community(ties=pd.DataFrame({"source": ["b"], "target": ["a"]}))
    assert c.customers() is c.customers()
    assert c.before("2026-01-01").customers().to_pylist() == ["a", "b"]
