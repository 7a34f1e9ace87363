"""What sets a segment apart, against figures worked out otherwise."""

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import stats

from siyu.datasets.errors import ParameterError, SchemaError
from siyu.datasets.intervals import wilson_interval
from siyu.segmentation.clusters.profile import segment_profile


@pytest.fixture(scope="module")
def tags() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    n = 600
    stage = rng.choice(["new", "loyal", "churned"], n, p=[0.2, 0.3, 0.5])
    is_loyal = stage == "loyal"
    frame = pd.DataFrame(
        {
            "member_id": rng.permutation(n),
            "stage": stage,
            "monetary": np.exp(rng.normal(np.where(is_loyal, 5, 4), 1)),
            "balance": rng.normal(0, 3, n),
            "night_owl": rng.random(n) < np.where(is_loyal, 0.6, 0.1),
            "channel": rng.choice(["app", "shop"], n),
        }
    )
    frame["stage"] = frame["stage"].mask(rng.random(n) < 0.05)
    frame["monetary"] = frame["monetary"].mask(rng.random(n) < 0.1)
    frame["night_owl"] = frame["night_owl"].astype("boolean").mask(rng.random(n) < 0.1)
    return frame


def row_of(told: pd.DataFrame, segment: str, feature: str, value: str | None = None) -> Any:
    rows = told[(told["segment"] == segment) & (told["feature"] == feature)]
    rows = rows[rows["value"].isna() if value is None else rows["value"] == value]
    assert len(rows) == 1
    return rows.iloc[0]


def test_means_are_those_of_pandas(tags: pd.DataFrame) -> None:
    row = row_of(segment_profile(tags, "stage"), "loyal", "monetary")
    inside = tags.loc[tags["stage"] == "loyal", "monetary"]
    outside = tags.loc[tags["stage"].notna() & (tags["stage"] != "loyal"), "monetary"]
    assert row["inside"] == pytest.approx(inside.mean())
    assert row["median"] == pytest.approx(inside.median())
    assert row["outside"] == pytest.approx(outside.mean())
    assert row["lift"] == pytest.approx(inside.mean() / outside.mean())
    assert row["n_known"] == inside.notna().sum()
    assert row["n_unknown"] == inside.isna().sum()


def test_intervals_of_means_are_those_of_scipy(tags: pd.DataFrame) -> None:
    row = row_of(segment_profile(tags, "stage"), "loyal", "monetary")
    inside = tags.loc[tags["stage"] == "loyal", "monetary"].dropna()
    outside = tags.loc[tags["stage"].isin(["new", "churned"]), "monetary"].dropna()
    apart = stats.ttest_ind(inside, outside, equal_var=False).confidence_interval()
    alone = stats.t.interval(0.95, len(inside) - 1, inside.mean(), stats.sem(inside))
    assert (row["difference_low"], row["difference_high"]) == pytest.approx(tuple(apart))
    assert (row["low"], row["high"]) == pytest.approx(alone)


def test_shares_are_those_of_pandas(tags: pd.DataFrame) -> None:
    row = row_of(segment_profile(tags, "stage"), "loyal", "night_owl", "true")
    inside = tags.loc[tags["stage"] == "loyal", "night_owl"].dropna().astype(float)
    outside = tags.loc[tags["stage"].isin(["new", "churned"]), "night_owl"].dropna().astype(float)
    wilson = wilson_interval(int(inside.sum()), len(inside))
    assert row["inside"] == pytest.approx(inside.mean())
    assert row["outside"] == pytest.approx(outside.mean())
    assert row["lift"] == pytest.approx(inside.mean() / outside.mean())
    assert (row["low"], row["high"]) == pytest.approx((wilson.low, wilson.high))


def test_chance_of_a_share_is_that_of_scipy(tags: pd.DataFrame) -> None:
    row = row_of(segment_profile(tags, "stage"), "loyal", "channel", "app")
    known = tags[tags["stage"].notna()]
    counts = pd.crosstab(known["stage"] == "loyal", known["channel"] == "app")
    assert row["p_value"] == pytest.approx(stats.chi2_contingency(counts, correction=True).pvalue)


