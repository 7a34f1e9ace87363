import numpy as np
import pandas as pd
import polars as pl
import pytest

from planted_shop import AS_OF, N_MEMBERS, make_shop, planted_orders
from siyu.datasets import Community, DataError, ParameterError, label
from siyu.datasets.labels import Lang
from siyu.recommend import OfferRecommender


@pytest.mark.parametrize("which", ["trained", "plain"])
@pytest.mark.parametrize("only_new", [False, True])
def test_contributions_add_up_to_the_score(
    which: str, only_new: bool, request: pytest.FixtureRequest
) -> None:
    rec: OfferRecommender = request.getfixturevalue(which)
    rows = rec.recommend(members=[0, 1, 60], k=4, only_new=only_new)
    for row in rows.itertuples():
        parts = rec.explain(row.member_id, row.product_id, only_new=only_new)
        assert parts["contribution"].sum() == pytest.approx(row.score, abs=1e-9)


def test_only_families_of_the_model_are_named(trained: OfferRecommender) -> None:
    def tags(c: Community, as_of: pd.Timestamp) -> pd.DataFrame:  # noqa: ARG001
        return pd.DataFrame({"member_id": np.arange(N_MEMBERS), "n": np.arange(N_MEMBERS)})

    rec = OfferRecommender(ranker="always", random_state=0)
    rec.fit(make_shop(products=None), as_of=AS_OF, member_features=tags)
    families = set(rec.explain(0, "tea-1")["family"])
    assert "extra" in families
    assert "group" not in families
    assert "extra" not in set(trained.explain(0, "tea-1")["family"])


def test_the_base_is_the_same_for_everyone(trained: OfferRecommender) -> None:
    bases = [
        trained.explain(member, product).set_index("family").loc["base", "contribution"]
        for member, product in ((0, "tea-1"), (1, "wine-3"))
    ]
    assert bases[0] == pytest.approx(bases[1], abs=1e-9)


def test_the_largest_contribution_comes_first(trained: OfferRecommender) -> None:
    parts = trained.explain(0, "tea-1")
    sizes = parts["contribution"].abs().to_numpy()[:-1]
    assert (np.diff(sizes) <= 0).all()
    assert parts["family"].iloc[-1] == "base"


def test_a_staple_is_explained_by_own_purchases(plain: OfferRecommender) -> None:
    best = plain.recommend(members=[0], k=1)["product_id"].iloc[0]
    parts = plain.explain(0, best)
    assert parts["family"].iloc[0] == "own"
    assert parts["en"].iloc[0].startswith("times bought:")
    assert parts["zh"].iloc[0].startswith("买过")


def test_a_product_off_the_list_is_explained_too(trained: OfferRecommender) -> None:
    worst = trained.recommend(members=[0], k=40)
    assert len(trained.explain(0, worst["product_id"].iloc[-1])) > 1


def test_reasons_and_sources_have_words_in_both_languages(trained: OfferRecommender) -> None:
    lists: list[pd.DataFrame] = [trained.recommend(), trained.recommend(only_new=True)]
    rows = pd.concat(lists)
    languages: tuple[Lang, ...] = ("zh", "en")
    for lang in languages:
        worded = label(rows, lang=lang)
        for column in ("reason", "source"):
            assert not worded[column].str.contains("_").any()


def test_an_unknown_product_is_named(trained: OfferRecommender) -> None:
    with pytest.raises(DataError, match="product 'beer' was never bought"):
        trained.explain(0, "beer")


@pytest.mark.parametrize("member", [7, N_MEMBERS, N_MEMBERS + 4, 999])
def test_members_without_a_personal_list_have_nothing_to_explain(
    trained: OfferRecommender, member: int
) -> None:
    with pytest.raises(DataError, match="nothing in it is personal"):
        trained.explain(member, "tea-1")


@pytest.mark.parametrize(
    ("member", "why"), [(7, "has opted out"), (N_MEMBERS + 4, "is staff"), (999, "no purchases")]
)
def test_it_is_said_why_there_is_nothing_to_explain(
    trained: OfferRecommender, member: int, why: str
) -> None:
    with pytest.raises(DataError, match=why):
        trained.explain(member, "tea-1")


def test_another_moment_can_be_explained(shop: Community, trained: OfferRecommender) -> None:
    early = AS_OF - pd.Timedelta("14D")
    row = trained.recommend(shop, as_of=early, members=[4], k=1).iloc[0]
    parts = trained.explain(4, row["product_id"], community=shop, as_of=early)
    assert parts["contribution"].sum() == pytest.approx(row["score"], abs=1e-9)
    assert not parts.equals(trained.explain(4, row["product_id"]))


def test_a_community_to_explain_from_needs_a_moment(
    shop: Community, trained: OfferRecommender
) -> None:
    with pytest.raises(ParameterError, match="both community and as_of, or neither"):
        trained.explain(4, "tea-1", community=shop)


def test_what_came_later_explains_nothing(shop: Community, trained: OfferRecommender) -> None:
    early = AS_OF - pd.Timedelta("14D")
    orders = planted_orders()
    cut = make_shop(orders=orders[orders["order_time"] < early])
    pd.testing.assert_frame_equal(
        trained.explain(4, "tea-1", community=cut, as_of=early),
        trained.explain(4, "tea-1", community=shop, as_of=early),
        check_exact=True,
    )


def test_an_explanation_comes_out_as_asked(trained: OfferRecommender) -> None:
    assert isinstance(trained.explain(4, "tea-1", output="polars"), pl.DataFrame)


def test_ids_to_explain_are_of_the_communitys_type(trained: OfferRecommender) -> None:
    with pytest.raises(ParameterError, match="member_id must be ids of type int64"):
        trained.explain("four", "tea-1")
