"""Whom no list of KOC names: staff, who opted out, the caller's list, suspected fraud."""

import warnings
from typing import Any

import pandas as pd
import polars as pl
import pytest

from koc_cases import END, frame, shop
from siyu.datasets import Community, make_community
from siyu.datasets.errors import ParameterError, SiyuWarning
from siyu.graph.fission.fraud_signs import fraud_suspects
from siyu.graph.ranking.koc_components import COMPONENTS
from siyu.graph.ranking.koc_ranking import koc
from siyu.graph.ranking.koc_role_table import koc_roles

AS_OF = "2026-06-30"
pytestmark = pytest.mark.filterwarnings("ignore:ties were dropped")


def because(listed: pd.DataFrame) -> dict[Any, str]:
    found: dict[Any, str] = listed.set_index("member_id")["excluded_because"].dropna().to_dict()
    return found


@pytest.fixture(scope="module")
def brand() -> Community:
    return make_community(1_000, random_state=3)


@pytest.fixture(scope="module")
def ranked(brand: Community) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SiyuWarning)
        found: pd.DataFrame = koc(brand, as_of=AS_OF)
    return found


def test_staff_are_named_and_not_ranked(brand: Community, ranked: pd.DataFrame) -> None:
    staff = ranked.loc[ranked["excluded_because"] == "staff", "member_id"]
    assert staff.tolist() == brand.staff().to_pylist()


def test_who_serves_customers_is_staff_even_without_a_kind() -> None:
    c = shop()
    tables: dict[str, Any] = {name: c.arrow(name) for name in c.tables()}
    links = frame(member_id=[1], staff_id=[3], added_at=["2026-01-01"])
    assert because(koc(Community(tz="UTC", staff_links=links, **tables), as_of=END)) == {3: "staff"}


def test_members_who_opted_out_are_named_and_nothing_is_told_of_them() -> None:
    found = koc(shop(opt_out=[False, True, False]), as_of=END)
    out = found[found["excluded_because"] == "opted_out"]
    assert out["member_id"].tolist() == [2]
    told = ["rank", "score", "tier", "confidence", "role", *COMPONENTS, "reasons"]
    assert out[told].isna().all(axis=None)


def test_who_is_excluded_by_name_is_not_ranked() -> None:
    assert because(koc(shop(), as_of=END, exclude=[3])) == {3: "excluded"}


def test_staff_come_before_the_callers_list() -> None:
    c = shop(kind=["customer", "customer", "staff"])
    assert because(koc(c, as_of=END, exclude=[3])) == {3: "staff"}


@pytest.mark.parametrize(
    "exclude", [[1, 3], {3, 1}, pd.DataFrame({"member_id": [3, 1]}), pl.Series([1, 3])]
)
def test_the_callers_list_may_be_of_any_kind(exclude: Any) -> None:
    found = koc(shop(), as_of=END, exclude=exclude)
    assert found.loc[found["rank"].notna(), "member_id"].tolist() == [2]


def test_ids_of_another_type_are_refused() -> None:
    with pytest.raises(ParameterError, match="member_id are integers here"):
        koc(shop(), as_of=END, exclude=["3"])


def test_leaving_somebody_out_changes_no_figure_of_the_others(
    brand: Community, ranked: pd.DataFrame
) -> None:
    first = ranked["member_id"][0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SiyuWarning)
        again = koc(brand, as_of=AS_OF, exclude=[first])
    kept = ["member_id", "score", "tier", "confidence", "role", *COMPONENTS]
    before = ranked.loc[ranked["rank"] > 1, kept].reset_index(drop=True)
    pd.testing.assert_frame_equal(again.loc[again["rank"].notna(), kept], before)


def test_a_community_of_staff_ranks_nobody() -> None:
    found = koc(shop(kind=["staff"] * 3), as_of=END)
    assert found["excluded_because"].tolist() == ["staff"] * 3


def test_those_suspected_of_fraud_are_named_by_the_signs_of_fraud(
    brand: Community, ranked: pd.DataFrame
) -> None:
    known, end = brand.before(AS_OF), brand.moment(AS_OF)
    customers = known.customers()
    flagged = pd.Series(fraud_suspects(known, end, customers), index=customers.to_pylist())
    out = set(known.opted_out().to_pylist())
    named = set(ranked.loc[ranked["excluded_because"] == "suspected_fraud", "member_id"])
    assert named == set(flagged.index[flagged]) - out
    assert len(named) > 10


def test_nothing_else_is_told_of_those_suspected(ranked: pd.DataFrame) -> None:
    out = ranked[ranked["excluded_because"] == "suspected_fraud"]
    assert out[["rank", "score", "tier", "role", *COMPONENTS]].isna().all(axis=None)


def test_suspicion_can_be_turned_off(brand: Community) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SiyuWarning)
        found = koc(brand, as_of=AS_OF, exclude_suspected=False)
    assert set(because(found).values()) == {"staff", "opted_out"}


def test_without_referrals_nobody_is_suspected(brand: Community) -> None:
    tables: dict[str, Any] = {n: brand.arrow(n) for n in brand.tables() if n != "referrals"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SiyuWarning)
        found = koc(Community(tz=brand.tz, **tables), as_of=AS_OF)
    assert "suspected_fraud" not in set(because(found).values())


def test_of_those_suspected_and_those_who_opted_out_no_role_is_told(
    brand: Community, ranked: pd.DataFrame
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SiyuWarning)
        roles = koc_roles(brand, as_of=AS_OF)
    out = roles[roles["excluded_because"].notna()]
    staff = {m for m, why in because(ranked).items() if why == "staff"}
    assert because(out) == {m: why for m, why in because(ranked).items() if m not in staff}
    assert out[["role", "connector", "sharer", "sleeper"]].isna().all(axis=None)