def test_newcombes_interval_is_as_published() -> None:
    # Newcombe (1998), table II, contrast a, method 10: 56/70 against 48/80.
    frame = pd.DataFrame(
        {
            "member_id": range(150),
            "arm": ["a"] * 70 + ["b"] * 80,
            "hit": [True] * 56 + [False] * 14 + [True] * 48 + [False] * 32,
        }
    )
    row = row_of(segment_profile(frame, "arm"), "a", "hit", "true")
    assert row["difference"] == pytest.approx(0.2)
    assert row["difference_low"] == pytest.approx(0.0524, abs=1e-4)
    assert row["difference_high"] == pytest.approx(0.3339, abs=1e-4)


def test_the_false_discovery_rate_is_that_of_scipy(tags: pd.DataFrame) -> None:
    told = segment_profile(tags, "stage").dropna(subset=["p_value"])
    expected = stats.false_discovery_control(told["p_value"])
    assert np.allclose(told["q_value"], expected)


def test_nothing_is_telling_where_segments_are_drawn_by_lot() -> None:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.normal(size=(900, 20)), columns=[f"x{i}" for i in range(20)])
    frame = frame.assign(member_id=range(900), segment=rng.choice(list("abc"), 900))
    told = segment_profile(frame, "segment")
    assert (told["p_value"] < 0.05).any()
    assert not told["is_telling"].any()


def test_what_was_planted_ranks_first(tags: pd.DataFrame) -> None:
    told = segment_profile(tags, "stage")
    first = told[(told["segment"] == "loyal") & (told["rank"] <= 2)]
    assert set(first["feature"]) == {"night_owl", "monetary"}
    assert first["is_telling"].all()
    assert not told.loc[told["feature"] == "channel", "is_telling"].any()


def test_one_huge_amount_does_not_hide_a_difference(tags: pd.DataFrame) -> None:
    richer = tags.copy()
    richer.loc[richer["stage"] == "new", "monetary"] += 200
    richer.loc[richer["stage"].eq("churned").idxmax(), "monetary"] = 1e9
    row = row_of(segment_profile(richer, "stage"), "new", "monetary")
    assert row["difference"] < 0
    assert row["effect"] > 0.8
    assert row["is_telling"]


def test_each_segment_has_its_size_and_members_without_one_are_counted(tags: pd.DataFrame) -> None:
    told = segment_profile(tags, "stage")
    sizes = told.drop_duplicates("segment").set_index("segment")["n"]
    counts = tags["stage"].value_counts()
    assert sizes.dropna().loc[counts.index].tolist() == counts.tolist()
    last = told.iloc[-1]
    assert last["n"] == tags["stage"].isna().sum()
    assert last.drop(["n", "share", "is_telling"]).isna().all()


def test_unknown_values_are_no_zeros() -> None:
    frame = pd.DataFrame(
        {
            "member_id": range(6),
            "stage": ["a", "a", "a", "b", "b", "b"],
            "spend": [10.0, np.nan, np.nan, 20.0, 20.0, np.nan],
        }
    )
    row = row_of(segment_profile(frame, "stage"), "a", "spend")
    assert (row["inside"], row["outside"], row["n_unknown"]) == (10.0, 20.0, 2)


def test_few_numbers_are_segments_and_many_are_cut_into_fifths(tags: pd.DataFrame) -> None:
    few = segment_profile(tags.assign(cluster=tags["member_id"] % 11), "cluster")
    many = segment_profile(tags, "balance", features=["monetary"])
    assert few["segment"].drop_duplicates().tolist() == [str(i) for i in range(11)]
    assert many["segment"].nunique() == 5
    assert many["n"].tolist() == [120] * 5
    assert many["segment"].iloc[0].startswith("[-")


