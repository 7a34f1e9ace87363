import pandas as pd
import pytest

from planted_shop import AS_OF, make_shop, planted_orders
from siyu.datasets import Community, DataError, ParameterError
from siyu.recommend.candidates.finding import Quotas
from siyu.recommend.candidates.recall import UNION, RecallOptions, source_recall
from siyu.recommend.candidates.sources import SOURCES

START = pd.Timestamp("2026-01-01", tz="UTC")
CUT = START + pd.Timedelta(days=30)
END = CUT + pd.Timedelta(days=28)


def few_orders() -> pd.DataFrame:
    """Write orders of three members before the cut, and two purchases after it."""
    rows = [("a", "milk", 1), ("a", "milk", 20), ("b", "milk", 2), ("b", "tea", 2), ("c", "tea", 3)]
    later = [("a", "milk", 35), ("a", "tea", 36)]
    frame = pd.DataFrame([*rows, *later], columns=["member_id", "product_id", "day"])
    frame["order_time"] = START + pd.to_timedelta(frame.pop("day"), unit="D")
    return frame.assign(amount=1.0)


def report(c: Community, **options: object) -> pd.DataFrame:
    found: pd.DataFrame = source_recall(c, as_of=END, cuts=[CUT], options=RecallOptions(**options))  # type: ignore[arg-type]
    return found.set_index("source")


def numbers(found: pd.DataFrame, source: str, *columns: str) -> list[float]:
    """Read some columns of one source."""
    return [float(found[column][source]) for column in columns]


@pytest.fixture(scope="module")
def few() -> pd.DataFrame:
    return report(Community(orders=few_orders()))


def test_one_row_a_source_and_one_for_all_together(few: pd.DataFrame) -> None:
    assert few.index.tolist() == [*(source.name for source in SOURCES), UNION]


def test_recall_of_own_purchases_worked_by_hand(few: pd.DataFrame) -> None:
    # Of two purchases, "a" had bought milk before; tea was new. Four pairs are own.
    assert numbers(few, "own", "recall", "recall_new") == [0.5, 0.0]
    assert few.loc["own", "candidates"] == pytest.approx(4 / 3)
    assert few.loc["own", "precision"] == 0.25
    assert numbers(few, "own", "n_relevant", "n_relevant_new") == [2, 1]


def test_all_sources_together_find_what_any_finds(few: pd.DataFrame) -> None:
    assert numbers(few, UNION, "recall", "recall_new") == [1.0, 1.0]


def test_what_two_sources_find_neither_finds_alone(few: pd.DataFrame) -> None:
    # "popular" and the sources of likeness all propose tea.
    assert few.loc["popular", "recall_new"] == 1.0
    assert few.loc["popular", "alone_new"] == 0.0


def test_a_source_left_by_itself_finds_alone_what_it_finds() -> None:
    none = dict.fromkeys((source.name for source in SOURCES), 0)
    found = report(Community(orders=few_orders()), quotas=Quotas(**{**none, "popular": 5}))
    assert numbers(found, "popular", "recall_new", "alone_new") == [1.0, 1.0]
    assert found.loc["own", "candidates"] == 0


def test_shares_of_no_purchases_are_unknown() -> None:
    found = report(Community(orders=few_orders().iloc[:5]))
    assert found[["recall", "recall_new", "alone"]].isna().all(axis=None)


def test_by_default_the_newest_windows_are_measured() -> None:
    found = source_recall(make_shop(), as_of=AS_OF)
    cuts = found["cut"].unique()
    assert list(cuts) == [AS_OF - pd.Timedelta(days=56), AS_OF - pd.Timedelta(days=28)]


def test_planted_tastes_are_all_found() -> None:
    found = source_recall(make_shop(), as_of=AS_OF).set_index("source")
    assert (found.loc[UNION, "recall"] > 0.98).all()


def test_what_comes_later_changes_nothing() -> None:
    orders = planted_orders()
    later = orders.head(100).assign(order_time=AS_OF + pd.Timedelta(hours=1))
    changed = make_shop(orders=pd.concat([orders, later]))
    pd.testing.assert_frame_equal(
        source_recall(changed, as_of=AS_OF), source_recall(make_shop(), as_of=AS_OF)
    )


def test_the_order_of_rows_changes_nothing() -> None:
    shuffled = make_shop(orders=planted_orders().sample(frac=1, random_state=0))
    pd.testing.assert_frame_equal(
        source_recall(shuffled, as_of=AS_OF), source_recall(make_shop(), as_of=AS_OF)
    )


def test_integer_and_text_ids_give_the_same_report() -> None:
    named = few_orders().assign(member_id=lambda t: t["member_id"].map({"a": 1, "b": 2, "c": 3}))
    pd.testing.assert_frame_equal(
        report(Community(orders=named)), report(Community(orders=few_orders()))
    )


def test_a_cut_whose_window_is_not_over_is_refused() -> None:
    with pytest.raises(ParameterError, match="must end at or before as_of"):
        source_recall(Community(orders=few_orders()), as_of=CUT, cuts=[CUT])


def test_a_history_shorter_than_two_horizons_has_no_window() -> None:
    with pytest.raises(DataError, match="no window to measure in"):
        source_recall(Community(orders=few_orders()), as_of=START + pd.Timedelta(days=40))


def test_no_orders_have_no_window() -> None:
    with pytest.raises(DataError, match="no window to measure in"):
        source_recall(Community(orders=few_orders().iloc[:0]), as_of=END)


def test_one_member_is_measured() -> None:
    alone = few_orders()
    found = report(Community(orders=alone[alone["member_id"] == "a"]))
    assert found.loc["own", "recall"] == 1.0  # tea was sold to nobody else before


def test_no_windows_are_refused() -> None:
    with pytest.raises(ParameterError, match="n_windows must be 1 or more"):
        report(make_shop(), n_windows=0)


def test_orders_are_needed() -> None:
    with pytest.raises(DataError, match="orders"):
        source_recall(Community(members=pd.DataFrame({"member_id": [1]})), as_of=END)
