"""The example of a rule file says what it means to."""

import warnings
from pathlib import Path

import pytest

from siyu.datasets import Community, make_community
from siyu.segmentation.rules.rule_set import TagRules

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "member_rules.yaml"
AS_OF = "2026-06-03"


@pytest.fixture(scope="module")
def rules() -> TagRules:
    return TagRules.from_yaml(EXAMPLE)


@pytest.fixture(scope="module")
def community() -> Community:
    return make_community(400, random_state=0)


def test_it_has_no_dead_value_and_every_label(rules: TagRules) -> None:
    assert set(rules.check().finding) == {"overlap"}


def test_every_measure_is_known_of_the_synthetic_community(
    rules: TagRules, community: Community
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = rules.apply(community, as_of=AS_OF)
    assert found.columns.tolist() == ["member_id", *(tag.name for tag in rules.tags)]


def test_every_member_has_one_outcome_of_every_tag(rules: TagRules, community: Community) -> None:
    found = rules.check(community, as_of=AS_OF)
    counts = found[found.finding == "members"].groupby("tag").n_members.agg(["sum", "max"])
    assert counts["sum"].unique().tolist() == [len(community.before(AS_OF).customers())]
    assert (counts["max"] < counts["sum"]).all()
