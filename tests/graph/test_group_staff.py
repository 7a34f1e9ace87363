"""What staff look after, and flash groups, by hand."""

from typing import Any

import pandas as pd
import pytest

from group_worlds import at, chat
from siyu.datasets import Community, DataError, ParameterError
from siyu.graph.groups.flash_sales import flash_group_sales
from siyu.graph.groups.staffing import staff_load

AS_OF = "2026-03-01"
PEOPLE = pd.DataFrame({"member_id": [1, 2, 3, 8, 9], "kind": ["customer"] * 3 + ["staff"] * 2})
SEATS = [
    (1, 1, "2026-01-01", None),
    (1, 2, "2026-01-01", None),
    (2, 2, "2026-01-01", None),
    (2, 3, "2026-01-01", "2026-02-01"),
    (2, 9, "2026-01-01", None),
]
OWNED = pd.DataFrame({"group_id": [1, 2], "owner_id": [8, 8]})
LINKS = pd.DataFrame(
    {
        "member_id": [1, 3, 2],
        "staff_id": [8, 8, 9],
        "added_at": at("2026-01-01"),
        "removed_at": [pd.NaT, pd.NaT, at("2026-02-01")],
    }
)


def load(c: Community, **how: Any) -> pd.DataFrame:
    found = staff_load(c, as_of=AS_OF, **how)
    assert isinstance(found, pd.DataFrame)
    return found.set_index("staff_id")


def shop(**tables: Any) -> Community:
    said = [
        (1, "2026-02-10T10:00", 1, None),
        (8, "2026-02-10T11:00", 1, 1),
        (2, "2026-02-11T10:00", 2, None),
        (9, "2026-02-11T12:00", 2, 2),
        (8, "2026-02-11T13:00", 2, 2),
    ]
    return chat(said, SEATS, **{"members": PEOPLE, "groups": OWNED, "staff_links": LINKS} | tables)


def test_members_of_links_and_groups_are_counted_once() -> None:
    found = load(shop())
    assert found["n_linked"].tolist() == [2, 0]  # the link of 9 was removed
    assert found["n_groups"].tolist() == [2, 1]
    assert found["n_group_members"].tolist() == [2, 1]
    assert found["n_members"].tolist() == [3, 1]


def test_an_answer_belongs_to_who_came_first() -> None:
    found = load(shop())
    assert found["n_messages"].tolist() == [2, 1]
    assert found["n_answers"].tolist() == [1, 1]
    assert found["answer_hours"].tolist() == [1.0, 2.0]


def test_over_capacity_is_beyond_a_limit_of_the_caller() -> None:
    assert load(shop(), max_members=2)["over_capacity"].tolist() == [True, False]
    assert load(shop(), max_groups=2)["over_capacity"].tolist() == [False, False]


def test_without_a_limit_nobody_is_known_to_have_too_much() -> None:
    assert load(shop())["over_capacity"].isna().all()


def test_without_links_their_number_is_unknown() -> None:
    c = chat([], SEATS, members=PEOPLE, groups=OWNED)
    found = load(c, max_members=1)
    assert found[["n_linked", "n_members"]].isna().all(axis=None)
    assert found["over_capacity"].tolist() == [True, False]


def test_links_alone_are_enough() -> None:
    found = load(Community(tz="UTC", staff_links=LINKS), max_members=1)
    assert found["n_linked"].tolist() == [2, 0]
    assert found["n_groups"].isna().all()
    assert found["over_capacity"].tolist() == [True, False]


def test_an_unknown_limit_leaves_open_who_keeps_the_other() -> None:
    found = load(Community(tz="UTC", staff_links=LINKS), max_members=1, max_groups=1)
    assert found["over_capacity"].tolist() == [True, pd.NA]


def test_an_owner_who_is_no_staff_has_groups_but_no_known_messages() -> None:
    owned = pd.DataFrame({"group_id": [1], "owner_id": [1]})
    found = load(chat([(1, "2026-02-10", 1, None)], SEATS, groups=owned))
    assert found.loc[1, "n_groups"] == 1
    assert found[["n_messages", "n_answers"]].isna().all(axis=None)


def test_a_limit_must_be_a_number() -> None:
    with pytest.raises(ParameterError, match="max_members must be a whole number"):
        load(shop(), max_members=0)