def test_flags_make_two_segments(tags: pd.DataFrame) -> None:
    told = segment_profile(tags, "night_owl", features=["monetary"])
    assert told["segment"].tolist()[:2] == ["false", "true"]


@pytest.mark.parametrize(
    ("lang", "segment", "feature", "statistic"),
    [("zh", "成熟", "夜猫子", "占比"), ("en", "loyal", "night owl", "share")],
)
def test_words_take_the_place_of_codes(
    tags: pd.DataFrame, lang: Any, segment: str, feature: str, statistic: str
) -> None:
    told = segment_profile(tags, "stage", lang=lang)
    rows = told[(told["segment"] == segment) & (told["rank"] <= 2)]
    assert (feature, statistic) in zip(rows["feature"], rows["statistic"], strict=True)
    assert list(told) == list(segment_profile(tags, "stage"))


def test_the_order_of_rows_changes_no_byte(tags: pd.DataFrame) -> None:
    shuffled = tags.sample(frac=1, random_state=0)
    first, again = segment_profile(tags, "stage"), segment_profile(shuffled, "stage")
    pd.testing.assert_frame_equal(first, again, check_exact=True)


@pytest.mark.parametrize("kind", ["polars", "pyarrow"])
def test_every_kind_of_frame_gives_the_same(tags: pd.DataFrame, kind: str) -> None:
    table = pa.Table.from_pandas(tags, preserve_index=False)
    told = segment_profile(pl.from_arrow(table) if kind == "polars" else table, "stage")
    expected = segment_profile(tags, "stage", output="pyarrow")
    assert (told.to_arrow() if kind == "polars" else told).to_pylist() == expected.to_pylist()


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_members_are_enough(tags: pd.DataFrame, n: int) -> None:
    told = segment_profile(tags.dropna().head(n), "stage")
    assert told["segment"].nunique() <= n
    assert not told["is_telling"].any()
    assert list(told) == list(segment_profile(tags, "stage"))


def test_text_ids_give_the_same_figures(tags: pd.DataFrame) -> None:
    named = tags.assign(member_id="m" + tags["member_id"].astype(str).str.zfill(5))
    pd.testing.assert_frame_equal(
        segment_profile(named, "stage"), segment_profile(tags, "stage"), check_exact=True
    )


def test_times_are_not_compared_unless_asked_for(tags: pd.DataFrame) -> None:
    dated = tags.assign(joined=pd.Timestamp("2026-01-01"))
    assert "joined" not in set(segment_profile(dated, "stage")["feature"])
    with pytest.raises(ParameterError, match=r"cannot be compared: joined \(time\)"):
        segment_profile(dated, "stage", features=["joined"])


def test_a_missing_column_is_named(tags: pd.DataFrame) -> None:
    with pytest.raises(ParameterError, match="there is no column 'stages'"):
        segment_profile(tags, "stages")
    with pytest.raises(ParameterError, match="no columns to compare: \\['money'\\]"):
        segment_profile(tags, "stage", features=["money"])


def test_free_text_and_repeated_ids_are_refused(tags: pd.DataFrame) -> None:
    wrong = tags.assign(member_id=1, nickname=[f"n{i}" for i in range(len(tags))])
    with pytest.raises(SchemaError, match=r"(?s)null or repeated.*nickname: free text"):
        segment_profile(wrong, "stage")


def test_an_unknown_language_is_refused(tags: pd.DataFrame) -> None:
    with pytest.raises(ParameterError, match="lang must be"):
        segment_profile(tags, "stage", lang="fr")  # type: ignore[arg-type]


def test_a_segment_of_zeros_has_a_mean_of_exactly_zero() -> None:
    spend = np.where(np.arange(60) % 3 == 0, 0.0, np.linspace(0.1, 36.7, 60))
    tags = pd.DataFrame({"member_id": range(60), "is_new": np.arange(60) % 3 == 0, "spend": spend})
    told = segment_profile(tags, "is_new").set_index("segment")
    assert told.loc["true", ["inside", "lift"]].tolist() == [0.0, 0.0]
