"""The simulated community as a whole: every table, every size, the same bytes, keys and clocks."""

import hashlib
import os
import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from siyu.datasets.community import Community
from siyu.datasets.errors import ParameterError
from siyu.datasets.schema import SCHEMAS
from siyu.datasets.synthetic.community_maker import make_community
from siyu.datasets.synthetic.options import CommunityOptions

START = pd.Timestamp("2024-07-01", tz="Asia/Shanghai")
END = pd.Timestamp("2026-07-01", tz="Asia/Shanghai")
PLANNED_AHEAD = {"promotions", "offers", "campaigns"}
UNDATED = {"identities", "offer_products"}

KEYS = {
    "member": ("members", "member_id"),
    "product": ("products", "product_id"),
    "group": ("groups", "group_id"),
    "offer": ("offers", "offer_id"),
    "campaign": ("campaigns", "campaign_id"),
}


@pytest.fixture(scope="module")
def c() -> Community:
    return make_community(1_500, random_state=0)


def rows_of(c: Community, table: str) -> Any:
    """Give a table that is there as Arrow."""
    rows = c.arrow(table)
    assert rows is not None
    return rows


def digest(c: Community) -> str:
    """Hash the bytes of all tables and of the truth."""
    total = hashlib.sha256()
    tables = [rows_of(c, name) for name in c.tables()] + [c.truth.arrow(name) for name in c.truth]
    for table in tables:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table.combine_chunks())
        total.update(sink.getvalue())
    return total.hexdigest()


def dangling(c: Community) -> list[str]:
    """List the foreign keys that do not resolve."""
    found = []
    for name in c.tables():
        for column, family in SCHEMAS[name].keys().items():
            rows = rows_of(c, name)
            if family not in KEYS or column not in rows.column_names:
                continue
            home, key = KEYS[family]
            there = rows_of(c, home)[key]
            lost = pc.invert(pc.is_in(rows[column].drop_null(), there))
            if pc.any(lost).as_py():
                found.append(f"{name}.{column}")
    return found


def test_every_table_of_the_schemas_is_there(c: Community) -> None:
    assert c.tables() == list(SCHEMAS)


def test_every_column_of_the_schemas_is_there(c: Community) -> None:
    absent = {
        f"{name}.{column.name}"
        for name, schema in SCHEMAS.items()
        for column in schema.columns
        if column.name not in rows_of(c, name).column_names
    }
    assert absent == set()


def test_no_column_is_without_a_value(c: Community) -> None:
    empty = [
        f"{name}.{column}"
        for name in c.tables()
        for column in rows_of(c, name).column_names
        if rows_of(c, name)[column].null_count == rows_of(c, name).num_rows
    ]
    assert empty == []


@pytest.mark.parametrize("name", list(SCHEMAS))
def test_each_table_passes_its_schema(c: Community, name: str) -> None:
    assert SCHEMAS[name].check(rows_of(c, name)).equals(rows_of(c, name))


@pytest.mark.parametrize("n_members", [0, 1, 2, 10, 149, 150])
def test_small_communities_are_whole(n_members: int) -> None:
    small = make_community(n_members, random_state=1)
    assert (len(small.customers()), dangling(small)) == (n_members, [])


def test_short_histories_are_whole() -> None:
    short = make_community(300, random_state=1, options=CommunityOptions(days=60))
    assert dangling(short) == []


def test_the_same_seed_gives_the_same_bytes() -> None:
    assert digest(make_community(300, 7)) == digest(make_community(300, 7))


def test_another_seed_gives_other_bytes() -> None:
    assert digest(make_community(300, 7)) != digest(make_community(300, 8))


def test_a_generator_is_taken_and_moves_on() -> None:
    rng = np.random.default_rng(3)
    assert digest(make_community(100, rng)) != digest(make_community(100, rng))


