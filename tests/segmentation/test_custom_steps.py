"""Funnels of one's own steps: in order or not, by member or by session, against SQL."""

from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from siyu.datasets import Community, DataError, ParameterError
from siyu.segmentation.journey import FunnelRules, funnel

TZ = "Asia/Shanghai"
STEPS = {"view": "view", "click": "click", "submit": "submit"}


def _times(*texts: str) -> pd.DatetimeIndex:
    return pd.to_datetime(list(texts), format="ISO8601").tz_localize(TZ)


def _events(*rows: tuple[Any, str, str]) -> pd.DataFrame:
    who, what, when = zip(*rows, strict=True)
    return pd.DataFrame({"member_id": who, "event": what, "event_time": _times(*when)})


SHORT = Community(
    tz=TZ,
    events=_events((1, "view", "2026-01-01"), (1, "click", "2026-01-02")),
    orders=pd.DataFrame({"member_id": [1], "order_time": _times("2026-01-03"), "amount": 5.0}),
)


def test_a_closed_funnel_needs_the_steps_in_order() -> None:
    events = _events(
        (1, "click", "2026-01-01"), (1, "view", "2026-01-02"), (2, "view", "2026-01-01"),
        (2, "click", "2026-01-02"), (2, "submit", "2026-01-03"), (3, "submit", "2026-01-01"),
    )  # fmt: skip
    found = funnel(Community(events=events), as_of="2026-02-01", steps=STEPS)
    assert found.n.tolist() == [2, 1, 1]


def test_an_open_funnel_lets_in_at_any_step_and_minds_no_order() -> None:
    events = _events(
        (1, "click", "2026-01-01"), (1, "view", "2026-01-02"), (2, "view", "2026-01-01"),
        (2, "click", "2026-01-02"), (2, "submit", "2026-01-03"), (3, "submit", "2026-01-01"),
    )  # fmt: skip
    rules = FunnelRules(ordered=False)
    found = funnel(Community(events=events), as_of="2026-02-01", steps=STEPS, rules=rules)
    assert found.n.tolist() == [2, 2, 2]
    assert found.n_moved.tolist()[1:] == [2, 1]
    assert found["total_share"].tolist() == [1, 1, 0.5]


def test_a_step_done_again_later_still_counts() -> None:
    events = _events(
        (1, "click", "2026-01-01"), (1, "view", "2026-01-02"), (1, "click", "2026-01-05")
    )
    found = funnel(
        Community(events=events), as_of="2026-02-01", steps={"view": "view", "click": "click"}
    )
    assert found.n.tolist() == [1, 1]
    assert found["days_50"].tolist()[1] == 3.0


def test_conditions_read_tables_and_columns() -> None:
    events = _events(
        (1, "view", "2026-01-01"), (2, "view", "2026-01-01"), (3, "cart", "2026-01-01")
    )
    orders = pd.DataFrame(
        {
            "member_id": [1, 2, 3],
            "order_time": _times("2026-01-02", "2026-01-02", "2026-01-02"),
            "amount": [5.0, 5.0, -5.0],
            "channel": ["miniprogram", "store", "miniprogram"],
        }
    )
    steps: Any = {"look": ["view", "cart"], "buy": {"table": "orders", "channel": "miniprogram"}}
    found = funnel(Community(events=events, orders=orders), as_of="2026-02-01", steps=steps)
    assert found.n.tolist() == [3, 1]


def test_sessions_pass_through_the_funnel_one_by_one() -> None:
    events = _events(
        (1, "view", "2026-01-01"), (1, "click", "2026-01-01"), (1, "view", "2026-01-02"),
        (2, "click", "2026-01-03"), (2, "view", "2026-01-03"), (2, "view", "2026-01-04"),
    ).assign(session_id=pd.Series(["a", "a", "b", "c", "c", None]))  # fmt: skip
    steps = {"view": "view", "click": "click"}
    by_session = funnel(
        Community(events=events), as_of="2026-02-01", steps=steps, rules=FunnelRules(unit="session")
    )
    assert by_session.n.tolist() == [3, 2]  # c clicks at the moment it views


@pytest.mark.parametrize("seed", range(4))
def test_custom_steps_equal_sql(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = 600
    events = pd.DataFrame(
        {
            "member_id": rng.integers(0, 60, n),
            "event": rng.choice(["view", "click", "submit", "other"], n),
            "event_time": pd.Timestamp("2026-01-01", tz="UTC")
            + pd.to_timedelta(rng.integers(0, 90 * 24, n), unit="h"),
        }
    )
    query = """
        WITH e AS (SELECT * FROM events WHERE event_time < TIMESTAMPTZ '2026-03-01 00:00:00+00'),
        v AS (SELECT member_id, min(event_time) AS at FROM e WHERE event = 'view' GROUP BY 1),
        k AS (SELECT e.member_id, min(event_time) AS at FROM e JOIN v USING (member_id)
              WHERE event = 'click' AND event_time >= v.at GROUP BY 1),
        s AS (SELECT e.member_id, min(event_time) AS at FROM e JOIN k USING (member_id)
              WHERE event = 'submit' AND event_time >= k.at GROUP BY 1)
        SELECT (SELECT count(*) FROM v), (SELECT count(*) FROM k), (SELECT count(*) FROM s)
    """
    with duckdb.connect() as db:
        db.register("events", events)
        expected = db.execute(query).fetchone()
    found = funnel(
        Community(events=events, tz=TZ), as_of=pd.Timestamp("2026-03-01", tz="UTC"), steps=STEPS
    )
    assert tuple(found.n) == expected


def test_one_step_is_no_funnel() -> None:
    with pytest.raises(ParameterError, match="2 steps or more"):
        funnel(SHORT, as_of="2026-02-01", steps={"view": "view"})


def test_an_unknown_table_is_refused() -> None:
    with pytest.raises(ParameterError, match="reads 'carts'"):
        funnel(SHORT, as_of="2026-02-01", steps={"a": "view", "b": {"table": "carts"}})


def test_steps_without_names_are_refused() -> None:
    with pytest.raises(ParameterError, match="steps must be a dict"):
        funnel(SHORT, as_of="2026-02-01", steps=["view", "share"])  # type: ignore[arg-type]


def test_a_value_of_another_type_is_refused() -> None:
    steps: Any = {"a": "view", "b": {"table": "orders", "amount": "dear"}}
    with pytest.raises(ParameterError, match=r"step 'b': orders\.amount is double, got 'dear'"):
        funnel(SHORT, as_of="2026-02-01", steps=steps)


def test_an_unknown_column_is_named() -> None:
    with pytest.raises(DataError, match=r"orders\.channel, which is not there"):
        funnel(
            SHORT,
            as_of="2026-02-01",
            steps={"a": "view", "b": {"table": "orders", "channel": 1}},
        )


def test_sessions_without_ids_are_refused() -> None:
    with pytest.raises(DataError, match=r"events\.session_id to follow sessions"):
        funnel(SHORT, as_of="2026-02-01", steps=STEPS, rules=FunnelRules(unit="session"))
