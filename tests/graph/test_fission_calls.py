"""What holds for every call about referrals: the future, row order, ids, tiny communities."""

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siyu.datasets import Community, SiyuWarning, make_community
from siyu.graph.fission.fraud_signs import referral_fraud
from siyu.graph.fission.matched_value import referred_value
from siyu.graph.fission.quota_runs import quota_completion
from siyu.graph.fission.rate_campaigns import campaign_k
from siyu.graph.fission.rate_cohorts import k_factor
from siyu.graph.fission.rate_cycles import cycle_time
from siyu.graph.fission.reward_kept import reward_cost
from strategies import AS_OF, shuffled, small_community, with_edited_future, with_later_rows

Call = Callable[[Community], Any]
CALLS: dict[str, Call] = {
    "referral_fraud": lambda c: referral_fraud(c, as_of=AS_OF),
    "k_factor": lambda c: k_factor(c, as_of=AS_OF),
    "campaign_k": lambda c: campaign_k(c, as_of=AS_OF),
    "cycle_time": lambda c: cycle_time(c, as_of=AS_OF, by="cohort"),
    "quota_completion": lambda c: quota_completion(c, as_of=AS_OF, quota=2),
    "referred_value": lambda c: referred_value(c, as_of=AS_OF),
    "reward_cost": lambda c: reward_cost(c, as_of=AS_OF),
}


@pytest.fixture(autouse=True)
def _weak_answers_are_fine() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SiyuWarning)
        yield


def world(seed: int, *, text_ids: bool = False) -> Community:
    """Make a small community with campaigns, rewards and devices, and a ring in each third."""
    c = small_community(seed, text_ids=text_ids)
    tables = {name: c.arrow(name) for name in c.tables()}
    rng = np.random.default_rng(seed)
    members, rows = tables["members"], tables["referrals"]
    assert members is not None
    assert rows is not None
    n = rows.num_rows
    inviter, invitee = (rows[name].to_pylist() for name in ("inviter_id", "invitee_id"))
    if seed % 3 == 0:
        inviter[:3], invitee[:3] = inviter[3:6], [*inviter[4:6], inviter[3]]
    tables["referrals"] = pa.table(
        {
            "inviter_id": inviter,
            "invitee_id": invitee,
            "referral_time": rows["referral_time"],
            "campaign_id": pa.array(rng.choice(np.array(["a", "b", None]), n).tolist()),
            "reward": pa.array(rng.choice([3.0, 5.0], n), mask=rng.random(n) < 0.1),
        }
    )
    ids = members["member_id"].to_pylist()
    devices = ["shared" if m in inviter[:2] else str(i // 2) for i, m in enumerate(ids)]
    tables["members"] = members.append_column("device_id", pa.array(devices))
    tables["campaigns"] = pa.table(
        {
            "campaign_id": ["a", "b"],
            "kind": ["gift", "拼团"],
            "starts_at": pa.array([AS_OF - pd.Timedelta("200D"), AS_OF - pd.Timedelta("90D")]),
            "ends_at": pa.array([AS_OF - pd.Timedelta("100D"), AS_OF - pd.Timedelta("40D")]),
            "cost": [100.0, 60.0],
        }
    )
    return Community(tz=c.tz, **tables)


def same(one: Any, other: Any) -> None:
    pd.testing.assert_frame_equal(one, other, check_exact=True)


@pytest.mark.parametrize("call", CALLS)
@settings(max_examples=6)
@given(seed=st.integers(0, 50))
def test_later_rows_change_nothing(call: str, seed: int) -> None:
    c = world(seed)
    same(CALLS[call](c), CALLS[call](with_later_rows(c, world(seed + 99))))


@pytest.mark.parametrize("call", CALLS)
@settings(max_examples=6)
@given(seed=st.integers(0, 50))
def test_values_edited_later_change_nothing(call: str, seed: int) -> None:
    c = world(seed)
    same(CALLS[call](c), CALLS[call](with_edited_future(c, seed)))


@pytest.mark.parametrize("call", CALLS)
@settings(max_examples=6)
@given(seed=st.integers(0, 50))
def test_row_order_changes_no_byte(call: str, seed: int) -> None:
    c = world(seed)
    same(CALLS[call](c), CALLS[call](shuffled(c, seed)))


@pytest.mark.parametrize("call", CALLS)
@settings(max_examples=6)
@given(seed=st.integers(0, 50))
def test_whole_numbers_and_text_ids_give_the_same_answers(call: str, seed: int) -> None:
    numbers, text = (CALLS[call](world(seed, text_ids=kind)) for kind in (False, True))
    kept = [name for name in numbers.columns if name not in ("member_id", "inviter_id")]
    same(numbers[kept], text[kept])


@pytest.mark.parametrize("call", CALLS)
def test_the_tables_are_not_modified(call: str) -> None:
    c = world(3)
    before = {name: c.arrow(name) for name in c.tables()}
    CALLS[call](c)
    again = world(3)
    assert all(rows.equals(again.arrow(name)) for name, rows in before.items() if rows is not None)


@pytest.mark.parametrize("n", [0, 1, 2])
@pytest.mark.parametrize("call", CALLS)
def test_tiny_communities_have_answers(call: str, n: int) -> None:
    found = CALLS[call](make_community(n, random_state=0))
    assert isinstance(found, pd.DataFrame)
    counts = [name for name in found.columns if name.startswith("n_") and name != "n_left_out"]
    assert (found[counts].fillna(0) <= n).all().all()


@pytest.mark.parametrize("kind", ["polars", "pyarrow"])
def test_frames_come_in_the_kind_asked_for(kind: Any) -> None:
    c = world(1)
    made = [
        referral_fraud(c, as_of=AS_OF, output=kind),
        k_factor(c, as_of=AS_OF, output=kind),
        campaign_k(c, as_of=AS_OF, output=kind),
        cycle_time(c, as_of=AS_OF, output=kind),
        quota_completion(c, as_of=AS_OF, output=kind),
        referred_value(c, as_of=AS_OF, output=kind),
        reward_cost(c, as_of=AS_OF, output=kind),
    ]
    assert {type(frame).__module__.split(".")[0] for frame in made} == {kind}


def test_the_worlds_hold_rings_and_shared_devices() -> None:
    signs = referral_fraud(world(3), as_of=AS_OF)["signs"].explode()
    assert {"ring", "shared_id"} <= set(signs)
