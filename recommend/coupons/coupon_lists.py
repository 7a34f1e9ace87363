"""Tables of coupons: lists of members, scores of pairs, chances of whole launches."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from siyu.datasets.clock import INSTANT
from siyu.datasets.ids import lookup, take
from siyu.recommend.sorted_keys import Bools, Ints, run_starts, within_run

from .coupon_state import CouponState, ScoredCoupons, score_coupons, shown_offers
from .offer_numbers import OfferNumbers

__all__ = ["LIST_COLUMNS", "list_coupons", "list_launches", "list_pairs"]

Numbers = NDArray[np.float64]
Texts = NDArray[np.str_]
Progress = Callable[[int, int], None]

LIST_COLUMNS = (
    "member_id",
    "rank",
    "offer_id",
    "campaign_id",
    "score",
    "probability",
    "source",
    "reason",
)
_OFTEN = 3
_ABOUT_DUE = (0.75, 2.0)  # times the member's own mean gap


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Rows of lists: `row` is the place among the members asked for."""

    row: Ints
    rank: Ints
    offer: Ints
    score: Numbers
    probability: Numbers
    source: Texts
    reason: Texts


def list_coupons(
    state: CouponState, asked: pa.Array, k: int, progress: Progress | None = None
) -> pa.Table:
    """List the best coupons of every member asked for.

    Coupons that are used up, and those the member has redeemed, are left out.

    Parameters
    ----------
    state : CouponState
    asked : pa.Array, sorted member ids, no staff
    k : int >= 1
    progress : callable (members done, members in all), optional

    Returns
    -------
    pa.Table with `LIST_COLUMNS`, sorted by member_id and rank
    """
    scene = state.scene
    shown = np.zeros(len(scene.pool.offers), np.bool_)
    shown[shown_offers(scene)] = True
    code = lookup(asked, scene.bought.members)
    place = np.full(len(scene.bought.members) + 1, -1, np.int64)
    place[code[code >= 0]] = np.flatnonzero(code >= 0)
    parts, done = [], 0
    for scored in score_coupons(state, code[code >= 0]):
        kept = shown[scored.pairs.offer] & ~_already(state, scored)
        parts.append(_best(state, scored, kept, place, k))
        done += len(np.unique(scored.pairs.member))
        if progress is not None:
            progress(done, len(asked))
    parts.append(_for_all(state, asked, np.flatnonzero(code < 0), shown, k))
    if progress is not None:
        progress(len(asked), len(asked))
    return _table(state, asked, parts)


def list_pairs(state: CouponState, members: Ints) -> pa.Table:
    """Give every running coupon of some members with its score.

    Returns
    -------
    pa.Table
        ``member_id``, ``offer_id``, ``campaign_id``, ``score``, ``probability``, ``source``;
        sorted by member_id and offer_id.
    """
    scene, found = state.scene, list(score_coupons(state, members))
    member = _joined(found, lambda one: one.pairs.member)
    offer = _joined(found, lambda one: one.pairs.offer)
    order = np.lexsort((offer, member))
    score = _joined(found, lambda one: one.score).astype(np.float64)[order]
    chance = _joined(found, lambda one: one.probability).astype(np.float64)[order]
    member, offer = member.astype(np.int64)[order], offer.astype(np.int64)[order]
    return pa.table(
        {
            "member_id": take(scene.bought.members, member),
            "offer_id": take(scene.pool.offers, offer),
            "campaign_id": take(scene.pool.campaigns, scene.pool.campaign[offer]),
            "score": pa.array(score),
            "probability": pa.array(chance, mask=np.isnan(chance)),
            "source": pa.array(_sources(state, member).tolist(), pa.large_string()),
        }
    )


def list_launches(state: CouponState, members: Ints) -> pa.Table:
    """Give every running launch of some members with the chance of redeeming anything of it.

    Returns
    -------
    pa.Table
        ``member_id``, ``campaign_id``, ``starts_at``, ``n_coupons``, ``probability``,
        ``source``; sorted by member_id, starts_at and campaign_id.
    """
    pool, rows = state.scene.pool, []
    for scored in score_coupons(state, members):
        starts = scored.pairs.list_starts()
        size = np.diff(np.append(starts, len(scored.pairs)))
        first = scored.pairs.offer[starts]
        rows.append((scored.pairs.member[starts], first, size, scored.any_probability))
    nothing = (*(np.zeros(0, np.int64) for _ in range(3)), np.zeros(0))
    member, first, size, chance = (
        np.concatenate([*(row[at] for row in rows), nothing[at]]) for at in range(4)
    )
    member, first = member.astype(np.int64), first.astype(np.int64)
    return pa.table(
        {
            "member_id": take(state.scene.bought.members, member),
            "campaign_id": take(pool.campaigns, pool.campaign[first]),
            "starts_at": pa.array(pool.starts[first]).cast(INSTANT),
            "n_coupons": pa.array(size.astype(np.int64)),
            "probability": pa.array(chance, pa.float64(), mask=np.isnan(chance)),
            "source": pa.array(_sources(state, member).tolist(), pa.large_string()),
        }
    )


