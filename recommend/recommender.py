"""The recommender: personal lists of products, ranked by trees that had to earn their place."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from siyu.datasets.bundle import bundle_kind
from siyu.datasets.community import Community
from siyu.datasets.errors import ParameterError, warn
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.recommend.coupons.coupon_model import CouponModel
from siyu.recommend.coupons.coupon_store import COUPONS
from siyu.recommend.lists import asking
from siyu.recommend.lists.batches import Wanted
from siyu.recommend.lists.explanation import explain_pair
from siyu.recommend.lists.list_rules import ListRules
from siyu.recommend.lists.list_table import make_lists
from siyu.recommend.lists.model import Model, who_is_asked
from siyu.recommend.online.snapshot_store import offer_ends, write_snapshot
from siyu.recommend.online.storage import read_model, write_model
from siyu.recommend.tables.levels import at_level
from siyu.recommend.tables.member_columns import MemberFeatures

from .coupon_kind import coupon_model, refuse_for_coupons, shared_parameters
from .fitting import Progress, fit_model, shown

__all__ = ["OfferRecommender"]


class OfferRecommender(BaseEstimator):  # type: ignore[misc]
    """Recommend to every member the products that they are most likely to buy next.

    Many sources propose products; boosted trees rank them, trained on several earlier windows of
    the same community. A window that they have not seen decides whether they rank better than
    the plain model (decayed own purchases mixed with those of members alike); if not, the plain
    model ranks, and the rows say ``fallback``. Who never bought gets a list from what they
    looked at (``events``), else what sells nearby; who opted out, one that is the same for all.

    Parameters
    ----------
    kind : {"product", "coupon"}
        What is recommended. ``coupon`` hands `fit`, `recommend`, `explain`, `save` and `load` to a
        `CouponModel`, kept as ``coupons_``; `goal`, `activity` and `objective` are for products.
    level : str
        ``"product"``, or a text column of ``products`` such as ``"category"``: its values are
        then ranked in place of products, and stand under ``product_id``.
    goal : {"repurchase", "new_category", "visit", "gmv", "margin"}
        What counts as success: the member buys the product; buys it from a category new to them,
        or on the next visit; the money that comes in, or stays (`siyu.recommend.ranking.goals`).
    horizon : str or Timedelta
        Within what time; at least a day. Training windows are as long.
    activity : {"orders", "events"}
        What counts as a purchase: order lines, or events that name a product (where there are
        no orders); see `siyu.recommend.tables.purchases`.
    ranker : {"auto", "always", "never"}
        Whether the trees rank: if they win, whenever they could be trained, or not at all.
    objective : {"blend", "binary", "lambdarank", "rank_xendcg"}
        What the trees for lists of all products are trained for. ``blend`` is the mean of
        ``binary`` and ``rank_xendcg``: a thousandth or two of NDCG@10 better than ``binary``
        alone, for twice the time. Lists of new products have trees for ``lambdarank``.
    n_windows : int >= 1, optional
        Training windows; one more chooses between trees and plain model. By default 2 of
        products, and 6 of another level, where each says less.
    n_jobs : int >= 1
        Threads that find candidates and grow trees. Results do not depend on it.
    random_state : int, Generator or None

    Attributes
    ----------
    as_of_ : Timestamp, UTC, the moment of the fit
    source_ : dict
        Who ranks lists of all products (``"all"``) and of new ones (``"new"``): ``"model"`` or
        ``"fallback"``.
    validation_ : pandas frame, one row a kind of list
        NDCG@10 (for gmv and margin the share of the money within reach) of model and fallback
        in the deciding window, their difference with its paired 80 % interval, members behind
        it. No rows if there was too little data.
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
        level: str = "product",
        goal: str = "repurchase",
        horizon: str | pd.Timedelta = "28D",
        activity: str = "orders",
        ranker: str = "auto",
        objective: str = "blend",
        n_windows: int | None = None,
        n_jobs: int = 1,
        random_state: int | np.random.Generator | None = None,
    ) -> None:
        self.kind = kind
        self.level = level
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

        Raises
        ------
        DataError
            If there are no rows that name products, or `member_features` gives no usable frame.

        Warns
        -----
        SiyuWarning
            If the plain model ranks, and why.
        """
        if self.kind == "coupon":
            given = {"as_of": as_of, "member_features": member_features, "progress": progress}
            self._keep_coupons(coupon_model(self.get_params()).fit(community, **given))
            return self
        lifted = at_level(community, self.level)
        model, told = fit_model(self.get_params(), lifted, as_of, member_features, progress)
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
            Default every customer. Members that are not known get the list of a newcomer, with a
            warning; staff get none.
        k : int >= 1
            Length of the lists; shorter where fewer products can be offered.
        only_new : bool
            Only products that the member has never bought.
        rules : ListRules, optional
            What else is wished: a share of new products or launches, variety, exclusions ...
        member_features : callable, optional
            As in `fit`; needed with `community` if the trees learned from its columns.
        output : {"pandas", "polars", "pyarrow"}
        progress : callable (members done, members in all), optional

        Returns
        -------
        frame, at most `k` rows a member, sorted by ``member_id`` and ``rank``
            ``rank`` : 1 is best;
            ``product_id`` : in stock, not marked as not recommendable, and for the member's
            store and region (extra columns ``store_id`` and ``region`` of ``products``);
            ``offer_id`` : the cheapest running offer that the member may have, or null;
            ``score`` : higher is better, comparable within a list. It falls with the rank unless
            `rules` say otherwise: they change the order, never the score;
            ``probability`` : that the member buys the product within the horizon, learned from
            what scores meant in the newest window; null where nobody knows;
            ``source`` : ``model``, ``fallback``, ``cold_start`` (no purchase known) or
            ``non_personal`` (opted out: the same list for all);
            ``reason`` : a code of `siyu.recommend.lists.reasons`.

        Raises
        ------
        DataError
            If the community lacks what the model was trained on, or what `rules` need.

        Warns
        -----
        SiyuWarning
            If members asked for are not known, or are staff; if `rules` cannot be kept.
        """
        if self.kind == "coupon":
            refuse_for_coupons(only_new=only_new, rules=rules)
            given = {"as_of": as_of, "member_features": member_features, "progress": progress}
            return self._coupons().recommend(
                community, members=members, k=k, output=output, **given
            )
        model, rules = self.look_at(community, as_of, member_features, rules)
        asked = model.shop.addressed
        if members is not None:
            asked, told = who_is_asked(model.shop, members)
            if told:
                warn(told)
        wanted = asking.wanted_for(model, asked, k, only_new, rules)
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
        community, as_of, only_new, member_features, output
            As in `recommend`.

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
        if self.kind == "coupon":
            refuse_for_coupons(only_new=only_new, community=community, as_of=as_of)
            return self._coupons().explain(member_id, product_id)
        model, _ = self.look_at(community, as_of, member_features)
        pair = (asking.buyer_code(model, member_id), asking.product_code(model, product_id))
        wanted = Wanted(1, only_new, model.shop.offered)
        return from_arrow(explain_pair(model, pair, wanted), output)

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
            Default: all that were bought; those that nobody bought yet may be asked for too.
        k : int >= 1
        output : {"pandas", "polars", "pyarrow"}

        Returns
        -------
        frame, at most `k` rows a product, sorted by ``product_id`` and ``rank``
            ``similar_id`` : in stock; ``score`` in [0, 1], comparable within one ``reason``;
            ``reason`` : ``same_members`` (cosine of the two products' buyers) or, after those,
            ``same_kind`` (2/3 for the same category, 1/3 for the brand; what sells more first).

        Raises
        ------
        DataError
            If a product is neither listed in ``products`` nor bought.
        """
        return from_arrow(asking.similar(self._fitted(), product_ids, k), output)

    def save(self, folder: str | Path) -> None:
        """Write the model and the state of the fit as a verified bundle: personal data.

        Parameters
        ----------
        folder : str or Path, made or replaced if it is a bundle
        """
        if self.kind == "coupon":
            self._coupons().save(folder)
            return
        model = self._fitted()
        parameters = {**self.get_params(), "horizon": str(pd.Timedelta(self.horizon))}
        parameters["random_state"] = model.recipe.options.factors.random_state
        write_model(folder, model, parameters)

    def snapshot(
        self,
        community: Community,
        path: str | Path,
        *,
        as_of: Any,
        member_features: MemberFeatures | None = None,
    ) -> None:
        """Write what `OfferService` answers from: the shop at a moment, apart from the model.

        It holds what members bought: it is personal data (see `forget_members`).

        Parameters
        ----------
        community, as_of, member_features
            As in `recommend`; `as_of` may be any moment, earlier or later than the fit.
        path : str or Path
            A folder: made, or replaced whole if it is a bundle.
        """
        model, _ = self.look_at(community, as_of, member_features)
        ends = offer_ends(at_level(community, self.level).before(as_of), model)
        write_snapshot(path, model, ends, community.tz)

    @classmethod
    def load(cls, folder: str | Path) -> "OfferRecommender":
        """Read a model that `save` wrote; it gives the same bytes.

        Raises
        ------
        ModelFileError
            If a file is missing, added or damaged; nothing of it is then read.
        """
        if bundle_kind(folder) == COUPONS:
            coupons = CouponModel.load(folder)
            rec = cls(kind="coupon", **shared_parameters(coupons))
            rec._keep_coupons(coupons)
            return rec
        model, parameters = read_model(folder)
        rec = cls(**parameters)
        rec._keep(model)
        return rec

    def _keep(self, model: Model) -> None:
        """Hold a model, and show what it is."""
        self.model_ = model
        self.as_of_, self.source_, self.importance_, self.validation_ = shown(model)

    def _keep_coupons(self, coupons: CouponModel) -> None:
        """Hold a model of coupons, and show what it is."""
        self.coupons_ = coupons
        self.as_of_, self.source_ = coupons.as_of_, {"all": coupons.source_}
        self.importance_, self.validation_ = coupons.importance_, coupons.validation_

    def _coupons(self) -> CouponModel:
        """Give the model of coupons, if there is one."""
        check_is_fitted(self, "coupons_")
        coupons: CouponModel = self.coupons_
        return coupons

    def _fitted(self) -> Model:
        """Give the model, if there is one."""
        if self.kind == "coupon":
            raise ParameterError("kind", "this call is for products; kind is 'coupon'")
        check_is_fitted(self, "model_")
        model: Model = self.model_
        return model

    def look_at(
        self,
        community: Community | None,
        as_of: Any,
        member_features: MemberFeatures | None,
        rules: ListRules | None = None,
    ) -> tuple[Model, ListRules]:
        """Give the model and its shop: a community at a moment, or the state of the fit."""
        lifted = None if community is None else at_level(community, self.level)
        return asking.model_at(self._fitted(), lifted, as_of, member_features, rules)
