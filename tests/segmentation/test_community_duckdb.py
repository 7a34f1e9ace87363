"""The numbers of the tags of community life from SQL, written apart from the library."""

from collections.abc import Iterator, Mapping

import duckdb
import numpy as np
import pandas as pd
import pytest

from community_life import found, known
from siyu.datasets import make_community
from siyu.segmentation.tagging.evidence import Found
from siyu.segmentation.tagging.facts import Facts

AS_OF = "2026-06-01"
NOW = "TIMESTAMPTZ '2026-06-01 00:00:00+08'"
COMMON = f"""
    SET TimeZone = 'Asia/Shanghai';
    CREATE MACRO ago(days) AS {NOW} - to_days(days);
    CREATE VIEW bought AS FROM orders WHERE order_time < {NOW} AND amount >= 0 AND quantity > 0;
    CREATE VIEW acts AS FROM events WHERE event_time < {NOW};
    CREATE VIEW visits AS
        SELECT member_id, session_id, min(event_time) AS start, count(*) AS pages
        FROM acts WHERE event = 'view' AND event_time >= ago(90) AND session_id IS NOT NULL
        GROUP BY ALL;
    CREATE VIEW carts AS
        SELECT member_id, event_time, (
            SELECT count(*) FROM bought b WHERE b.member_id = e.member_id
            AND b.product_id = e.product_id AND b.order_time >= e.event_time
            AND b.order_time < e.event_time + to_days(3)) > 0 AS taken
        FROM acts e WHERE event = 'cart' AND event_time >= ago(90);
    CREATE VIEW sent AS
        SELECT *, coalesce(opened_at < {NOW}, false) AS opened FROM sends
        WHERE member_id IS NOT NULL AND send_time >= ago(180) AND send_time < {NOW};
    CREATE VIEW said AS FROM messages WHERE message_time >= ago(90) AND message_time < {NOW};
"""

COUNTS = {
    "visits_28d": "SELECT member_id, count(*) AS n FROM visits WHERE start >= ago(28) GROUP BY 1",
    "visit_depth": "SELECT member_id, median(pages) AS n FROM visits GROUP BY 1",
    "carts_waiting": """SELECT member_id, count(*) AS n FROM carts
        WHERE event_time >= ago(3) AND NOT taken GROUP BY 1""",
    "n_shares": """SELECT member_id, count(*) AS n FROM acts
        WHERE event = 'share' AND event_time >= ago(180) GROUP BY 1""",
    "check_in_days": """SELECT member_id, count(DISTINCT event_time::DATE) AS n FROM acts
        WHERE event = 'checkin' AND event_time >= ago(90) GROUP BY 1""",
    "n_groups": f"""SELECT member_id, count(DISTINCT group_id) AS n FROM memberships
        WHERE joined_at < {NOW} AND (left_at IS NULL OR left_at >= {NOW}) GROUP BY 1""",
    "n_answered": """SELECT member_id, count(DISTINCT reply_to_member_id) AS n FROM said
        WHERE reply_to_member_id <> member_id AND reply_to_member_id NOT LIKE 's%' GROUP BY 1""",
    "link_share": "SELECT member_id, avg(has_link::INT) AS n FROM said GROUP BY 1",
    "sends_28d": "SELECT member_id, count(*) AS n FROM sent WHERE send_time >= ago(28) GROUP BY 1",
    "n_invited": f"""SELECT inviter_id AS member_id, count(DISTINCT invitee_id) AS n
        FROM referrals WHERE referral_time < {NOW} AND inviter_id <> invitee_id GROUP BY 1""",
    "days_inactive": f"""SELECT member_id, epoch_us({NOW} - max(t)) / 86400e6 AS n FROM (
        SELECT member_id, order_time AS t FROM bought UNION ALL
        SELECT member_id, event_time FROM acts UNION ALL
        SELECT member_id, message_time FROM messages WHERE message_time < {NOW} UNION ALL
        SELECT inviter_id, referral_time FROM referrals WHERE referral_time < {NOW}) GROUP BY 1""",
}

