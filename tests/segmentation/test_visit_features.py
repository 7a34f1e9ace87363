"""History features at a cut: by hand, by an oracle, and blind to what comes after."""

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pytest

from siyu.datasets import Community
from siyu.datasets.errors import ParameterError
from siyu.segmentation.value.btyd_forecasts import history_summary
from siyu.segmentation.value.btyd_frame import btyd_summary
from siyu.segmentation.value.settings import horizon_days
from siyu.segmentation.value.visit_features import WINDOWS, GapNorm, gap_norm, visit_features
from siyu.segmentation.value.visit_history import History
from strategies import AS_OF, TZ, shuffled, small_community, with_later_rows

Columns = dict[str, npt.NDArray[np.float64]]


def history(c: Community, as_of: object = AS_OF) -> History:
    known = c.before(as_of)
    return History.of(known, c.moment(as_of), "orders", known.customers())


def shop(*rows: tuple[int, str, float]) -> History:
    """Take (member, day of January, amount) lines, seen from 2026-02-01."""
    frame = pd.DataFrame(rows, columns=["member_id", "order_time", "amount"])
    frame["order_time"] = pd.to_datetime("2026-01-" + frame["order_time"]).dt.tz_localize(TZ)
    return history(Community(orders=frame, tz=TZ), "2026-02-01")


def everything(h: History, cut: int = 0) -> Columns:
    return visit_features(h, gap_norm(h, cut), cut)[1]


def test_days_are_counted_back_from_as_of() -> None:
    h = shop((1, "31 23:59", 5), (1, "31 00:00", 7), (1, "30 23:59", 2))
    assert h.day.tolist() == [-2, -1]
    assert h.money.tolist() == [2.0, 12.0]


def test_a_day_begins_at_the_time_of_as_of() -> None:
    frame = pd.DataFrame({"member_id": [1, 1], "amount": [1.0, 1.0]})
    frame["order_time"] = pd.to_datetime(["2026-01-30 11:59", "2026-01-30 12:00"])
    h = history(Community(orders=frame, tz=TZ), "2026-01-31 12:00")
    assert h.day.tolist() == [-2, -1]


def test_days_never_run_backwards_when_the_clock_is_put_back() -> None:
    times = pd.to_datetime(["2026-11-01 05:40", "2026-11-01 06:10", "2026-11-02 12:00"], utc=True)
    frame = pd.DataFrame({"member_id": 1, "amount": 1.0, "order_time": times})
    c = Community(orders=frame, tz="America/New_York")
    h = history(c, pd.Timestamp("2026-11-08 01:30", tz="America/New_York"))
    assert (np.diff(h.day) > 0).all()
    assert (h.day < 0).all()


def test_a_refund_is_no_visit_but_lowers_the_money() -> None:
    h = shop((1, "10", 50), (1, "20", -30))
    assert h.is_visit.tolist() == [True, False]
    columns = everything(h)
    assert columns["visits"].tolist() == [1.0]
    assert columns["recency"].tolist() == [22.0]
    assert columns["net_91d"].tolist() == [20.0]


def test_the_figures_of_a_small_history() -> None:
    h = shop((1, "02", 10), (1, "12", 10), (1, "16", 40), (2, "29", 8))
    columns = everything(h)
    assert columns["tenure"].tolist() == [30.0, 3.0]
    assert columns["recency"].tolist() == [16.0, 3.0]
    assert columns["visits_28d"].tolist() == [2.0, 1.0]
    assert columns["gap_mean"].tolist()[0] == 7.0
    assert columns["gap_cv"][0] == pytest.approx(np.sqrt(18) / 7)  # gaps 10 and 4
    assert np.isnan(columns["gap_mean"][1])
    assert columns["gap_shrunk"].tolist() == [7.0, 7.0]  # the only gaps are the member's own
    assert columns["overdue"].tolist() == pytest.approx([16 / 7, 3 / 7])
    assert columns["longer_gaps"].tolist() == [0.0, 0.0]
    assert columns["gap_max"].tolist()[0] == 10.0
    assert columns["spend_mean"].tolist() == [20.0, 8.0]
    assert columns["trend_14d"].tolist()[0] == 1 / 3  # none of late, two before: (0 + 1) / (2 + 1)


