"""Whether members of one group were offered the same thing on different terms."""

from typing import Any

import numpy as np
import pyarrow as pa

from siyu.datasets.clock import INSTANT
from siyu.datasets.community import Community
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.ids import encode, lookup
from siyu.datasets.ordering import opens_run
from siyu.recommend.sorted_keys import Bools, Ints, ranges, run_starts

from .offered_terms import Terms
from .past_sends import duration_us

__all__ = ["price_fairness"]


def price_fairness(
    c: Community,
    *,
    as_of: Any,
    lists: Frame | None = None,
    within: Any = "28D",
    output: FrameKind = "pandas",
) -> Frame:
    """Find groups whose members were offered the same product, or coupons, on different terms.

    Members of a group compare. Terms differ if one was offered a product at a higher price than
    another, or got a smaller coupon in the same campaign.

    Parameters
    ----------
    c : Community
        With memberships; with sends and offers, unless `lists` are given.
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded; without a zone it is the shop's clock.
    lists : frame with member_id, product_id, offer_price, optional
        To check before anything is sent, such as `choose_offers` gives them; a column
        ``experiment_id`` marks rows of an experiment.
    within : Timedelta, timedelta or str, above 0
        How far back sends are read.
    output : {"pandas", "polars", "pyarrow"}
        Kind of frame to return.

    Returns
    -------
    frame, one row a group and thing on different terms, sorted by these ids
        ``group_id``; ``terms`` : ``price`` or ``coupon``; ``product_id`` : null for coupons;
        ``campaign_id`` : null for prices; ``lowest``, ``highest`` : price, or money off;
        ``n_members`` : of the group, who were offered it; ``n_worse_off`` : of them, who never
        got the best terms; ``worse_off`` : list of their ids; ``by_experiment`` : beside one usual
        offer, all others were made in experiments. What else differs needs a reason.
        No rows: nobody in any group was treated differently.

    Raises
    ------
    DataError
        If a table is missing.
    ParameterError
        If `within` is no span above 0.

    Notes
    -----
    Groups are as they stand at `as_of`; staff do not count. Prices of one product that changed
    between two sends are found as well: who came late pays more, and says so in the group.

    Examples
    --------
    >>> import pandas as pd
    >>> stays = pd.DataFrame({"group_id": ["g", "g"], "member_id": ["a", "b"]})
    >>> stays["joined_at"] = pd.Timestamp("2026-01-01", tz="UTC")
    >>> lists = pd.DataFrame({"member_id": ["a", "b"], "product_id": 7, "offer_price": [9.0, 8.0]})
    >>> found = price_fairness(Community(memberships=stays), as_of="2026-02-01", lists=lists)
    >>> found[["lowest", "highest", "by_experiment"]].values.tolist()
    [[8.0, 9.0, False]]
    """
    c.require("memberships", call="price_fairness()")
    length = duration_us("within", within)
    known, end = c.before(as_of), c.moment(as_of)
    if lists is None:
        terms = Terms.of_sends(known, "price_fairness()", end - length, end)
    else:
        terms = Terms.of_lists(known, lists)
    group, row, groups = _in_groups(known, terms, end)
    return from_arrow(_report(terms, group, row, groups), output)


def _in_groups(c: Community, terms: Terms, end: int) -> tuple[Ints, Ints, pa.Array]:
    """Pair the terms with every group that their member is in.

    Returns
    -------
    (group, row, groups)
        Codes of the groups and rows of `terms`, in order of group, thing and member.
    """
    stays = c.arrow("memberships")
    if stays is None:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), pa.array([], pa.int64())
    if "left_at" in stays.column_names:
        left = stays["left_at"].fill_null(pa.scalar(2**62, pa.int64()).cast(INSTANT))
        gone = left.cast(pa.int64()).to_numpy() < end
        stays = stays.take(pa.array(np.flatnonzero(~gone)))
    group, groups = encode(stays["group_id"])
    member = lookup(stays["member_id"], terms.members)
    pairs = np.unique(member[member >= 0] * max(len(groups), 1) + group[member >= 0])
    owner, of_group = np.divmod(pairs, max(len(groups), 1))
    first = np.searchsorted(owner, terms.member, side="left")
    last = np.searchsorted(owner, terms.member, side="right")
    row = np.repeat(np.arange(len(terms.member)), last - first)
    found = of_group[ranges(first, last)]
    order = np.lexsort((row, terms.thing[row], found))
    return found[order], row[order], groups


def _report(terms: Terms, group: Ints, row: Ints, groups: pa.Array) -> pa.Table:
    """Write the groups and things on different terms."""
    thing, member, better = terms.thing[row], terms.member[row], terms.better[row]
    starts = run_starts(group, thing)
    n = len(starts)
    run = np.repeat(np.arange(n), np.diff(np.append(starts, len(row))))
    worst, best = np.full(n, np.inf), np.full(n, -np.inf)
    np.minimum.at(worst, run, better)
    np.maximum.at(best, run, better)
    differs = worst < best
    # The best terms that each member of a run was ever offered.
    begins = run_starts(run, member)
    own = np.maximum.reduceat(better, begins) if len(row) else np.zeros(0)
    of_run, who = run[begins], member[begins]
    worse = (own < best[of_run]) & differs[of_run]
    n_worse = np.bincount(of_run[worse], minlength=n)[differs]
    offsets = np.concatenate([[0], np.cumsum(n_worse)]).astype(np.int32)
    ids = terms.members.take(pa.array(who[worse]))
    kept = starts[differs]
    product, campaign = terms.names(thing[kept])
    is_price = product.is_valid().to_numpy(zero_copy_only=False)
    low = np.where(is_price, -best[differs], worst[differs])
    high = np.where(is_price, -worst[differs], best[differs])
    return pa.table(
        {
            "group_id": groups.take(pa.array(group[kept])),
            "terms": _text(is_price, "price", "coupon"),
            "product_id": product,
            "campaign_id": campaign,
            "lowest": pa.array(low),
            "highest": pa.array(high),
            "n_members": pa.array(np.bincount(of_run, minlength=n)[differs]),
            "n_worse_off": pa.array(n_worse),
            "worse_off": pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), ids),
            "by_experiment": pa.array(_by_experiment(terms, run, row, n)[differs]),
        }
    )


def _by_experiment(terms: Terms, run: Ints, row: Ints, n: int) -> Bools:
    """Tell where at most one term was offered outside of experiments, and others in them."""
    tried = terms.in_experiment[row]
    of_run, better = run[~tried], terms.better[row[~tried]]
    order = np.lexsort((better, of_run))
    opens = opens_run(of_run[order], better[order])
    n_plain = np.bincount(of_run[order][opens], minlength=n)
    return np.asarray((n_plain <= 1) & (np.bincount(run[tried], minlength=n) > 0))


def _text(flags: Bools, yes: str, no: str) -> pa.Array:
    """Write one of two codes a row."""
    return pa.array(np.where(flags, yes, no).tolist(), pa.large_string())
