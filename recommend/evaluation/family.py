"""The baselines that stand beside every model, by name."""

from .baselines import Baseline
from .factor_baselines import ease, matrix_factors
from .neighbour_baselines import item_item, nearest_mix, tifu_knn
from .own_baselines import own_decayed, own_frequency, popularity

__all__ = ["default_baselines"]


def default_baselines(*, n_products: int = 8_000, activity: str = "orders") -> dict[str, Baseline]:
    """Name the whole family of baselines, cheap ones first.

    Parameters
    ----------
    n_products : int >= 1
        Products that EASE looks at.
    activity : {"orders", "events"}
        What counts as a purchase, as in `OfferRecommender`.

    Returns
    -------
    dict of name to Baseline
        Ready for `backtest_offers`.

    Examples
    --------
    >>> list(default_baselines())[:4]
    ['popularity, all time', 'popularity, 28 days', 'own frequency', 'own decayed, 90 days']
    """
    family = [
        popularity(None, activity=activity),
        popularity(28, activity=activity),
        own_frequency(activity=activity),
        own_decayed(90, activity=activity),
        nearest_mix(activity=activity),
        tifu_knn(activity=activity),
        matrix_factors(activity=activity),
        item_item("cosine", activity=activity),
        item_item("bm25", activity=activity),
        item_item("cosine", self_weight=True, activity=activity),
        item_item("bm25", self_weight=True, activity=activity),
        ease(n_products, activity=activity),
        ease(n_products, self_weight=True, activity=activity),
    ]
    return {one.name: one for one in family}
