"""The transposed question: who is most likely to take a product, for sales to speak to."""

from typing import Any

from siyu.datasets.community import Community
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.recommend.lists import asking
from siyu.recommend.lists.list_rules import ListRules
from siyu.recommend.tables.member_columns import MemberFeatures

from .fitting import Progress
from .recommender import OfferRecommender

__all__ = ["leads"]


def leads(  # noqa: PLR0913
    recommender: OfferRecommender,
    product_id: Any = None,
    *,
    category: str | None = None,
    n: int = 100,
    community: Community | None = None,
    as_of: Any = None,
    only_new: bool = False,
    rules: ListRules | None = None,
    member_features: MemberFeatures | None = None,
    output: FrameKind = "pandas",
    progress: Progress | None = None,
) -> Frame:
    """List the members who are most likely to take a product: whom sales should speak to.

    Parameters
    ----------
    recommender : OfferRecommender
        Fitted, of kind "product".
    product_id, category : one of them
        A product bought before, in stock or not; or a category, in which each member's best
        product counts.
    n : int >= 1
        Members to list.
    community, as_of, member_features, output, progress
        As in `OfferRecommender.recommend`.
    only_new : bool
        Only members who never bought the product, by the order of new products.
    rules : ListRules, optional
        Of use here: ``exclude`` (whom sales spoke to already), ``min_probability``, and what
        says which products count. Wishes for how lists are put together do nothing.

    Returns
    -------
    frame, at most `n` rows sorted by ``rank``
        ``member_id``, ``rank``, ``product_id``, ``score`` (that of `OfferRecommender.explain`),
        ``probability``, ``source``, ``reason``: as in `recommend`. Members who opted out,
        never bought, or are staff, are never leads.

    Raises
    ------
    DataError
        If nobody bought the product, or any of the category, before the moment.

    Warns
    -----
    SiyuWarning
        If `rules` say how lists are put together.

    Examples
    --------
    >>> import pandas as pd
    >>> orders = pd.DataFrame({"member_id": ["a", "a", "b"], "product_id": ["tea", "tea", "oil"]})
    >>> orders["order_time"] = pd.date_range("2026-01-01", periods=3, freq="7D", tz="UTC")
    >>> rec = OfferRecommender(ranker="never", random_state=0)
    >>> rec = rec.fit(Community(orders=orders.assign(amount=2.0)), as_of="2026-02-01")
    >>> leads(rec, "tea", n=1)[["member_id", "rank", "product_id"]].values.tolist()
    [['a', 1, 'tea']]
    """
    model, rules = recommender.look_at(community, as_of, member_features, rules)
    found = asking.leads(model, (product_id, category), (n, only_new, rules), progress)
    return from_arrow(found, output)
