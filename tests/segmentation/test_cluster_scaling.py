"""Columns of clusters: how they are read, scaled and put back in their units."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from siyu.segmentation.clusters.columns import Column, column_of
from siyu.segmentation.clusters.member_clusters import MemberClusters
from siyu.segmentation.clusters.scaling import in_units, learn_scales, moved, scaled

RNG = np.random.default_rng(0)
N = 2_000
UNIFORM = RNG.uniform(size=N)
NORMAL = RNG.normal(size=N)
LOGNORMAL = RNG.lognormal(4, 1, N)
CODES = RNG.integers(0, 3, N).astype(float)


def learned(column: Column) -> Any:
    scales, dropped = learn_scales([column], np.arange(len(column.values)), 0.5)
    assert not dropped
    return scales[0]


@pytest.mark.parametrize(
    ("values", "kind", "is_log"),
    [
        (LOGNORMAL, "number", True),
        (-LOGNORMAL, "number", False),
        (UNIFORM**6, "number", False),
        (NORMAL, "number", False),
        (RNG.poisson(0.2, N).astype(float), "lumpy", True),
        (np.where(UNIFORM < 0.5, 0, LOGNORMAL), "lumpy", True),
        ((UNIFORM < 0.3).astype(float), "flag", False),
    ],
    ids=["money", "below 0", "share", "even", "counts", "half at 0", "flag"],
)
def test_each_kind_of_number_has_its_scale(values: Any, kind: str, is_log: bool) -> None:
    scale = learned(Column("x", "number", values))
    assert scale.kind == kind
    assert (scale.unit > 0) == is_log


def test_scaled_numbers_have_a_spread_of_about_one() -> None:
    column = Column("x", "number", LOGNORMAL)
    z = scaled([column], [learned(column)], N)
    assert np.std(z) == pytest.approx(1, abs=0.15)
    assert np.median(z) == pytest.approx(0, abs=1e-9)


def test_a_number_with_two_values_to_gather_at_is_scaled_by_the_spread_around_them() -> None:
    column = Column("x", "number", NORMAL + 5.0 * (UNIFORM < 0.5))
    assert learned(column).spread == pytest.approx(1, abs=0.4)
    assert np.std(column.values) > 2


def test_no_value_is_farther_than_six_spreads() -> None:
    column = Column("x", "number", np.append(NORMAL, 1e9))
    assert scaled([column], [learned(column)], N + 1).max() == 6.0


def test_two_codes_are_half_as_far_apart_as_two_numbers() -> None:
    codes = Column("c", "code", CODES, ("a", "b", "c"))
    z = scaled([codes], [learned(codes)], N)
    apart = ((z[:, None][:50] - z[None, :50]) ** 2).sum(axis=2)
    held = CODES[:50]
    same = held[:, None] == held[None, :]
    assert np.allclose(apart, np.where(same, 0, 1))


def test_rare_codes_are_one_level_and_unseen_ones_join_it() -> None:
    values = np.where(np.arange(N) < 20, np.arange(N) % 10, 10 + np.arange(N) % 2).astype(float)
    levels = (*(f"rare {i}" for i in range(10)), "app", "shop")
    scale = learned(Column("c", "code", values, levels))
    new = Column("c", "code", np.array([0.0, 1.0, np.nan]), ("app", "never seen"))
    z = scaled([new], [scale], 3)
    assert scale.levels == ("app", "shop", "")
    assert (z[0] > 0).tolist() == [True, False, False]
    assert (z[1] > 0).tolist() == [False, False, True]
    assert np.isnan(z[2]).all()


def test_centres_go_back_to_the_units_they_came_from() -> None:
    columns = [
        Column("money", "number", LOGNORMAL),
        Column("owl", "flag", (UNIFORM < 0.3).astype(float)),
        Column("c", "code", (UNIFORM < 0.4).astype(float), ("a", "b")),
    ]
    scales, _ = learn_scales(columns, np.arange(N), 0.5)
    z = scaled(columns, scales, N)
    plain = in_units(z, scales)
    inside = np.abs(z[:, 0]) < 6
    assert np.allclose(plain[inside, 0], LOGNORMAL[inside])
    assert np.allclose(plain[:, 1], columns[1].values)
    assert np.allclose(plain[:, 3], columns[2].values)
    assert np.allclose(moved(z, scales, scales), z)


def test_columns_that_are_gone_are_unknown_and_levels_that_are_gone_empty() -> None:
    before = [Column("c", "code", (UNIFORM < 0.4).astype(float), ("a", "b"))]
    before.append(Column("x", "number", NORMAL))
    now = [Column("c", "code", (UNIFORM < 0.4).astype(float), ("a", "d"))]
    old, _ = learn_scales(before, np.arange(N), 0.5)
    new, _ = learn_scales(now, np.arange(N), 0.5)
    there = moved(np.array([[0.5, 0.1]]), new, old)
    assert there[0, :2] == pytest.approx([0.5, 0.0])
    assert np.isnan(there[0, 2])


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (pa.array([True, None]), "flag"),
        (pa.array([1, None]), "number"),
        (pa.array([1.5, None]), "number"),
        (pa.array(["b", None]), "code"),
        (pa.array(["b", None]).dictionary_encode(), "code"),
        (pa.array([1, None], pa.int32()).cast(pa.decimal128(12, 2)), "number"),
    ],
)
def test_null_is_unknown_in_every_kind_of_column(values: pa.Array, kind: str) -> None:
    column = column_of("x", pa.chunked_array([values]))
    assert isinstance(column, Column)
    assert column.kind == kind
    assert np.isnan(column.values).tolist() == [False, True]


def test_the_scales_are_told() -> None:
    frame = pd.DataFrame(
        {"member_id": range(N), "money": LOGNORMAL, "owl": UNIFORM < 0.3, "score": NORMAL}
    )
    frame.loc[:99, "score"] = np.nan
    told = MemberClusters(2).fit(frame).scaling_.set_index("column")
    assert told["scaling"].to_dict() == {"money": "number", "owl": "flag", "score": "number"}
    assert told["log_unit"].notna().tolist() == [True, False, False]
    assert told.loc["score", "unknown"] == 0.05
    assert told["skewness"].iloc[0] > 1
