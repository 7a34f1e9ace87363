"""The line, its scale, and the chance of anything of a list."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from siyu.datasets.boosting import FeatureMatrix
from siyu.recommend.coupons.coupon_features import CouponFeature
from siyu.recommend.coupons.launch_odds import LaunchOdds, any_of, launch_features, launch_matrix
from siyu.recommend.coupons.redeem_line import OddsScale, RedeemLine, fit_logistic

RNG = np.random.default_rng(0)
VALUES = RNG.normal(size=(400, 3))
LABELS = RNG.random(400) < 1 / (1 + np.exp(2 - VALUES @ np.array([1.0, -0.5, 0.0])))
FEATURES = (
    CouponFeature("trips", "own"),
    CouponFeature("covered", "own", 100.0),
    CouponFeature("last", "rhythm", 1.0, 400.0),
)


def some_matrix() -> FeatureMatrix:
    """Give counts, shares and days, some unknown."""
    rng = np.random.default_rng(1)
    values = np.stack([rng.poisson(3, 400), rng.random(400), rng.uniform(0, 90, 400)], axis=1)
    values[::7, 2] = np.nan
    return FeatureMatrix(values.astype(np.float32), ("trips", "covered", "last"))


@pytest.mark.parametrize("strength", [0.5, 5.0, 500.0])
def test_weights_agree_with_scikit_learn(strength: float) -> None:
    weights = np.where(LABELS, 1.0, 2.0)
    ours = fit_logistic(VALUES, LABELS, weights, strength)
    peer = LogisticRegression(C=1 / strength, tol=1e-10, max_iter=1000)
    peer.fit(VALUES, LABELS, sample_weight=weights)
    np.testing.assert_allclose(ours, [*peer.coef_[0], peer.intercept_[0]], atol=1e-5)


def test_a_separable_outcome_gives_finite_weights() -> None:
    found = fit_logistic(VALUES, VALUES[:, 0] > 0, np.ones(400), 1.0)
    assert np.isfinite(found).all()
    assert found[0] > 1


@pytest.fixture(scope="module")
def line() -> RedeemLine:
    return RedeemLine.fit(some_matrix(), FEATURES, LABELS, np.ones(400), 5.0)


def test_the_parts_of_a_row_add_up_to_its_log_odds(line: RedeemLine) -> None:
    total = line.parts(some_matrix(), 5).sum() + line.base
    assert total == pytest.approx(line.predict(some_matrix())[5], abs=1e-12)


def test_a_row_is_judged_alone_as_among_others(line: RedeemLine) -> None:
    whole = line.predict(some_matrix())
    alone = [line.predict(some_matrix().take(np.array([row])))[0] for row in range(20)]
    assert whole[:20].tolist() == alone


def test_the_mean_row_has_the_base(line: RedeemLine) -> None:
    centred = np.expm1(line.centre) / line.scale
    row = FeatureMatrix(centred[None, :].astype(np.float32), line.names)
    assert line.predict(row)[0] == pytest.approx(line.base, abs=1e-5)


def test_an_extreme_value_is_cut(line: RedeemLine) -> None:
    low, high = (np.array([[n, 0.5, 10.0]], np.float32) for n in (1e6, 1e9))
    found = [line.predict(FeatureMatrix(one, line.names))[0] for one in (low, high)]
    assert found[0] == found[1]


def test_scores_of_the_right_odds_keep_them() -> None:
    odds = np.repeat(np.linspace(-4, 1, 50), 400)
    labels = np.random.default_rng(2).random(len(odds)) < 1 / (1 + np.exp(-odds))
    scale = OddsScale.of(odds, labels)
    assert scale.base == pytest.approx(0, abs=0.1)
    assert scale.slope == pytest.approx(1, abs=0.05)


def test_a_scale_never_turns_scores_round() -> None:
    scores = np.repeat([-1.0, 1.0], 500)
    assert OddsScale.of(scores, np.arange(1000) < 400).slope == 0.0


def test_without_redemptions_no_probability_is_known() -> None:
    scale = OddsScale.of(np.zeros(5), np.zeros(5, np.bool_))
    assert np.isnan(scale.probability(np.zeros(2))).all()


def test_the_chance_of_any_is_one_minus_the_misses() -> None:
    odds = any_of(np.array([0.2, 0.5, 0.25, 1e-9]), np.array([0, 2, 3]))
    np.testing.assert_allclose(1 / (1 + np.exp(-odds)), [0.6, 0.25, 1e-9], rtol=1e-6)


def test_lists_are_put_together_by_first_largest_and_mean() -> None:
    features = (
        CouponFeature("visits", "member"),
        CouponFeature("max:trips", "own"),
        CouponFeature("mean:trips", "own"),
    )
    rows = FeatureMatrix(np.array([[7, 1], [7, 3], [9, 4]], np.float32), ("visits", "trips"))
    found = launch_matrix(rows, np.array([0, 2]), features)
    assert found.values.tolist() == [[7.0, 3.0, 2.0], [9.0, 4.0, 4.0]]


def test_features_of_a_list_are_the_members_and_the_spread_of_affinity() -> None:
    from siyu.recommend.coupons.coupon_features import coupon_features
    from siyu.recommend.tables.member_columns import MemberColumns

    names = [one.name for one in launch_features(coupon_features((), MemberColumns({})))]
    assert {"visits", "coupon_share", "redeem_rate", "max:trips", "mean:trips"} <= set(names)
    assert not {"trips", "share_of_pool", "own_coupon_lines"} & set(names)


def test_too_few_lists_teach_no_line() -> None:
    few = LaunchOdds.fit(some_matrix(), FEATURES, np.arange(400) < 20)
    odds = np.array([-1.0, 0.5])
    assert few.line is None
    assert few.odds(some_matrix().take(np.arange(2)), odds).tolist() == odds.tolist()