RATES = {
    "browse_to_buy": """SELECT member_id, count(*) AS tried, count(*) FILTER (EXISTS (
        SELECT 1 FROM bought b WHERE b.member_id = v.member_id AND b.order_time >= v.start
        AND b.order_time < v.start + to_days(1))) AS won
        FROM visits v WHERE start < ago(1) GROUP BY 1""",
    "cart_left_share": """SELECT member_id, count(*) AS tried, count(*) FILTER (NOT taken) AS won
        FROM carts WHERE event_time < ago(3) GROUP BY 1""",
    "task_return_d7": """WITH tasks AS (
            SELECT DISTINCT member_id, event_time::DATE AS day FROM acts
            WHERE event = 'checkin' AND event_time >= ago(90) AND event_time < ago(7))
        SELECT member_id, count(*) AS tried, count(*) FILTER (EXISTS (
            SELECT 1 FROM acts a WHERE a.member_id = t.member_id
            AND a.event_time::DATE BETWEEN day + 1 AND day + 7)) AS won
        FROM tasks t GROUP BY 1""",
    "open_rate": """SELECT member_id, count(*) AS tried, count(*) FILTER (opened) AS won
        FROM sent WHERE send_time < ago(3) GROUP BY 1""",
    "open_rate_wecom": """SELECT member_id, count(*) AS tried, count(*) FILTER (opened) AS won
        FROM sent WHERE send_time < ago(3) AND channel = 'wecom' GROUP BY 1""",
    "invitee_buy_share": f"""SELECT inviter_id AS member_id, count(DISTINCT invitee_id) AS tried,
        count(DISTINCT invitee_id) FILTER (invitee_id IN (SELECT member_id FROM bought)) AS won
        FROM referrals WHERE referral_time < {NOW} AND inviter_id <> invitee_id GROUP BY 1""",
    "coupon_redeem_share": f"""WITH used AS (
            SELECT member_id, coupon_id AS offer_id FROM bought WHERE coupon_id IS NOT NULL
            UNION SELECT member_id, offer_id FROM sends WHERE redeemed_at < {NOW})
        SELECT member_id, count(DISTINCT offer_id) AS tried, count(DISTINCT offer_id) FILTER (
            (member_id, offer_id) IN (SELECT (member_id, offer_id) FROM used)) AS won
        FROM offer_members WHERE issued_at >= ago(180) AND expires_at < {NOW} GROUP BY 1""",
}


@pytest.fixture(scope="module", params=[0, 1])
def brand(
    request: pytest.FixtureRequest,
) -> Iterator[tuple[duckdb.DuckDBPyConnection, Facts, Mapping[str, Found]]]:
    c = make_community(500, random_state=request.param)
    with duckdb.connect() as base:
        for name in c.tables():
            base.register(name, c.arrow(name))
        base.execute(COMMON)
        facts = known(c, AS_OF)
        yield base, facts, found(facts)


def _by_member(frame: pd.DataFrame, facts: Facts) -> pd.DataFrame:
    """Give the rows of the customers; those without a row get 0."""
    return frame.set_index("member_id").reindex(facts.members.to_pylist())


@pytest.mark.parametrize("name", COUNTS)
def test_counts_and_means(
    name: str, brand: tuple[duckdb.DuckDBPyConnection, Facts, Mapping[str, Found]]
) -> None:
    base, facts, tags = brand
    theirs = _by_member(base.execute(COUNTS[name]).df(), facts).n
    ours = tags[name].values.to_pandas()  # noqa: PD011
    if ours.dtype.kind == "i":
        theirs = theirs.fillna(0)
    assert theirs.max() > 0
    np.testing.assert_allclose(ours.to_numpy(float), theirs.to_numpy(float), rtol=1e-9)


@pytest.mark.parametrize("name", RATES)
def test_rates_drawn_towards_all(
    name: str, brand: tuple[duckdb.DuckDBPyConnection, Facts, Mapping[str, Found]]
) -> None:
    base, facts, tags = brand
    counts = _by_member(base.execute(RATES[name]).df(), facts).fillna(0)
    assert counts.won.sum() > 0
    assert tags[name].support.tolist() == counts.tried.tolist()
    # the prior's mean: half a success in one trial more than there are
    usual = (counts.won.sum() + 0.5) / (counts.tried.sum() + 1)
    strength = tags[name].strength
    drawn = (counts.won + strength * usual) / (counts.tried + strength)
    ours = tags[name].values.to_pandas().to_numpy(float)  # noqa: PD011
    np.testing.assert_allclose(ours, drawn.where(counts.tried > 0), rtol=1e-9)
