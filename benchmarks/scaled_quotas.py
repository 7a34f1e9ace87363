"""Give the sources of candidates so much more or less that members have a wanted number of them."""

from dataclasses import asdict, replace

import numpy as np
import numpy.typing as npt

from siyu.recommend import OfferRecommender
from siyu.recommend.candidates.finding import Quotas
from siyu.recommend.lists.asking import wanted_for
from siyu.recommend.lists.batches import pairs_for
from siyu.recommend.lists.list_rules import ListRules

_ROUNDS = 4


def scale_quotas(rec: OfferRecommender, codes: npt.NDArray[np.int64], n_candidates: int) -> None:
    """Scale all quotas alike until the median of some members is near the number."""
    model = rec.model_
    for _ in range(_ROUNDS):
        quotas = asdict(rec.model_.recipe.quotas)
        share = n_candidates / median_candidates(rec, codes)
        scaled = Quotas(**{name: round(n * share) for name, n in quotas.items()})
        rec.model_ = replace(model, recipe=replace(model.recipe, quotas=scaled))


def median_candidates(rec: OfferRecommender, codes: npt.NDArray[np.int64]) -> float:
    """Count the candidates of members, ascending codes, as the batch finds them."""
    model = rec.model_
    wanted = wanted_for(model, model.shop.addressed, 10, False, ListRules())
    pairs = pairs_for(model, model.shop.market, model.shop.histories(codes), wanted)
    return float(np.median(np.bincount(pairs.row, minlength=len(codes))))
