"""The recommender: personal lists of products, ranked by trees that had to earn their place."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError

from siyu.datasets.community import Community
from siyu.datasets.errors import DataError, ParameterError, warn
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.ids import lookup
from siyu.recommend.lists.batches import Wanted
from siyu.recommend.lists.explanation import explain_pair
from siyu.recommend.lists.list_table import make_lists
from siyu.recommend.lists.model import Model, ids_like, shop_at, who_is_asked, why_plain
from siyu.recommend.market.factorisation import FactorOptions
from siyu.recommend.market.market import MarketOptions
from siyu.recommend.online.storage import read_model, write_model
from siyu.recommend.ranking.ranker import LISTS, RankerOptions, fit_ranker
from siyu.recommend.ranking.training import Recipe, build_windows, earlier_moments
from siyu.recommend.tables.circles import has_circles
from siyu.recommend.tables.member_columns import MemberColumns, MemberFeatures
from siyu.recommend.tables.purchases import ACTIVITIES, Purchases
from siyu.recommend.tables.setting import default_attributes

from .parameters import microseconds, one_of, seed_of

__all__ = ["OfferRecommender"]

Progress = Callable[[int, int], None]
_VALIDATION = ("list", "n_members", "model", "fallback", "difference", "low", "high")


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
        recipe = self._recipe()
        c, moment = community.before(as_of), community.moment(as_of)
        bought = Purchases.of(c, activity=self.activity)
        attributes = default_attributes(c, bought.products)
        recipe = replace(recipe, attributes=attributes, circles=has_circles(c))
        until = min(c.observed.get(self.activity, (0, moment))[1], moment)
        # The oldest window only serves to choose between trees and plain model.
        n_windows = 1 if self.ranker == "never" else self.n_windows + 1
        moments = earlier_moments(bought, until, recipe.horizon, n_windows)
        windows, recipe = build_windows(c, bought, moments, recipe, member_features, progress)
        ranker = fit_ranker(windows, self._ranker_options(recipe), recipe.categorical())
        self._keep(Model(recipe, ranker, shop_at(c, bought, moment, recipe, member_features)))
        if progress is not None:
            progress(len(moments) + 1, len(moments) + 1)
        if self.ranker != "never" and ranker.ranks("all") is None:
            warn(f"the plain model ranks ('fallback'): {why_plain(ranker, windows)}")
        return self

    def recommend(  # noqa: PLR0913
        self,
        community: Community | None = None,
        *,
        as_of: Any = None,
        members: Sequence[Any] | pa.Array | None = None,
        k: int = 10,
        only_new: bool = False,
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
        model = self._fitted()
        if k < 1:
            raise ParameterError("k", f"k must be 1 or more, got {k}")
        if (community is None) != (as_of is None):
            raise ParameterError("as_of", "give both community and as_of, or neither")
        if community is not None:
            c, moment = community.before(as_of), community.moment(as_of)
            bought = Purchases.of(c, activity=model.recipe.activity)
            shop = shop_at(c, bought, moment, model.recipe, member_features)
            model = replace(model, shop=shop)
        asked = model.shop.addressed
        if members is not None:
            asked, told = who_is_asked(model.shop, members)
            if told:
                warn(told)
        wanted = Wanted(k, only_new, model.shop.offered)
        return from_arrow(make_lists(model, asked, wanted, progress), output)

    def explain(self, member_id: Any, product_id: Any, *, only_new: bool = False) -> Frame:
        """Take apart the score of one product for one member, in the state of the fit.

        Parameters
        ----------
        member_id, product_id
            The product need not be on the member's list.
        only_new : bool
            For lists of new products.

        Returns
        -------
        pandas frame, one row a family of features, largest contribution first
            ``family``; ``contribution``: they add up to the score; ``zh``, ``en``: the facts in
            words. Trees add a last row, ``base``: the score of nobody in particular.

        Raises
        ------
        DataError
            If the member or the product is not known, or the member gets no personal list.
        """
        model = self._fitted()
        shop = model.shop
        asked = ids_like([member_id], "member_id", shop.addressed.type)
        named = ids_like([product_id], "product_id", shop.market.products.type)
        member = int(lookup(asked, shop.bought.members)[0])
        product = int(lookup(named, shop.market.products)[0])
        if product < 0:
            raise DataError(f"product {product_id!r} was never bought before {self.as_of_}")
        if member < 0 or member not in shop.bought.basket_member:
            raise DataError(
                f"member {member_id!r} has no purchases that may be used: the list is popular "
                "products, and nothing in it is personal"
            )
        wanted = Wanted(1, only_new, shop.offered)
        return from_arrow(explain_pair(model, (member, product), wanted))

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

    def _recipe(self) -> Recipe:
        """Check the parameters; lay down how snapshots, candidates and features are made."""
        one_of("kind", self.kind, ("product",))
        one_of("goal", self.goal, ("repurchase",))
        one_of("activity", self.activity, ACTIVITIES)
        one_of("ranker", self.ranker, ("auto", "always", "never"))
        one_of("objective", self.objective, ("binary", "lambdarank", "rank_xendcg"))
        for name in ("n_windows", "n_jobs"):
            if getattr(self, name) < 1:
                raise ParameterError(name, f"{name} must be 1 or more, got {getattr(self, name)}")
        factors = FactorOptions(random_state=seed_of(self.random_state))
        return Recipe(
            activity=self.activity,
            horizon=microseconds(self.horizon),
            attributes=(),
            columns=MemberColumns({}),
            options=MarketOptions(factors=factors),
        )

    def _ranker_options(self, recipe: Recipe) -> RankerOptions:
        """Say how the trees are grown."""
        return RankerOptions(
            use=self.ranker,
            objective=self.objective,
            n_windows=self.n_windows,
            n_jobs=self.n_jobs,
            random_state=recipe.options.factors.random_state,
        )

    def _keep(self, model: Model) -> None:
        """Hold a model, and show what it is."""
        self.model_ = model
        self.as_of_ = pd.Timestamp(model.shop.market.moment, unit="us", tz="UTC")
        ranks = model.ranker.ranks
        self.source_ = {name: "model" if ranks(name) is not None else "fallback" for name in LISTS}
        trees = model.ranker.trees
        self.importance_ = {} if trees is None else trees.importance()
        rows = [
            {
                "list": one.list,
                "n_members": one.n_members,
                "model": one.model,
                "fallback": one.fallback,
                "difference": one.difference.estimate,
                "low": one.difference.low,
                "high": one.difference.high,
            }
            for one in model.ranker.comparisons
        ]
        self.validation_ = pd.DataFrame(rows, columns=list(_VALIDATION))

    def _fitted(self) -> Model:
        """Give the model, if there is one."""
        if not hasattr(self, "model_"):
            raise NotFittedError("this OfferRecommender is not fitted yet: call fit, or load one")
        return self.model_