def test_without_any_staff_table_the_error_names_what_is_needed() -> None:
    with pytest.raises(DataError, match="needs staff_links, groups"):
        load(chat([], [(1, 1, "2026-01-01", None)]))


FLASH = pd.DataFrame(
    {
        "group_id": [1, 2],
        "kind": ["flash", "sales"],
        "created_at": [at("2026-02-01"), at("2026-01-01")],
    }
)


def flash(
    orders: list[tuple[int, str, float]],
    observed: dict[str, Any] | None = None,
    later: tuple[tuple[int, str, int, None], ...] = (),
    **how: Any,
) -> "pd.Series[Any]":
    frame = pd.DataFrame(orders, columns=["member_id", "order_time", "amount"])
    frame["order_time"] = pd.to_datetime(frame["order_time"], utc=True, format="ISO8601")
    seats = [(1, m, "2026-02-01", None) for m in (1, 2)] + [(2, 3, "2026-01-01", None)]
    said = [(1, "2026-02-02", 1, None), (2, "2026-02-05", 1, None), (3, "2026-02-20", 2, None)]
    c = chat([*said, *later], seats, groups=FLASH, orders=frame, observed=observed)
    found = flash_group_sales(c, as_of=AS_OF, **how)
    assert found["group_id"].tolist() == [1]
    first: pd.Series[Any] = found.iloc[0]
    return first


SOLD = [
    (1, "2026-02-01T12:00", 10.0),
    (2, "2026-02-02T00:00", 20.0),
    (1, "2026-02-05T00:00", 6.0),
    (2, "2026-02-20", 99.0),  # long after
    (3, "2026-02-02", 50.0),  # in another group
    (1, "2026-01-20", 7.0),  # before
]


def test_a_flash_group_lives_until_its_last_word() -> None:
    found = flash(SOLD)
    assert (found["lifetime_days"], found["is_over"]) == (4.0, True)


def test_a_word_after_the_first_silence_is_another_life() -> None:
    # the last words are of 5 and 15 February: a silence of ten days
    found = flash(SOLD, later=((1, "2026-02-15", 1, None),))
    assert (found["lifetime_days"], found["is_over"]) == (4.0, True)


def test_a_word_within_the_silence_goes_on_with_the_life() -> None:
    found = flash(SOLD, later=((1, "2026-02-11", 1, None),))
    assert found["lifetime_days"] == 10.0


def test_its_sales_are_those_of_its_members_in_its_time() -> None:
    found = flash(SOLD)
    assert found[["n_orders", "gmv", "orders_per_day", "gmv_per_day"]].tolist() == [
        3,
        36.0,
        0.75,
        9.0,
    ]


def test_the_same_members_bought_less_before() -> None:
    assert flash(SOLD)["usual_orders_per_day"] == 1 / 28


def test_half_of_the_orders_come_within_the_half_life() -> None:
    assert flash(SOLD)["half_life_days"] == 1.0


def test_a_group_that_is_not_over_has_no_half_life_yet() -> None:
    found = flash(SOLD, quiet="40D")
    assert not found["is_over"]
    assert pd.isna(found["half_life_days"])


def test_silence_after_the_record_of_messages_ends_is_no_end_of_the_group() -> None:
    found = flash(SOLD, {"messages": ("2026-01-01", "2026-02-06")})
    assert found[["is_over", "lifetime_days", "n_orders"]].isna().all()


def test_sales_outside_of_the_record_of_orders_are_unknown() -> None:
    found = flash(SOLD, {"orders": ("2026-01-15", AS_OF)})
    assert found["n_orders"] == 3
    assert pd.isna(found["usual_orders_per_day"])


def test_flash_groups_need_the_kind_of_groups() -> None:
    with pytest.raises(DataError, match="needs groups"):
        flash_group_sales(chat([], SEATS, groups=OWNED), as_of=AS_OF)


def test_without_orders_sales_are_unknown() -> None:
    c = chat([(1, "2026-02-02", 1, None)], SEATS, groups=FLASH)
    found = flash_group_sales(c, as_of=AS_OF)
    assert found[["n_orders", "gmv", "orders_per_day", "half_life_days"]].isna().all(axis=None)
    assert found["n_members"].tolist() == [2]
