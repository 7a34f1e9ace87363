"""The coupon model: which coupon each member will redeem, and whether they redeem at all."""

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
from siyu.recommend.parameters import microseconds, one_of, seed_of
from siyu.recommend.tables.member_columns import MemberFeatures

from .coupon_asking import asked_members, explain_one, member_codes
from .coupon_fitting import fit_state, validation_of
from .coupon_lists import Progress, list_coupons, list_launches, list_pairs
from .coupon_ranker import RankerSettings
from .coupon_state import CouponState, scene_at
from .coupon_store import read_coupon_model, write_coupon_model
from .launch_rows import EVER, Recall

__all__ = ["CouponModel"]


class CouponModel(BaseEstimator):  # type: ignore[misc]
    """Rank the coupons that members may have by whether they will redeem them.

    Past launches (coupons of one campaign that begin together) teach: every coupon that a member
    had is a row, seen as it looked when the launch began, with what was redeemed. A logistic line
    and boosted trees learn the chance, further trees the order within a list. The latest launches
    are kept from them to decide whether they do better than the fallback (decayed own purchases
    of the coupon's products x the member's past rate of redeeming); if not, the fallback ranks,
    and the rows say so.

    Redemption is no uplift: who redeems might have bought anyway. To choose whom to give a coupon,
    measure against members who get none.

    Parameters
    ----------
    horizon : str or Timedelta
        How long a coupon without an end can be redeemed; at least a day.
    ranker : {"auto", "always", "never"}
        Whether the model ranks: if it wins, whenever it could be trained, or not at all.
    since : Timestamp, datetime or str, optional
        Learn only from launches that began then or later; without a zone on the shop's clock.
        Early ones have little history behind them.
    n_launches : int >= 1
        Learn from at most so many, the latest.
    n_jobs : int >= 1
        Threads of the trees. Results do not depend on it.
    random_state : int, Generator or None

    Attributes
    ----------
    as_of_ : Timestamp, UTC
        The moment of the fit.
    source_ : {"model", "fallback"}
        Who ranks.
    redemptions_ : {"events", "orders", "sends", "none"}
        The table that redemptions were read from: the first in this order that holds any.
    validation_ : pandas frame of at most one row
        On launches that the model had not seen: members, lists with a redemption, redemptions;
        NDCG@10 of model and fallback over those lists; what the model gains in log-likelihood a
        member (nats), with its paired 80 % interval. No rows if there was too little data.
    importance_ : dict of feature to its share of the trees' gain; empty without trees

    Examples
    --------
    >>> day = pd.Timestamp("2026-01-05", tz="UTC")
    >>> orders = pd.DataFrame({"member_id": ["a", "a", "b"], "product_id": ["tea", "tea", "oil"]})
    >>> c = Community(
    ...     orders=orders.assign(order_time=day, amount=3.0),
    ...     offers=pd.DataFrame({"offer_id": ["o1", "o2"], "kind": "coupon", "starts_at": day}),
    ...     offer_products=pd.DataFrame({"offer_id": ["o1", "o2"], "product_id": ["oil", "tea"]}),
    ... )
    >>> model = CouponModel(ranker="never", random_state=0).fit(c, as_of="2026-01-10")
    >>> model.recommend(k=1)[["member_id", "offer_id", "source"]].values.tolist()
    [['a', 'o2', 'fallback'], ['b', 'o1', 'fallback']]
    """

    def __init__(
        self,
        *,
        horizon: str | pd.Timedelta = "28D",
        ranker: str = "auto",
        since: Any = None,
        n_launches: int = 60,
        n_jobs: int = 1,
        random_state: int | np.random.Generator | None = None,
    ) -> None:
        self.horizon = horizon
        self.ranker = ranker
        self.since = since
        self.n_launches = n_launches
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(
        self,
        community: Community,
        *,
        as_of: Any,
        member_features: MemberFeatures | None = None,
        progress: Progress | None = None,
    ) -> "CouponModel":
        """Learn from the launches before a moment, and keep the state of that moment.

        Parameters
        ----------
        community : Community
            With ``offers`` of kind "coupon" and ``orders`` that name products; ``offer_products``
            (what a coupon is good for; else its product, its category, or everything) and
            ``offer_members`` (who may have it; else everybody). Redemptions are read from
            ``events``, ``orders.coupon_id`` or ``sends.redeemed_at``. It is not changed.
        as_of : Timestamp, datetime or str
            Itself excluded. A launch that still runs then teaches with the days it was watched,
            from a week on.
        member_features : callable (Community, as_of) to a frame, optional
            Further columns a member: ``member_id`` and numbers, flags, instants or text. Asked
            once for every launch, with the community cut there, and once at `as_of`.
        progress : callable (steps done, steps in all), optional

        Returns
        -------
        self

        Raises
        ------
        DataError
            If there are no coupons, or no orders that name products.
        ParameterError
            If a parameter is out of range.

        Warns
        -----
        SiyuWarning
            If the fallback ranks although the model was asked for, and why; if coupons have no
            beginning; if members were given coupons more than a day after they began: what was
            issued later may owe to what the member did meanwhile, and is not learned from.
        """
        horizon, settings = self._settings()
        since = EVER if self.since is None else community.moment(self.since)
        recall = Recall(since=since, n_launches=self.n_launches, random_state=settings.random_state)
        asking = (member_features, progress)
        state, told = fit_state(community, as_of, (horizon, recall, settings), asking)
        self._keep(state, settings.random_state)
        if told and self.ranker != "never":
            warn(f"affinity x past rate ranks ('fallback'): {told}")
        return self

    def recommend(  # noqa: PLR0913
        self,
        community: Community | None = None,
        *,
        as_of: Any = None,
        members: Sequence[Any] | pa.Array | None = None,
        k: int = 10,
        member_features: MemberFeatures | None = None,
        output: FrameKind = "pandas",
        progress: Progress | None = None,
    ) -> Frame:
        """List the `k` best coupons of every member.

        Parameters
        ----------
        community, as_of : Community and moment, both or neither
            Look at this community just before this moment; without them, at the state of the fit.
            What was learned stays that of the fit.
        members : sequence of member ids, optional
            Whom to make lists for; default every customer. Members that are not known get the
            coupons open to everyone, with a warning; staff get none.
        k : int >= 1
        member_features : callable, optional
            As in `fit`; needed with `community` if the model learned from its columns.
        output : {"pandas", "polars", "pyarrow"}
        progress : callable (members done, members in all), optional

        Returns
        -------
        frame, at most `k` rows a member, sorted by ``member_id`` and ``rank``
            ``rank`` : 1 is best;
            ``offer_id`` : a coupon that runs, that the member may have and has not redeemed, with
            stock and budget left;
            ``campaign_id`` : null where unknown;
            ``score`` : higher is better; comparable within one ``source`` only;
            ``probability`` : of redeeming the coupon by its end; null where too few redemptions
            are known;
            ``source`` : ``model``, ``fallback``, ``cold_start`` (no purchase known) or
            ``non_personal`` (the member opted out: coupons open to everyone, by reach);
            ``reason`` : ``due_again``, ``bought_often``, ``bought_before`` (its products),
            ``your_taste`` (its categories or brands), ``popular``.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ParameterError
            If a parameter is out of range, or `community` comes without `as_of`.

        Warns
        -----
        SiyuWarning
            If members asked for are not known, or are staff.
        """
        if k < 1:
            raise ParameterError("k", f"k must be 1 or more, got {k}")
        state = self._state_at(community, as_of, member_features)
        asked = state.scene.addressed if members is None else asked_members(state.scene, members)
        return from_arrow(list_coupons(state, asked, k, progress), output)

    def score_pairs(
        self,
        community: Community | None = None,
        *,
        as_of: Any = None,
        members: Sequence[Any] | pa.Array | None = None,
        member_features: MemberFeatures | None = None,
        output: FrameKind = "pandas",
    ) -> Frame:
        """Score every running coupon of every member who may have it.

        Unlike in lists, coupons that are used up or redeemed are scored too: a budget can be
        planned on them. Members who opted out have no rows.

        Parameters
        ----------
        community, as_of, members, member_features, output
            As in `recommend`.

        Returns
        -------
        frame, one row a member and coupon, sorted by them
            ``member_id``, ``offer_id``, ``campaign_id``, ``score``, ``probability`` and
            ``source``, as in `recommend`.

        Raises
        ------
        NotFittedError, ParameterError
            As in `recommend`.
        """
        state = self._state_at(community, as_of, member_features)
        return from_arrow(list_pairs(state, member_codes(state.scene, members)), output)

    def campaign_scores(
        self,
        community: Community | None = None,
        *,
        as_of: Any = None,
        members: Sequence[Any] | pa.Array | None = None,
        member_features: MemberFeatures | None = None,
        output: FrameKind = "pandas",
    ) -> Frame:
        """Give the chance that a member redeems anything of each running launch.

        Parameters
        ----------
        community, as_of, members, member_features, output
            As in `recommend`.

        Returns
        -------
        frame, one row a member and launch, sorted by member, beginning and campaign
            ``member_id``; ``campaign_id`` : null where unknown; ``starts_at``; ``n_coupons`` that
            the member may have; ``probability`` : of redeeming at least one, null where too few
            redemptions are known; ``source``.

        Raises
        ------
        NotFittedError, ParameterError
            As in `recommend`.
        """
        state = self._state_at(community, as_of, member_features)
        return from_arrow(list_launches(state, member_codes(state.scene, members)), output)

    def explain(self, member_id: Any, offer_id: Any) -> Frame:
        """Take apart the score of one coupon for one member, in the state of the fit.

        Parameters
        ----------
        member_id, offer_id
            The coupon need not be on the member's list, but the member must be able to have it.

        Returns
        -------
        pandas frame, one row a family of features, largest contribution first
            ``family``; ``contribution``: they add up to the score; ``zh``, ``en``: the facts in
            words. The last row, ``base``, is the score of nobody in particular.

        Raises
        ------
        NotFittedError
            Before `fit`.
        DataError
            If the member or the coupon is not known, or the member cannot have it.
        """
        return from_arrow(explain_one(self._fitted(), member_id, offer_id))

    def save(self, folder: str | Path) -> None:
        """Write the model and the state of the fit as a verified bundle.

        The state holds what members bought and redeemed: it is personal data.

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
        state = self._fitted()
        parameters = {
            **self.get_params(),
            "horizon": str(pd.Timedelta(self.horizon)),
            "since": None if self.since is None else str(self.since),
            "random_state": self.seed_,
        }
        write_coupon_model(folder, state, parameters)

    @classmethod
    def load(cls, folder: str | Path) -> "CouponModel":
        """Read a model that `save` wrote; it gives the same bytes.

        Parameters
        ----------
        folder : str or Path

        Returns
        -------
        CouponModel

        Raises
        ------
        ModelFileError
            If a file is missing, added or damaged; nothing of it is then read.
        """
        state, parameters = read_coupon_model(folder)
        model = cls(**parameters)
        model._keep(state, parameters["random_state"])
        return model

    def _settings(self) -> tuple[int, RankerSettings]:
        """Check the parameters; give the horizon and how the ranker is trained."""
        one_of("ranker", self.ranker, ("auto", "always", "never"))
        for name in ("n_launches", "n_jobs"):
            if getattr(self, name) < 1:
                raise ParameterError(name, f"{name} must be 1 or more, got {getattr(self, name)}")
        seed = seed_of(self.random_state)
        settings = RankerSettings(use=self.ranker, n_jobs=self.n_jobs, random_state=seed)
        return microseconds(self.horizon), settings

    def _state_at(
        self, community: Community | None, as_of: Any, member_features: MemberFeatures | None
    ) -> CouponState:
        """Give the state to look at."""
        state = self._fitted()
        if (community is None) != (as_of is None):
            raise ParameterError("as_of", "give both community and as_of, or neither")
        if community is None:
            return state
        c, moment = community.before(as_of), community.moment(as_of)
        return replace(state, scene=scene_at(c, moment, state, member_features))

    def _keep(self, state: CouponState, seed: int) -> None:
        """Hold a state, and show what it is."""
        self.state_ = state
        self.seed_ = seed
        ranker = state.ranker
        self.as_of_ = pd.Timestamp(state.scene.moment, unit="us", tz="UTC")
        self.source_ = "model" if ranker.uses_model else "fallback"
        self.redemptions_ = state.scene.redeemed.table
        self.importance_ = ranker.importance()
        self.validation_ = validation_of(ranker)

    def _fitted(self) -> CouponState:
        """Give the state, if there is one."""
        if not hasattr(self, "state_"):
            raise NotFittedError("this CouponModel is not fitted yet: call fit, or load one")
        return self.state_
