"""Clusters told in words, kept in files, and matched when loaded."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from segmentation.cluster_worlds import groups_of_members
from siyu.datasets import make_community
from siyu.datasets.errors import ModelFileError
from siyu.segmentation.clusters.member_clusters import MemberClusters
from siyu.segmentation.tagging.tags import tag
from strategies import AS_OF, small_community


@pytest.fixture(scope="module")
def planted() -> tuple[MemberClusters, pd.DataFrame, Any]:
    frame, truth = groups_of_members(0)
    return MemberClusters().fit(frame), frame, truth


def test_names_and_rules_tell_the_planted_difference() -> None:
    rng = np.random.default_rng(0)
    n = 1_000
    owl = rng.random(n) < 0.4
    frame = pd.DataFrame(
        {
            "member_id": np.arange(n),
            "coupon_share": np.where(owl, rng.beta(12, 4, n), rng.beta(2, 20, n)),
            "purchase_value": np.exp(rng.normal(np.where(owl, 3, 5), 0.3)),
            "basket_size": rng.normal(3, 1, n),
        }
    )
    found = MemberClusters().fit(frame)
    told = found.describe("en")
    assert told["name"].tolist() == [
        "spend a purchase day: high; bought with a coupon: low",
        "spend a purchase day: low; bought with a coupon: high",
    ]
    assert found.describe("zh")["name"][1] == "单日消费额低、用券占比高"
    assert found.fidelity_ > 0.97
    assert "spend a purchase day <" in told["rule"][1] or "coupon ≥" in told["rule"][1]


def test_a_rule_finds_the_members_it_says_it_finds() -> None:
    frame, _ = groups_of_members(1, 3)
    found = MemberClusters(3).fit(frame)
    for row in found.describe("en").itertuples():
        mask = np.ones(len(frame), dtype=bool)
        for part in row.rule.split(" and "):
            name, sign, edge = part.split()
            mask &= (frame[name] >= float(edge)) == (sign == "≥")
        is_in = found.labels_ == row.cluster
        assert is_in[mask].mean() == pytest.approx(row.rule_precision, abs=0.05)
        assert mask[is_in].mean() == pytest.approx(row.rule_coverage, abs=0.05)


@pytest.mark.filterwarnings("ignore::siyu.datasets.errors.SiyuWarning")  # of absent tables
def test_clusters_without_a_marked_difference_are_told_apart_by_number() -> None:
    tags = tag(small_community(), as_of=AS_OF, output="pandas")
    told = MemberClusters(2, n_resamples=2).fit(tags).describe("zh")
    assert len(set(told["name"])) == 2


def test_clusters_of_tags_are_told_in_words() -> None:
    tags = tag(make_community(300, random_state=0), as_of="2026-06-01")
    told = MemberClusters(3, n_resamples=2).fit(tags).describe("zh")
    assert len(set(told["name"])) == 3
    assert not told["name"].str.contains("无明显差异").any()
    assert not told["name"].str.contains("_").any()
    assert told["n"].sum() == len(tags)


def test_saved_clusters_are_equal_when_loaded(
    planted: tuple[MemberClusters, pd.DataFrame, Any], tmp_path: Path
) -> None:
    found, frame, _ = planted
    found.save(tmp_path / "clusters")
    loaded = MemberClusters.load(tmp_path / "clusters")
    pd.testing.assert_frame_equal(loaded.assign(frame), found.assign(frame), check_exact=True)
    for name in ("scaling_", "dropped_", "selection_"):
        pd.testing.assert_frame_equal(getattr(loaded, name), getattr(found, name))
    pd.testing.assert_frame_equal(loaded.describe("en"), found.describe("en"), check_exact=True)
    assert loaded.get_params() == found.get_params()


def test_loaded_clusters_keep_ids_for_the_next_run(tmp_path: Path) -> None:
    frame, _ = groups_of_members(0, n=400)
    found = MemberClusters(4).fit(frame)
    found.save(tmp_path / "clusters")
    loaded = MemberClusters.load(tmp_path / "clusters")
    again = clone(found).fit(frame, previous=loaded)
    assert np.array_equal(again.labels_, found.labels_)


def test_a_bundle_holds_no_member(
    planted: tuple[MemberClusters, pd.DataFrame, Any], tmp_path: Path
) -> None:
    planted[0].save(tmp_path / "clusters")
    assert not hasattr(MemberClusters.load(tmp_path / "clusters"), "labels_")
    assert sum(f.stat().st_size for f in (tmp_path / "clusters").iterdir()) < 50_000


def test_a_damaged_bundle_is_refused(
    planted: tuple[MemberClusters, pd.DataFrame, Any], tmp_path: Path
) -> None:
    planted[0].save(tmp_path / "clusters")
    (tmp_path / "clusters" / "rules.txt").write_text("[]")
    with pytest.raises(ModelFileError, match=r"rules\.txt"):
        MemberClusters.load(tmp_path / "clusters")