def test_windows_count_what_pandas_counts() -> None:
    c = small_community(4, 400)
    h = history(c)
    columns = everything(h)
    orders = c.before(AS_OF).orders
    assert orders is not None
    orders = orders[(orders.amount >= 0) & ~(orders.quantity <= 0) & (orders.member_id > 2)]
    local = orders.order_time.dt.tz_convert(TZ)
    midnight = AS_OF.tz_convert(TZ) - AS_OF.tz_convert(TZ).normalize()
    orders["day"] = (local - midnight).dt.floor("D")
    days = orders.drop_duplicates(["member_id", "day"]).groupby("member_id").day
    for window in WINDOWS:
        since = (AS_OF.tz_convert(TZ) - midnight) - pd.Timedelta(days=window)
        expected = [int((day >= since).sum()) for _, day in days]
        assert columns[f"visits_{window}d"].tolist() == expected


def test_nothing_after_the_cut_is_looked_at() -> None:
    c = small_community(5, 400)
    h = history(c)
    earlier = history(c, AS_OF - pd.Timedelta(days=40))
    told, then = everything(h, -40), everything(earlier)
    assert list(told) == list(then)
    for name in told:
        np.testing.assert_array_equal(told[name], then[name], err_msg=name)


def test_later_rows_and_the_order_of_rows_change_nothing() -> None:
    c = small_community(6)
    for other in (with_later_rows(c, small_community(7)), shuffled(c, 1)):
        told, expected = everything(history(other)), everything(history(c))
        for name in expected:
            np.testing.assert_array_equal(told[name], expected[name], err_msg=name)


def test_a_chunk_of_members_gives_the_same_numbers() -> None:
    c = small_community(8, 300)
    h, known = history(c), c.before(AS_OF)
    norm = gap_norm(h)
    who, whole = visit_features(h, norm)
    for chunk in np.array_split(np.arange(len(h.members)), 5):
        part = History.of(known, c.moment(AS_OF), "orders", h.members.take(pa.array(chunk)))
        at, columns = visit_features(part, norm)
        rows = np.flatnonzero(np.isin(who, chunk))
        assert chunk[at].tolist() == who[rows].tolist()
        for name in whole:
            np.testing.assert_array_equal(columns[name], whole[name][rows], err_msg=name)


def test_nobody_gives_every_column_without_rows() -> None:
    h = shop((1, "05", -5))
    who, columns = visit_features(h, GapNorm(30.0))
    assert len(who) == 0
    assert list(columns) == list(everything(shop((1, "05", 5))))


def test_text_ids_give_the_same_numbers() -> None:
    named, numbered = history(small_community(9, text_ids=True)), history(small_community(9))
    told, expected = everything(named), everything(numbered)
    for name in expected:
        np.testing.assert_array_equal(told[name], expected[name], err_msg=name)


def test_events_are_visits_without_money() -> None:
    c = small_community(10)
    known = c.before(AS_OF)
    h = History.of(known, c.moment(AS_OF), "events", known.customers())
    assert h.is_visit.all()
    assert not h.money.any()


def test_the_summary_is_that_of_btyd_summary() -> None:
    c = small_community(11, 300)
    as_of = pd.Timestamp("2026-03-01", tz=TZ)
    theirs = btyd_summary(c, as_of=as_of, unit="7D").dropna(subset=["x"])
    _, ours = history_summary(history(c, as_of))
    for name in ("x", "t_x", "T"):
        np.testing.assert_allclose(ours[name].to_numpy(), theirs[name].to_numpy(float))


@pytest.mark.parametrize("horizon", ["12h", "0D", "-3D", "soon", None, "36h"])
def test_a_horizon_is_whole_days(horizon: object) -> None:
    with pytest.raises(ParameterError, match="horizon must be"):
        horizon_days(horizon)
