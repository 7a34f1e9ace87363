"""Training rows: features before the cut, labels after it, nothing on both sides."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from siyu.datasets import Community, make_community
from siyu.segmentation.value.labelled_visits import labelled_visits, past_cuts
from siyu.segmentation.value.visit_forecasts import VisitForecasts
from siyu.segmentation.value.visit_history import History

AS_OF = pd.Timestamp("2026-05-01", tz="Asia/Shanghai")
DAYS = 28


@pytest.fixture(scope="module")
def brand() -> Community:
    return make_community(150, random_state=2)


def read(c: Community) -> History:
    known = c.before(AS_OF)
    return History.of(known, c.moment(AS_OF), "orders", known.customers())


def test_the_last_window_ends_at_as_of(brand: Community) -> None:
    cuts = past_cuts(read(brand), DAYS)
    assert cuts[-1] == -DAYS
    assert (np.diff(cuts) == 14).all()


def test_cuts_leave_a_record_before_them(brand: Community) -> None:
    h = read(brand)
    cuts = past_cuts(h, DAYS, n_cuts=1000)
    assert cuts[0] >= h.first_day + DAYS


@pytest.mark.parametrize(("first", "cuts"), [(-84, [-56, -42, -28]), (-83, [-42, -28])])
def test_a_cut_has_four_whole_weeks_of_record_before_it(first: int, cuts: list[int]) -> None:
    one = np.ones(1, np.int64)
    h = History(pa.array([0]), np.array([0, 1]), first * one, one > 0, np.ones(1), one, 0)
    assert past_cuts(h, DAYS).tolist() == cuts


def test_a_record_of_one_window_gives_no_cut_before_it(brand: Community) -> None:
    h = read(brand)
    long = -h.first_day
    assert len(past_cuts(h, long)) == 0


def test_labels_are_what_an_oracle_counts(brand: Community) -> None:
    h = read(brand)
    cuts = past_cuts(h, DAYS, n_cuts=3)
    rows = labelled_visits(h, cuts, DAYS)
    orders = brand.orders
    assert orders is not None
    orders = orders[orders.order_time < AS_OF]
    bought = orders[(orders.amount >= 0) & ~(orders.quantity <= 0)]
    days = bought.order_time.dt.tz_convert("Asia/Shanghai").dt.floor("D")
    ids = np.asarray(h.members.to_pylist())
    for cut in cuts.tolist():
        begin = AS_OF + pd.Timedelta(days=cut)
        end = begin + pd.Timedelta(days=DAYS)
        inside = (days >= begin) & (days < end)
        visits = days[inside].groupby(bought.member_id[inside]).nunique()
        paid = orders[(orders.order_time >= begin) & (orders.order_time < end)]
        money = paid.groupby("member_id").amount.sum()
        at = rows.cut == cut
        who = ids[rows.member[at]]
        assert set(who) == set(bought.member_id[days < begin]) & set(ids)
        assert rows.visits[at].tolist() == visits.reindex(who).fillna(0).astype(int).tolist()
        np.testing.assert_allclose(rows.money[at], money.reindex(who).fillna(0))


def test_features_are_blind_to_their_own_labels(brand: Community) -> None:
    cuts = past_cuts(read(brand), DAYS, n_cuts=1)
    begin = AS_OF + pd.Timedelta(days=int(cuts[0]))
    orders = brand.orders
    assert orders is not None
    inside = (orders.order_time >= begin) & (orders.order_time < AS_OF)
    tables = {name: brand.arrow(name) for name in brand.tables() if name != "orders"}
    without = Community(tz=brand.tz, orders=orders[~inside], **tables)
    rows, blind = (labelled_visits(read(c), cuts, DAYS) for c in (brand, without))
    assert blind.visits.sum() == 0 < rows.visits.sum()
    for name in rows.columns:
        np.testing.assert_array_equal(rows.columns[name], blind.columns[name], err_msg=name)


def test_many_rows_are_thinned_alike_in_every_column(
    brand: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    h = read(brand)
    cuts = past_cuts(h, DAYS, n_cuts=3)
    whole = labelled_visits(h, cuts, DAYS)
    monkeypatch.setattr("siyu.segmentation.value.labelled_visits._MOST_ROWS", 100)
    thin = labelled_visits(h, cuts, DAYS)
    assert (whole.step, thin.step) == (1, -(-len(whole.visits) // 100))
    assert thin.member.tolist() == whole.member[:: thin.step].tolist()
    assert thin.columns["rate"].tolist() == whole.columns["rate"][:: thin.step].tolist()
    assert len(thin.visits) <= 100


def test_forecasts_learn_from_thinned_rows_too(
    brand: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("siyu.segmentation.value.labelled_visits._MOST_ROWS", 250)
    found = VisitForecasts.fit(read(brand), DAYS, n_bags=1).predict(read(brand))[1]
    mean = found["BGNBD"].mean()
    assert found["LightGBM x BTYD (BTYD total)"].mean() == pytest.approx(mean, rel=0.2)