def test_another_process_gives_the_same_bytes() -> None:
    code = (
        "import hashlib;"
        "from siyu.datasets.synthetic.community_maker import make_community as m;"
        "c = m(60, 5);"
        "text = c.orders.to_csv() + c.sends.to_csv() + c.ties.to_csv();"
        "print(hashlib.sha256(text.encode()).hexdigest())"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


def test_the_community_survives_pickling() -> None:
    small = make_community(20, 0)
    assert digest(pickle.loads(pickle.dumps(small))) == digest(small)


def test_every_key_resolves(c: Community) -> None:
    assert dangling(c) == []


@pytest.mark.parametrize("as_of", ["2024-07-03", "2025-03-13", "2026-06-30"])
def test_every_key_resolves_at_every_moment(c: Community, as_of: str) -> None:
    lost = dangling(c.before(as_of))
    assert [column for column in lost if column.split(".")[0] not in UNDATED] == []


@pytest.mark.parametrize(
    ("table", "key"),
    [(name, schema.unique[0]) for name, schema in SCHEMAS.items() if schema.unique],
)
def test_snapshot_keys_are_unique(c: Community, table: str, key: str) -> None:
    keys = rows_of(c, table)[key]
    assert pc.count_distinct(keys).as_py() == len(keys)


def test_nothing_happens_outside_the_span(c: Community) -> None:
    outside = []
    for name in set(c.tables()) - PLANNED_AHEAD - {"products", "offer_members"}:
        for field in rows_of(c, name).schema:
            if pa.types.is_timestamp(field.type):
                times = rows_of(c, name)[field.name]
                low, high = pc.min_max(times).as_py().values()
                if low is not None and not (low >= START and high < END):
                    outside.append(f"{name}.{field.name}")
    assert outside == []


def test_no_member_acts_before_joining(c: Community) -> None:
    members = c.members
    assert members is not None
    joined = members.set_index("member_id")["joined_at"]
    acts = {
        "orders": ("member_id", "order_time"),
        "events": ("member_id", "event_time"),
        "messages": ("member_id", "message_time"),
        "memberships": ("member_id", "joined_at"),
        "referrals": ("invitee_id", "referral_time"),
        "sends": ("member_id", "send_time"),
        "staff_links": ("member_id", "added_at"),
        "offer_members": ("member_id", "issued_at"),
    }
    early = []
    for table, (who, when) in acts.items():
        rows = getattr(c, table).dropna(subset=[who])
        early += [table] if (rows[when] < joined.reindex(rows[who]).to_numpy()).any() else []
    assert early == []


def test_dated_tables_are_sorted_by_time(c: Community) -> None:
    times = {"orders": "order_time", "events": "event_time", "sends": "send_time"}
    times |= {"messages": "message_time", "ties": "tie_time", "referrals": "referral_time"}
    assert all(getattr(c, table)[time].is_monotonic_increasing for table, time in times.items())


def test_staff_are_members_of_the_kind_staff_and_no_customers(c: Community) -> None:
    ids = c.staff().to_pylist()
    assert (len(ids), all(i.startswith("s") for i in ids)) == (2, True)


def test_truth_gives_frames_and_arrow_tables(c: Community) -> None:
    assert c.truth["members"].shape[0] == c.truth.arrow("members").num_rows == 1_500


def test_truth_names_itself(c: Community) -> None:
    assert repr(c.truth).startswith("PlantedTruth(members=1,500 rows")


@pytest.mark.parametrize("n_members", [-1, 10_000_000, 2.5, True, "9"])
def test_a_wrong_number_of_members_is_refused(n_members: object) -> None:
    with pytest.raises(ParameterError, match="n_members must be"):
        make_community(n_members)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("days", 59),
        ("gap_median", 1.0),
        ("gap_spread", -0.1),
        ("gap_shape", (0.1, 2.0)),
        ("season_strength", 1.5),
        ("broker_share", 0.5),
        ("tie_noise", -1.0),
        ("fraud_share", 0.3),
        ("opt_out_share", float("nan")),
    ],
)
def test_an_option_out_of_range_is_refused(name: str, value: object) -> None:
    with pytest.raises(ParameterError, match=f"{name} must be"):
        CommunityOptions(**{name: value})  # type: ignore[arg-type]


def test_gap_shapes_must_be_low_first() -> None:
    with pytest.raises(ParameterError, match="low first"):
        CommunityOptions(gap_shape=(3.0, 1.0))


@pytest.mark.slow
def test_a_hundred_thousand_members_fit_in_four_gigabytes() -> None:
    code = (
        "import resource;"
        "from siyu.datasets.synthetic.community_maker import make_community as m;"
        "c = m(100_000, 0);"
        "print(len(c.customers()), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert out.split()[0] == "100000"
    assert float(out.split()[1]) < 4.0