def _joined(
    found: list[ScoredCoupons], read: Callable[[ScoredCoupons], NDArray[np.generic]]
) -> NDArray[np.generic]:
    """Put one column of all chunks together."""
    return np.concatenate([read(one) for one in found]) if found else np.zeros(0, np.int64)


def _already(state: CouponState, scored: ScoredCoupons) -> Bools:
    """Tell which coupons the member has redeemed."""
    keys = scored.pairs.member * len(state.scene.pool.offers) + scored.pairs.offer
    return np.isin(keys, state.scene.redeemed_keys())


def _best(state: CouponState, scored: ScoredCoupons, kept: Bools, place: Ints, k: int) -> _Rows:
    """Take each member's best coupons, over all launches; equal scores go by offer."""
    rows = np.flatnonzero(kept)
    member, offer = scored.pairs.member[rows], scored.pairs.offer[rows]
    order = np.lexsort((offer, -scored.score[rows], member))
    rank = within_run(run_starts(member[order]), len(order))
    best, rank = rows[order][rank < k], rank[rank < k] + 1
    member = scored.pairs.member[best]
    source = _sources(state, member)
    return _Rows(
        place[member],
        rank,
        scored.pairs.offer[best],
        scored.score[best],
        scored.probability[best],
        source,
        np.where(source == "cold_start", "popular", _reasons(scored, best)),
    )


def _sources(state: CouponState, member: Ints) -> Texts:
    """Say who ranked: without any purchase known there is nothing personal to go by."""
    has_bought = np.zeros(len(state.scene.bought.members), np.bool_)
    has_bought[state.scene.bought.basket_member] = True
    ranked = "model" if state.ranker.uses_model else "fallback"
    return np.where(has_bought[member], ranked, "cold_start").astype("<U12")


def _reasons(scored: ScoredCoupons, rows: Ints) -> Texts:
    """Read the reasons off facts: rhythm, trips, taste."""
    read = {name: scored.columns[name][rows] for name in ("trips", "last", "gap")}
    low, high = _ABOUT_DUE
    often = read["trips"] >= _OFTEN
    with np.errstate(invalid="ignore"):
        due = often & (read["last"] >= low * read["gap"]) & (read["last"] <= high * read["gap"])
    tastes = [values for name, values in scored.columns.items() if name.startswith("taste:")]
    has_taste = sum((values[rows] > 0 for values in tastes), np.zeros(len(rows), np.bool_))
    return np.select(
        [due, often, read["trips"] > 0, has_taste > 0],
        ["due_again", "bought_often", "bought_before", "your_taste"],
        default="popular",
    )


def _for_all(state: CouponState, asked: pa.Array, rows: Ints, shown: Bools, k: int) -> _Rows:
    """List the coupons open to everyone, by reach: for members who opted out or are not known."""
    scene = state.scene
    offers = np.flatnonzero(shown & ~scene.pool.is_personal)
    reach = OfferNumbers.of(scene, offers).columns["buyers_84"] if len(offers) else np.zeros(0)
    best = np.lexsort((offers, -reach))[:k]
    n, width = len(rows), len(best)
    out = lookup(asked.take(pa.array(rows)), scene.opted_out) >= 0
    return _Rows(
        np.repeat(rows, width),
        np.tile(np.arange(width) + 1, n),
        np.tile(offers[best], n),
        np.tile(reach[best], n),
        np.full(n * width, np.nan),
        np.repeat(np.where(out, "non_personal", "cold_start"), width),
        np.full(n * width, "popular"),
    )


def _table(state: CouponState, asked: pa.Array, parts: list[_Rows]) -> pa.Table:
    """Put the parts together, in order of member and rank."""

    def joined(name: str) -> NDArray[np.generic]:
        return np.concatenate([getattr(part, name) for part in parts])

    row, rank, offer = (joined(name).astype(np.int64) for name in ("row", "rank", "offer"))
    order = np.lexsort((rank, row))
    pool, offer = state.scene.pool, offer[order]
    chance = joined("probability").astype(np.float64)[order]
    columns = (
        asked.take(pa.array(row[order])),
        pa.array(rank[order]),
        take(pool.offers, offer),
        take(pool.campaigns, pool.campaign[offer]),
        pa.array(joined("score")[order], pa.float64()),
        pa.array(chance, mask=np.isnan(chance)),
        pa.array(joined("source")[order].tolist(), pa.large_string()),
        pa.array(joined("reason")[order].tolist(), pa.large_string()),
    )
    return pa.Table.from_arrays(list(columns), names=list(LIST_COLUMNS))
