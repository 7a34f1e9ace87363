"""Variety, exposure, value, reliability and means: worked by hand, and by independent formulas."""

import math

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from siyu.datasets import Community, DataError, ParameterError
from siyu.datasets.intervals import bootstrap_mean, paired_difference
from siyu.recommend.evaluation.measure_means import mean_differences, mean_measures
from siyu.recommend.evaluation.reliability import probability_errors, reliability_table
from siyu.recommend.evaluation.value_captured import list_value
from siyu.recommend.evaluation.variety import list_exposure, list_variety
from strategies import AS_OF, shuffled, small_community, with_edited_future, with_later_rows


def lists(rows: list[tuple[int, int, int]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["member_id", "product_id", "rank"])


def shop(rows: list[tuple[int, int]]) -> Community:
    orders = pd.DataFrame(rows, columns=["member_id", "product_id"])
    orders = orders.assign(amount=1.0, order_time=AS_OF - pd.Timedelta(days=3))
    products = pd.DataFrame({"product_id": [7, 8, 9, 10], "category": ["tea", "tea", "nuts", None]})
    return Community(orders=orders, products=products, tz="UTC")


# Four buyers: all have 7, two have 8, one has 9, nobody 10 and 11.
SHOP = shop([(1, 7), (2, 7), (3, 7), (4, 7), (1, 8), (2, 8), (3, 9)])


def variety(rows: list[tuple[int, int, int]], k: int = 10) -> pd.DataFrame:
    found: pd.DataFrame = list_variety(lists(rows), SHOP, as_of=AS_OF, k=k)
    return found


def test_novelty_is_the_mean_self_information() -> None:
    found = variety([(1, 7, 1), (1, 8, 2), (1, 9, 3)])
    assert found["novelty"].tolist() == pytest.approx([(0 + 1 + 2) / 3])


def test_a_product_that_nobody_bought_is_as_novel_as_one_bought_once() -> None:
    assert variety([(1, 10, 1)])["novelty"].tolist() == variety([(1, 9, 1)])["novelty"].tolist()


def test_new_share_counts_what_the_member_never_bought() -> None:
    found = variety([(1, 7, 1), (1, 8, 2), (1, 9, 3), (4, 7, 1), (4, 8, 2)])
    assert found["new_share"].tolist() == pytest.approx([1 / 3, 1 / 2])


def test_everything_is_new_to_an_unknown_member() -> None:
    assert variety([(99, 7, 1)])["new_share"].tolist() == [1.0]


def test_diversity_is_the_share_of_pairs_of_two_categories() -> None:
    # tea, tea, nuts: two of three pairs differ; the product without category is left out.
    found = variety([(1, 7, 1), (1, 8, 2), (1, 9, 3), (1, 10, 4)])
    assert found["diversity"].tolist() == pytest.approx([2 / 3])


def test_the_diversity_of_one_product_is_unknown() -> None:
    assert variety([(1, 7, 1)])["diversity"].isna().tolist() == [True]


def test_ranks_beyond_k_are_not_looked_at() -> None:
    assert variety([(1, 7, 1), (1, 9, 2)], k=1)["novelty"].tolist() == [0.0]


def test_without_categories_the_diversity_is_null() -> None:
    c = Community(orders=SHOP.orders, tz="UTC")
    found = list_variety(lists([(1, 7, 1), (1, 8, 2)]), c, as_of=AS_OF)
    assert found["diversity"].isna().all()


def test_gini_is_that_of_the_pairwise_formula() -> None:
    rows = [(1, 7, 1), (2, 7, 1), (3, 7, 1), (3, 8, 2)]
    found = list_exposure(lists(rows), SHOP, as_of=AS_OF).iloc[0]
    shown = np.array([3, 1, 0])
    wanted = np.abs(shown[:, None] - shown).sum() / (2 * len(shown) * shown.sum())
    assert found["gini"] == pytest.approx(wanted)
    assert (found["n_listed"], found["n_products"], found["n_members"]) == (2, 3, 3)


def test_a_listed_product_never_sold_belongs_to_the_catalogue() -> None:
    found = list_exposure(lists([(1, 11, 1)]), SHOP, as_of=AS_OF).iloc[0]
    assert (found["n_products"], found["coverage"]) == (4, 0.25)


def test_no_lists_have_no_gini() -> None:
    found = list_exposure(lists([]).astype("int64"), SHOP, as_of=AS_OF).iloc[0]
    assert math.isnan(found["gini"])
    assert found["coverage"] == 0


def test_lists_by_other_ids_are_refused() -> None:
    shown = lists([(1, 7, 1)]).astype({"product_id": str})
    with pytest.raises(DataError, match="the lists name products by"):
        list_variety(shown, SHOP, as_of=AS_OF)


def some_lists(c: Community) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    members = c.before(AS_OF).customers().to_pylist()
    rows = [(m, int(p), r + 1) for m in members for r, p in enumerate(rng.permutation(9)[:4] + 1)]
    return pd.DataFrame(rows, columns=["member_id", "product_id", "rank"])


@pytest.mark.parametrize("measure", [list_variety, list_exposure])
@pytest.mark.parametrize("text_ids", [False, True])
def test_later_rows_edits_and_order_change_no_byte(measure: object, *, text_ids: bool) -> None:
    assert callable(measure)
    c = small_community(2, text_ids=text_ids)
    shown = some_lists(c)
    first = measure(shown, c, as_of=AS_OF)
    for other in (
        with_later_rows(c, small_community(50, text_ids=text_ids)),
        with_edited_future(c, 1),
        shuffled(c, 1),
    ):
        pd.testing.assert_frame_equal(first, measure(shown, other, as_of=AS_OF), check_exact=True)
    mixed = shown.sample(frac=1, random_state=0)
    pd.testing.assert_frame_equal(first, measure(mixed, c, as_of=AS_OF), check_exact=True)


def test_value_adds_up_listed_products_that_were_taken() -> None:
    taken = pd.DataFrame(
        {"member_id": [1, 1, 1, 2], "product_id": [7, 8, 9, 7], "value": [2.0, 5.0, 1.0, -3.0]}
    )
    found = list_value(lists([(1, 7, 1), (1, 9, 2), (2, 7, 1)]), taken, k=2)
    assert found["value"].tolist() == [3.0, -3.0]
    assert found["value_share"].tolist()[0] == pytest.approx(3 / 7)
    assert found["value_share"].isna().tolist() == [False, True]


def test_a_member_without_a_list_captures_nothing() -> None:
    taken = pd.DataFrame({"member_id": [1, 2], "product_id": [7, 7], "value": [2.0, 4.0]})
    assert list_value(lists([(1, 7, 1)]), taken)["value"].tolist() == [2.0, 0.0]


def test_a_pair_taken_twice_is_refused() -> None:
    taken = pd.DataFrame({"member_id": [1, 1], "product_id": [7, 7], "value": [2.0, 4.0]})
    with pytest.raises(DataError, match="a product twice, 1 rows too many"):
        list_value(lists([(1, 7, 1)]), taken)


def test_an_unknown_value_is_refused() -> None:
    taken = pd.DataFrame({"member_id": [1], "product_id": [7], "value": [np.inf]})
    with pytest.raises(DataError, match="every value must be finite"):
        list_value(lists([(1, 7, 1)]), taken)


def forecasts(n_members: int = 300, *, honest: bool) -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(1)
    shown = pd.DataFrame(
        {
            "member_id": np.repeat(np.arange(n_members), 8),
            "product_id": np.tile(range(8), n_members),
        }
    )
    chance = rng.uniform(0, 0.6, len(shown))
    taken = shown[rng.uniform(size=len(shown)) < chance]
    shown["probability"] = chance if honest else np.minimum(chance * 1.6, 1)
    return shown, taken


def test_reliability_worked_by_hand() -> None:
    shown = pd.DataFrame({"member_id": [1, 2, 3, 4], "product_id": 7})
    shown["probability"] = [0.1, 0.3, 0.6, 0.8]
    taken = pd.DataFrame({"member_id": [2, 3, 4], "product_id": 7})
    found = reliability_table(shown, taken, n_bins=2)
    assert found["n_pairs"].tolist() == [2, 2]
    assert found["probability"].tolist() == pytest.approx([0.2, 0.7])
    assert found["taken"].tolist() == [0.5, 1.0]
    errors = probability_errors(shown, taken, n_bins=2).set_index("measure")["estimate"]
    assert errors["calibration_error"] == pytest.approx((0.3 + 0.3) / 2)
    assert errors["brier"] == pytest.approx((0.01 + 0.49 + 0.16 + 0.04) / 4)
    assert errors["log_loss"] == pytest.approx(-np.log([0.9, 0.3, 0.6, 0.8]).mean())
    assert errors["bias"] == pytest.approx(0.45 - 0.75)


def test_brier_and_log_loss_are_those_of_scikit_learn() -> None:
    from sklearn.metrics import brier_score_loss, log_loss

    shown, taken = forecasts(honest=True)
    pairs = set(zip(taken["member_id"], taken["product_id"], strict=True))
    came = [pair in pairs for pair in zip(shown["member_id"], shown["product_id"], strict=True)]
    errors = probability_errors(shown, taken).set_index("measure")["estimate"]
    assert errors["brier"] == pytest.approx(brier_score_loss(came, shown["probability"]))
    assert errors["log_loss"] == pytest.approx(log_loss(came, shown["probability"]))


def test_honest_probabilities_lie_within_every_interval() -> None:
    shown, taken = forecasts(honest=True)
    found = reliability_table(shown, taken, n_bins=5)
    assert ((found["low"] <= found["probability"]) & (found["probability"] <= found["high"])).all()


def test_boasting_is_found() -> None:
    shown, taken = forecasts(honest=False)
    errors = probability_errors(shown, taken).set_index("measure")
    assert errors.loc["bias", "low"] > 0.1
    assert errors.loc["calibration_error", "low"] > 0.1
    honest = probability_errors(*forecasts(honest=True)).set_index("measure")
    assert errors.loc["brier", "estimate"] > honest.loc["brier", "estimate"]


def test_null_probabilities_are_left_out() -> None:
    shown = pd.DataFrame({"member_id": [1, 2], "product_id": 7, "probability": [0.5, None]})
    taken = pd.DataFrame({"member_id": [2], "product_id": [7]})
    assert reliability_table(shown, taken)["n_pairs"].tolist() == [1]


def test_no_probabilities_give_no_bins_and_no_errors() -> None:
    shown = pd.DataFrame({"member_id": [1], "product_id": 7, "probability": [np.nan]})
    taken = pd.DataFrame({"member_id": [2], "product_id": [7]})
    assert len(reliability_table(shown, taken)) == 0
    assert probability_errors(shown, taken)["estimate"].isna().all()


def test_equal_probabilities_share_a_bin() -> None:
    shown = pd.DataFrame({"member_id": range(9), "product_id": 7, "probability": 0.2})
    taken = pd.DataFrame({"member_id": [2], "product_id": [7]})
    assert len(reliability_table(shown, taken, n_bins=5)) == 1


def test_a_probability_above_one_is_refused() -> None:
    shown = pd.DataFrame({"member_id": [1], "product_id": 7, "probability": [1.2]})
    with pytest.raises(DataError, match="lie between 0 and 1, 1 do not"):
        reliability_table(shown, shown)


def test_lists_without_probabilities_are_refused() -> None:
    with pytest.raises(DataError, match="no column probability"):
        probability_errors(lists([(1, 7, 1)]), lists([(1, 7, 1)]))


def measured(n: int = 40) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    return pd.DataFrame({"member_id": np.arange(n), "ndcg": rng.random(n), "hit": rng.random(n)})


def test_means_are_those_of_the_bootstrap() -> None:
    table = measured()
    found = mean_measures(table).iloc[0]
    wanted = bootstrap_mean(table["ndcg"].to_numpy(), random_state=0)
    assert (found["segment"], found["measure"], found["n_members"]) == ("all", "ndcg", 40)
    assert found[["mean", "low", "high"]].tolist() == [wanted.estimate, wanted.low, wanted.high]


def test_differences_are_paired_by_member() -> None:
    ours, theirs = measured(), measured().sample(frac=1, random_state=1)
    theirs["ndcg"] = theirs["ndcg"] - 0.1
    found = mean_differences(ours, theirs).set_index("measure")
    assert found.loc["ndcg", ["difference", "low", "high"]].tolist() == pytest.approx([0.1] * 3)
    order = theirs.sort_values("member_id")
    wanted = paired_difference(ours["hit"].to_numpy(), order["hit"].to_numpy(), random_state=0)
    assert found.loc["hit", "low"] == wanted.low


def test_members_of_one_table_alone_are_not_compared() -> None:
    found = mean_differences(measured(40), measured(25))
    assert found["n_members"].tolist() == [25, 25]


def test_every_segment_is_measured_and_the_unknown_one_too() -> None:
    where = pd.DataFrame({"member_id": range(30), "stage": ["new"] * 10 + ["active"] * 20})
    found = mean_measures(measured(), segments=where)
    assert found["segment"].fillna("?").unique().tolist() == ["all", "active", "new", "?"]
    assert found["n_members"].tolist() == [40, 40, 20, 20, 10, 10, 10, 10]
    new = measured().iloc[:10]["ndcg"].mean()
    row = found[(found["segment"] == "new") & (found["measure"] == "ndcg")]
    assert row["mean"].tolist() == pytest.approx([new])


def test_a_null_measure_is_left_out_of_its_mean() -> None:
    table = measured().assign(diversity=np.array([np.nan] * 39 + [0.5]))
    found = mean_measures(table).set_index("measure")
    assert found.loc["diversity", ["n_members", "mean"]].tolist() == [1, 0.5]
    assert math.isnan(found.loc["diversity", "low"])


def test_a_member_twice_is_refused() -> None:
    table = pd.concat([measured(), measured().iloc[:1]])
    with pytest.raises(DataError, match="one row a member, got 41 rows of 40"):
        mean_measures(table)


def test_segments_of_two_columns_are_refused() -> None:
    with pytest.raises(ParameterError, match="member_id and one further column"):
        mean_measures(measured(), segments=measured())


def test_no_measure_in_common_is_refused() -> None:
    with pytest.raises(DataError, match="no measure in common"):
        mean_differences(measured()[["member_id", "ndcg"]], measured()[["member_id", "hit"]])


@pytest.mark.parametrize("make", [pl.from_pandas, pa.Table.from_pandas])
def test_the_kind_of_frame_comes_back(make: object) -> None:
    assert callable(make)
    table = make(measured())
    assert isinstance(mean_measures(table), type(table))
