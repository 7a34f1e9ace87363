"""How good lists are: measures, baselines, time splits, comparisons."""

from typing import TYPE_CHECKING

from siyu.datasets.lazy import attach

if TYPE_CHECKING:
    from siyu.recommend.evaluation.backtest_results import Backtest
    from siyu.recommend.evaluation.backtesting import BacktestOptions, backtest_offers, rolling_cuts
    from siyu.recommend.evaluation.baselines import Baseline
    from siyu.recommend.evaluation.factor_baselines import ImplicitOptions, ease, matrix_factors
    from siyu.recommend.evaluation.family import default_baselines
    from siyu.recommend.evaluation.leakage import LeakageOptions, leakage_report
    from siyu.recommend.evaluation.made_up_future import with_a_made_up_future
    from siyu.recommend.evaluation.measure_means import mean_differences, mean_measures
    from siyu.recommend.evaluation.metrics import list_quality, next_purchases
    from siyu.recommend.evaluation.neighbour_baselines import (
        TifuOptions,
        item_item,
        nearest_mix,
        tifu_knn,
    )
    from siyu.recommend.evaluation.own_baselines import own_decayed, own_frequency, popularity
    from siyu.recommend.evaluation.reliability import probability_errors, reliability_table
    from siyu.recommend.evaluation.single_features import feature_aucs
    from siyu.recommend.evaluation.value_captured import list_value
    from siyu.recommend.evaluation.variety import list_exposure, list_variety

__all__ = [
    "Backtest",
    "BacktestOptions",
    "Baseline",
    "ImplicitOptions",
    "LeakageOptions",
    "TifuOptions",
    "backtest_offers",
    "default_baselines",
    "ease",
    "feature_aucs",
    "item_item",
    "leakage_report",
    "list_exposure",
    "list_quality",
    "list_value",
    "list_variety",
    "matrix_factors",
    "mean_differences",
    "mean_measures",
    "nearest_mix",
    "next_purchases",
    "own_decayed",
    "own_frequency",
    "popularity",
    "probability_errors",
    "reliability_table",
    "rolling_cuts",
    "tifu_knn",
    "with_a_made_up_future",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "Backtest": "siyu.recommend.evaluation.backtest_results",
        "BacktestOptions": "siyu.recommend.evaluation.backtesting",
        "Baseline": "siyu.recommend.evaluation.baselines",
        "ImplicitOptions": "siyu.recommend.evaluation.factor_baselines",
        "LeakageOptions": "siyu.recommend.evaluation.leakage",
        "TifuOptions": "siyu.recommend.evaluation.neighbour_baselines",
        "backtest_offers": "siyu.recommend.evaluation.backtesting",
        "default_baselines": "siyu.recommend.evaluation.family",
        "ease": "siyu.recommend.evaluation.factor_baselines",
        "feature_aucs": "siyu.recommend.evaluation.single_features",
        "item_item": "siyu.recommend.evaluation.neighbour_baselines",
        "leakage_report": "siyu.recommend.evaluation.leakage",
        "list_exposure": "siyu.recommend.evaluation.variety",
        "list_quality": "siyu.recommend.evaluation.metrics",
        "list_value": "siyu.recommend.evaluation.value_captured",
        "list_variety": "siyu.recommend.evaluation.variety",
        "matrix_factors": "siyu.recommend.evaluation.factor_baselines",
        "mean_differences": "siyu.recommend.evaluation.measure_means",
        "mean_measures": "siyu.recommend.evaluation.measure_means",
        "nearest_mix": "siyu.recommend.evaluation.neighbour_baselines",
        "next_purchases": "siyu.recommend.evaluation.metrics",
        "own_decayed": "siyu.recommend.evaluation.own_baselines",
        "own_frequency": "siyu.recommend.evaluation.own_baselines",
        "popularity": "siyu.recommend.evaluation.own_baselines",
        "probability_errors": "siyu.recommend.evaluation.reliability",
        "reliability_table": "siyu.recommend.evaluation.reliability",
        "rolling_cuts": "siyu.recommend.evaluation.backtesting",
        "tifu_knn": "siyu.recommend.evaluation.neighbour_baselines",
        "with_a_made_up_future": "siyu.recommend.evaluation.made_up_future",
    },
)
