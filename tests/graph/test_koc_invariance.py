"""What must not change any table of KOC: what comes later, row order, the kind of ids, size."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from koc_cases import END, frame, plain
from siyu.datasets import Community
from siyu.graph.ranking.koc_categories import koc_by_category
from siyu.graph.ranking.koc_evidence_table import koc_evidence
from siyu.graph.ranking.koc_ranking import koc
from siyu.graph.ranking.koc_role_table import koc_roles
from strategies import AS_OF, shuffled, small_community, with_edited_future, with_later_rows

CALLS: dict[str, Callable[..., pd.DataFrame]] = {
    "koc": koc,
    "koc_roles": koc_roles,
    "koc_evidence": koc_evidence,
    "koc_by_category": koc_by_category,
}
pytestmark = [
    pytest.mark.filterwarnings("ignore:ties were dropped"),
    pytest.mark.parametrize("call", CALLS),
]


def told(call: str, c: Community, as_of: Any = AS_OF) -> list[str]:
    return plain(CALLS[call](c, as_of=as_of))


def replaced(c: Community, **changed: Any) -> Community:
    return Community(tz=c.tz, **{**{name: c.arrow(name) for name in c.tables()}, **changed})


@pytest.mark.parametrize("seed", [0, 4])
def test_later_rows_change_nothing(call: str, seed: int) -> None:
    c = small_community(seed)
    later = with_later_rows(c, small_community(seed + 1))
    assert told(call, c) == told(call, later)


@pytest.mark.parametrize("seed", [1, 4])
def test_later_edits_change_nothing(call: str, seed: int) -> None:
    c = small_community(seed)
    assert told(call, c) == told(call, with_edited_future(c, seed))


@pytest.mark.parametrize("seed", [0, 4])
def test_the_order_of_rows_does_not_matter(call: str, seed: int) -> None:
    c = small_community(seed)
    assert told(call, c) == told(call, shuffled(c, 7))


def test_staff_who_come_later_change_nothing(call: str) -> None:
    c = small_community(2)
    members = c.members
    assert members is not None
    new = pd.DataFrame(
        {"member_id": [99], "joined_at": [AS_OF], "kind": ["staff"], "opt_out": [False]}
    )
    assert told(call, c) == told(call, replaced(c, members=pd.concat([members, new])))


def test_text_ids_are_told_of_like_integers(call: str) -> None:
    numbers, words = (
        CALLS[call](small_community(5, text_ids=t), as_of=AS_OF) for t in (False, True)
    )
    assert words["member_id"].tolist() == [f"m{m:05d}" for m in numbers["member_id"]]
    other = [name for name in numbers if name != "member_id"]
    assert plain(words[other]) == plain(numbers[other])


def test_the_community_stays_as_it_was(call: str) -> None:
    c = small_community(3)
    before: dict[str, Any] = {name: c.arrow(name) for name in c.tables()}
    CALLS[call](c, as_of=AS_OF)
    assert all(rows.equals(c.arrow(name)) for name, rows in before.items())


def test_before_the_first_row_there_is_nobody(call: str) -> None:
    assert len(CALLS[call](small_community(0), as_of="2020-01-01")) == 0


def test_tables_without_rows_give_no_rows_of_the_same_columns(call: str) -> None:
    c = small_community(0)
    empty = {name: rows.slice(0, 0) for name in c.tables() if (rows := c.arrow(name)) is not None}
    found = CALLS[call](Community(tz="UTC", **empty), as_of=AS_OF)
    whole = CALLS[call](c, as_of=AS_OF)
    assert (len(found), found.columns.tolist()) == (0, whole.columns.tolist())


@pytest.mark.parametrize("n", [1, 2])
@pytest.mark.filterwarnings("ignore:koc")
def test_one_or_two_members_are_told_of(call: str, n: int) -> None:
    ids = list(range(n))
    c = Community(
        orders=frame(
            member_id=ids, order_time=["2026-06-02"] * n, amount=[1.0] * n, product_id=[1] * n
        ),
        products=pd.DataFrame({"product_id": [1], "category": ["tea"]}),
        ties=frame(
            source=ids[1:],
            target=ids[:-1],
            tie_time=["2026-06-01"] * (n - 1),
            kind=["trust"] * (n - 1),
        ),
        tz="UTC",
    )
    expected = {"koc_by_category": n - 1}.get(call, n)
    assert len(CALLS[call](c, as_of=END)) == expected


def test_ids_may_be_large(call: str) -> None:
    far = 2**40
    c = small_community(6)

    def moved(table: str) -> Any:
        rows = getattr(c, table)
        ids = [n for n in rows if n.endswith(("member_id", "inviter_id", "invitee_id"))]
        ids += [n for n in rows if n in ("source", "target")]
        return rows.assign(**{name: rows[name] + far for name in ids})

    there = replaced(c, **{name: moved(name) for name in c.tables() if name != "products"})
    near, distant = (CALLS[call](one, as_of=AS_OF) for one in (c, there))
    assert (distant["member_id"] - far).tolist() == near["member_id"].tolist()
    other = [name for name in near if name != "member_id"]
    assert plain(distant[other]) == plain(near[other])
