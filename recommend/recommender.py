"""The recommender: personal lists of products, ranked by trees that had to earn their place."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError

from siyu.datasets.community import Community
from siyu.datasets.errors import ParameterError, warn
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.recommend.lists.asking import (
    buyer_code,
    check_rules,
    product_code,
    products_of_category,
    wanted_for,
)
from siyu.recommend.lists.batches import Wanted
from siyu.recommend.lists.explanation import explain_pair
from siyu.recommend.lists.leads import find_leads
from siyu.recommend.lists.list_rules import ListRules
from siyu.recommend.lists.list_table import make_lists
from siyu.recommend.lists.model import Model, ids_like, who_is_asked
from siyu.recommend.lists.similar import find_similar
from siyu.recommend.online.storage import read_model, write_model
from siyu.recommend.ranking.ranker import LISTS
from siyu.recommend.sorted_keys import run_starts
from siyu.recommend.tables.member_columns import MemberFeatures

from .fitting import Progress, fit_model, validation_frame
from .parameters import whole_number

__all__ = ["OfferRecommender"]


class OfferRecommender(BaseEstimator):  # type: ignore[misc]
    """Recommend to every member the products that they are most likely to buy next.

    Candidates come from the member's own purchases, members alike, a matrix factorisation,
    products bought together, and what sells in the store and everywhere. Boosted trees rank
    them, trained on several earlier windows of the same community. A window that they have not
    seen decides whether they rank better than the plain model (decayed own purchases mixed with
    those of members alike); if not, the plain model ranks, and the rows say ``fallback``.

    Parameters
    ----------
    kind : {"product"}
        What is recommended.
    goal : {"repurchase"}
        What counts as success: the member buys the product, for the first time or again.
    horizon : str or Timedelta
        Within what time; at least a day. Training windows are as long.
    activity : {"orders", "events"}
        What counts as a purchase: order lines, or events that name a product (where there are
        no orders); see `siyu.recommend.tables.purchases`.
    ranker : {"auto", "always", "never"}
        Whether the trees rank: if they win, whenever they could be trained, or not at all.
    objective : {"binary", "lambdarank", "rank_xendcg"}
        What the trees are trained for. ``binary`` was as good as the other two in lists of 10,
        and several times faster.
    n_windows : int >= 1
        Training windows; one more is used to choose between trees and plain model.
    n_jobs : int >= 1
        Threads of the trees. Results do not depend on it; on a busy machine one is fastest.
    random_state : int, Generator or None

    Attributes
    ----------
    as_of_ : Timestamp, UTC
        The moment of the fit.
    source_ : dict
        Who ranks lists of all products (``"all"``) and of new ones (``"new"``): ``"model"`` or
        ``"fallback"``.
    validation_ : pandas frame, one row a kind of list
        NDCG@10 of model and fallback in the deciding window, their difference with its paired
        80 % interval, members behind it. No rows if there was too little data.
    importance_ : dict of feature to its share of the trees' gain; empty without trees

    Examples
    --------
    >>> weeks = pd.date_range("2026-01-01", periods=8, freq="7D", tz="UTC")
    >>> orders = pd.DataFrame({"order_time": weeks, "product_id": "milk", "amount": 2.0})
    >>> rec = OfferRecommender(ranker="never", random_state=0)
    >>> rec = rec.fit(Community(orders=orders.assign(member_id="a")), as_of="2026-03-01")
    >>> rec.recommend(k=1)[["member_id", "rank", "product_id", "source"]].values.tolist()
    [['a', 1, 'milk', 'fallback']]
    """

    def __init__(  # noqa: PLR0913
        self,
        *,
        kind: str = "product",
        goal: str = "repurchase",
        horizon: str | pd.Timedelta = "28D",
        activity: str = "orders",
        ranker: str = "auto",
        objective: str = "binary",
        n_windows: int = 3,
        n_jobs: int = 1,
        random_state: int | np.random.Generator | None = None,
    ) -> None:
        self.kind = kind
        self.goal = goal
        self.horizon = horizon
        self.activity = activity
        self.ranker = ranker
        self.objective = objective
        self.n_windows = n_windows
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(
        self,
        community: Community,
        *,
        as_of: Any,
        member_features: MemberFeatures | None = None,
        progress: Progress | None = None,
    ) -> "OfferRecommender":
        """Learn from everything before a moment, and keep the state of that moment.

        Parameters
        ----------
        community : Community
            With ``orders`` (or ``events``) that name products; ``products`` and ``members`` add
            to it. It is not changed.
        as_of : Timestamp, datetime or str
            Itself excluded.
        member_features : callable (Community, as_of) to a frame, optional
            Further columns a member, such as tags: ``member_id`` and numbers, flags, instants or
            text. Asked once at every training moment, with the community cut there, and once at
            `as_of`.
        progress : callable (steps done, steps in all), optional

        Returns
        -------
        self

        Raises
        ------
        DataError
            If there are no rows that name products, or `member_features` gives no usable frame.
        ParameterError
            If a parameter is out of range.

        Warns
        -----
        SiyuWarning
            If the plain model ranks, and why.
        """
        model, told = fit_model(self.get_params(), community, as_of, member_features, progress)
        self._keep(model)
        if told:
            warn(told)
        return self

    def recommend(  # noqa: PLR0913
        self,
        community: Community | None = None,
        *,
        as_of: Any = None,
        members: Sequence[Any] | pa.Array | None = None,
        k: int = 10,
        only_new: bool = False,
        rules: ListRules | None = None,
        member_features: MemberFeatures | None = None,
        output: FrameKind = "pandas",
        progress: Progress | None = None,
    ) -> Frame:
        """List the `k` best products of every member.

        Parameters
        ----------
        community, as_of : Community and moment, both or neither
            Look at this community just before this moment; without them, at the state of the
            fit. The trees stay those of the fit.
        members : sequence of member ids, optional
            Whom to make lists for; default every customer. Members that are not known get the
            list of a newcomer, with a warning; staff get none.
        k : int >= 1
            Length of the lists; shorter where fewer products can be offered.
        only_new : bool
            Only products that the member has never bought.
        member_features : callable, optional
            As in `fit`; needed with `community` if the trees learned from its columns.
        output : {"pandas", "polars", "pyarrow"}
        progress : callable (members done, members in all), optional

        Returns
        -------
        frame, at most `k` rows a member, sorted by ``member_id`` and ``rank``
            ``rank`` : 1 is best;
            ``product_id`` : in stock and not marked as not recommendable;
            ``offer_id`` : the cheapest product offer that runs and is open to everyone, or null;
            ``score`` : higher is better; comparable within one ``source`` only;
            ``probability`` : that the member buys the product within the horizon, learned from
            what scores meant in the newest window; null where there was none;
            ``source`` : ``model``, ``fallback``, ``cold_start`` (no purchase known: popular in
            the member's store or region, else everywhere) or ``non_personal`` (the member opted
            out: the same list for all);
            ``reason`` : a code of `siyu.recommend.lists.reasons`.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ParameterError
            If a parameter is out of range, or `community` comes without `as_of`.
        DataError
            If the community lacks what the model was trained on.

        Warns
        -----
        SiyuWarning
            If members asked for are not known, or are staff.
        """
        model, rules = self._at(community, as_of, member_features, rules)
        asked = model.shop.addressed
        if members is not None:
            asked, told = who_is_asked(model.shop, members)
            if told:
                warn(told)
        wanted = wanted_for(model, asked, k, only_new, rules)
        return from_arrow(make_lists(model, asked, wanted, progress), output)

    def explain(  # noqa: PLR0913
        self,
        member_id: Any,
        product_id: Any,
        *,
        community: Community | None = None,
        as_of: Any = None,
        only_new: bool = False,
        member_features: MemberFeatures | None = None,
        output: FrameKind = "pandas",
    ) -> Frame:
        """Take apart the score of one product for one member.

        Parameters
        ----------
        member_id, product_id
            The product need not be on the member's list.
        community, as_of, member_features, output
            As in `recommend`.
        only_new : bool
            For lists of new products.

        Returns
        -------
        frame, one row a family of features, largest contribution first
            ``family``; ``contribution``: they add up to the score; ``zh``, ``en``: the facts in
            words. Trees add a last row, ``base``: the score of nobody in particular.

        Raises
        ------
        DataError
            If nobody bought the product yet, or the member gets no personal list: who opted
            out, never bought, or is staff.
        """
        model, _ = self._at(community, as_of, member_features, None)
        pair = (buyer_code(model, member_id), product_code(model, product_id))
        return from_arrow(
            explain_pair(model, pair, Wanted(1, only_new, model.shop.offered)), output
        )

    def leads(  # noqa: PLR0913
        self,
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
        product_id, category : one of them
            A product that was bought before; or a category of ``products``, in which each
            member's best product counts.
        n : int >= 1
            Members to list.
        community, as_of, member_features, output, progress
            As in `recommend`.
        only_new : bool
            Only members who never bought the product, by the order of new products.
        rules : ListRules, optional
            Of use here: ``exclude`` (whom sales spoke to already) and ``min_probability``.

        Returns
        -------
        frame, at most `n` rows sorted by ``rank``
            ``member_id``, ``rank``, ``product_id``, ``score`` (that of `explain`),
            ``probability``, ``source``, ``reason``: as in `recommend`. Members who opted out,
            never bought, or are staff, are never leads.

        Raises
        ------
        ParameterError
            If neither or both of `product_id` and `category` are given, or `n` is below 1.
        DataError
            If nobody bought the product, or any of the category, before the moment.
        """
        model, rules = self._at(community, as_of, member_features, rules)
        if (product_id is None) == (category is None):
            raise ParameterError("product_id", "give one of product_id and category")
        baskets = model.shop.bought.basket_member
        codes = baskets[run_starts(baskets)]
        asked = model.shop.bought.members.take(pa.array(codes))
        wanted = wanted_for(model, asked, n, only_new, rules)
        product = None
        if category is not None:
            of_category = products_of_category(model, category)
            wanted = replace(wanted, offered=wanted.offered & of_category)
        else:
            product = product_code(model, product_id)
        return from_arrow(find_leads(model, codes, product, wanted, progress), output)

    def similar_products(
        self,
        product_ids: Sequence[Any] | pa.Array | None = None,
        *,
        k: int = 10,
        output: FrameKind = "pandas",
    ) -> Frame:
        """List the products most like each of some, in the state of the fit.

        Parameters
        ----------
        product_ids : sequence of product ids, optional
            Products that nobody has bought yet may be among them. Default: all that were bought.
        k : int >= 1
            Products to list for each; fewer where there are no more.
        output : {"pandas", "polars", "pyarrow"}

        Returns
        -------
        frame, at most `k` rows a product, sorted by ``product_id`` and ``rank``
            ``similar_id`` : in stock; ``score`` in [0, 1], comparable within one ``reason``;
            ``reason`` : ``same_members`` (bought by the same members: the cosine of the two
            products' buyers, of the products bought most lately) or, after those,
            ``same_kind`` (share of category and brand in common, what sells more coming first).

        Raises
        ------
        DataError
            If a product is neither listed in ``products`` nor bought.
        ParameterError
            If `k` is below 1.
        """
        model = self._fitted()
        whole_number("k", k)
        products = model.shop.market.products
        asked = (
            products if product_ids is None else ids_like(product_ids, "product_ids", products.type)
        )
        return from_arrow(find_similar(model, asked, k), output)

    def save(self, folder: str | Path) -> None:
        """Write the model and the state of the fit as a verified bundle.

        The state holds what members bought: it is personal data.

        Parameters
        ----------
        folder : str or Path
            Made, or replaced if it is a bundle.

        Raises
        ------
        NotFittedError
            Before `fit`.
        FileError
            If the folder cannot be written.
        """
        model = self._fitted()
        parameters = {**self.get_params(), "horizon": str(pd.Timedelta(self.horizon))}
        parameters["random_state"] = model.recipe.options.factors.random_state
        write_model(folder, model, parameters)

    @classmethod
    def load(cls, folder: str | Path) -> "OfferRecommender":
        """Read a model that `save` wrote; it gives the same bytes.

        Parameters
        ----------
        folder : str or Path

        Returns
        -------
        OfferRecommender

        Raises
        ------
        ModelFileError
            If a file is missing, added or damaged; nothing of it is then read.
        """
        model, parameters = read_model(folder)
        rec = cls(**parameters)
        rec._keep(model)
        return rec

    def _keep(self, model: Model) -> None:
        """Hold a model, and show what it is."""
        self.model_ = model
        self.as_of_ = pd.Timestamp(model.shop.market.moment, unit="us", tz="UTC")
        ranks = model.ranker.ranks
        self.source_ = {name: "model" if ranks(name) is not None else "fallback" for name in LISTS}
        trees = model.ranker.trees
        self.importance_ = {} if trees is None else trees.importance()
        self.validation_ = validation_frame(model.ranker)

    def _at(
        self,
        community: Community | None,
        as_of: Any,
        member_features: MemberFeatures | None,
        rules: ListRules | None,
    ) -> tuple[Model, ListRules]:
        """Give the model as it looks at a moment, and the rules."""
        model = self._fitted()
        if (community is None) != (as_of is None):
            raise ParameterError("as_of", "give both community and as_of, or neither")
        rules = check_rules(rules, has_community=community is not None)
        if community is None:
            return model, rules
        c, moment = community.before(as_of), community.moment(as_of)
        return model.at(c, moment, member_features, (rules.offers, rules.prefer)), rules

    def _fitted(self) -> Model:
        """Give the model, if there is one."""
        if not hasattr(self, "model_"):
            raise NotFittedError("this OfferRecommender is not fitted yet: call fit, or load one")
        return self.model_
