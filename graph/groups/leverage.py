"""What a share is worth: the views that follow it, of members of the sharer's groups."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.clock import instants
from siyu.datasets.errors import DataError, warn
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.ids import encode, lookup
from siyu.datasets.ordering import opens_run
from siyu.datasets.shrinkage import GammaPrior
from siyu.datasets.spans import span_us

from .group_facts import GroupFacts, group_facts
from .stays import Stays
from .values import Columns, counts, measures, ratio

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = ["amplification", "sharer_leverage"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def amplification(
    c: "Community",
    *,
    as_of: Any,
    item: str = "product_id",
    events: tuple[str, str] = ("share", "view"),
    window: Any = "7D",
    output: FrameKind = "pandas",
) -> Frame:
    """Compare, for each item, the views that follow a share with those that nobody shared for.

    A view **follows** when within `window` before it another member shared the same item in a
    group that the viewer was in: the group that the share names, or any group of the sharer. It
    is **seeded** otherwise: by the brand's own push (what staff share is that, too), or by chance.

    Parameters
    ----------
    c : Community
        With memberships and events.
    as_of : Timestamp, datetime or str
        Itself excluded.
    item : str
        Column of events that says what is shared and viewed: ``"product_id"``, or an extra
        column such as ``"campaign_id"``. Shares and views without one are left out.
    events : (str, str)
        What sharing and viewing are called in ``events.event``.
    window : Timedelta or str, a day or more
    output : {"pandas", "polars", "pyarrow"}

    Returns
    -------
    frame, one row an item that was shared or viewed, sorted by it
        The item; ``n_shares``, ``n_seeded``, ``n_followed``; ``n_preceding`` : views that a share
        of another group mate follows within `window`: as many as `n_followed` where shares and
        views merely meet; ``amplification`` : followed over seeded views, null without seeded
        ones; ``expected``, ``low``, ``high`` : the same drawn towards that of all items, with its
        95 % credible interval (gamma-Poisson): no item passes for a marvel by one lucky view.

    Raises
    ------
    DataError
        If memberships, events or the column `item` are missing.
    ParameterError
        If `window` makes no sense.

    Warns
    -----
    SiyuWarning
        If shares name no item.

    Examples
    --------
    >>> import pandas as pd
    >>> from siyu.datasets import Community
    >>> day = pd.Timestamp("2026-01-01", tz="UTC")
    >>> groups = pd.DataFrame({"group_id": [1, 1], "member_id": [1, 2], "joined_at": [day] * 2})
    >>> events = pd.DataFrame(
    ...     {
    ...         "member_id": [1, 1, 2],
    ...         "event_time": [day + pd.Timedelta(hours=h) for h in (1, 2, 3)],
    ...         "event": ["view", "share", "view"],
    ...         "product_id": [7, 7, 7],
    ...     }
    ... )
    >>> c = Community(memberships=groups, events=events)
    >>> found = amplification(c, as_of="2026-02-01")
    >>> found[["product_id", "n_seeded", "n_followed", "amplification"]]
       product_id  n_seeded  n_followed  amplification
    0           7         1           1            1.0
    """
    spread = _spread(c, as_of, (item, *events), span_us("window", window), "amplification()")
    n = len(spread.items)
    n_views = np.bincount(spread.view_item, minlength=n)
    followed = np.bincount(spread.view_item[spread.credited >= 0], minlength=n)
    preceding = np.bincount(spread.view_item[spread.precedes], minlength=n)
    seeded = n_views - followed
    table = {
        item: spread.items,
        "n_shares": counts(np.bincount(spread.share_item, minlength=n)),
        "n_seeded": counts(seeded),
        "n_followed": counts(followed),
        "n_preceding": counts(preceding),
        "amplification": measures(ratio(followed, seeded)),
        **_expected(followed, seeded),
    }
    return from_arrow(pa.table(table), output)


def sharer_leverage(
    c: "Community",
    *,
    as_of: Any,
    item: str = "product_id",
    events: tuple[str, str] = ("share", "view"),
    window: Any = "7D",
    output: FrameKind = "pandas",
) -> Frame:
    """Tell for each member who shares how many views of others follow, a share.

    A view that follows several shares is credited once, to the latest of them (at one instant
    the sharer with the smaller id).

    Parameters
    ----------
    c, as_of, item, events, window, output
        As in `amplification`.

    Returns
    -------
    frame, one row a member who shared, sorted by ``member_id``
        Staff and who opted out are left out. ``n_shares``; ``n_open`` : of those, shares whose
        `window` is not over; ``n_views`` : views credited so far; ``n_viewers`` : different
        members among them; ``views_per_share`` : of the other shares and the views of theirs,
        null without any; ``expected``, ``low``, ``high`` : the same drawn towards that of all
        sharers, with its 95 % credible interval.

    Raises
    ------
    DataError, ParameterError
        As in `amplification`.

    Warns
    -----
    SiyuWarning
        As in `amplification`.

    Examples
    --------
    >>> from siyu.datasets import make_community
    >>> c = make_community(n_members=300, random_state=0)
    >>> shares = c.events.query("event == 'share'").assign(product_id="p0001")
    >>> from siyu.datasets import Community
    >>> toy = Community(tz=c.tz, events=shares, memberships=c.memberships)
    >>> sharer_leverage(toy, as_of="2026-06-01")["n_views"].sum()  # nobody viewed anything
    np.int64(0)
    """
    spread = _spread(c, as_of, (item, *events), span_us("window", window), "sharer_leverage()")
    n = len(spread.facts.members)
    n_shares = np.bincount(spread.share_member, minlength=n)
    credited = spread.credited >= 0
    sharer = spread.share_member[spread.credited[credited]]
    viewer = spread.view_member[credited]
    order = np.lexsort((viewer, sharer))
    opens = opens_run(sharer[order], viewer[order])
    out = lookup(spread.facts.known.opted_out(), spread.facts.members)
    shown = n_shares > 0
    shown[out[out >= 0]] = False
    n_views = np.bincount(sharer, minlength=n)
    # Views of a share of yesterday are still to come: it would make its sharer look weak.
    n_open = np.bincount(spread.share_member[spread.is_open], minlength=n)
    settled = ~spread.is_open[spread.credited[credited]]
    n_settled, n_closed = np.bincount(sharer[settled], minlength=n), n_shares - n_open
    rows = {
        "member_id": spread.facts.members,
        "n_shares": counts(n_shares),
        "n_open": counts(n_open),
        "n_views": counts(n_views),
        "n_viewers": counts(np.bincount(sharer[order][opens], minlength=n)),
        "views_per_share": measures(ratio(n_settled, n_closed)),
        **_expected(n_settled, n_closed),
    }
    return from_arrow(pa.table(rows).take(pa.array(np.flatnonzero(shown))), output)


@dataclass(frozen=True, slots=True, eq=False)
class _Spread:
    """Shares and views of items, and which share each view follows.

    `is_open` marks shares whose window is not over. `credited` is the place of the share, -1 for
    a seeded view; `precedes` tells whether a share of another group mate comes after the view
    within the window.
    """

    facts: GroupFacts
    items: pa.Array
    share_member: Ints
    share_item: Ints
    is_open: npt.NDArray[np.bool_]
    view_member: Ints
    view_item: Ints
    credited: Ints
    precedes: npt.NDArray[np.bool_]


def _spread(
    c: "Community", as_of: Any, names: tuple[str, str, str], length: int, call: str
) -> _Spread:
    """Read shares and views, and match them."""
    item, share, view = names
    c.require("memberships", "events", call=call)
    facts = group_facts(c, as_of, call)
    rows, stays = facts.known.arrow("events"), facts.stays
    if rows is None or stays is None or item not in rows.column_names:
        there = "none" if rows is None else ", ".join(rows.column_names)
        raise DataError(f"{call} needs the column {item} of events; there are: {there}")
    is_share = np.asarray(pc.equal(rows["event"], share).to_numpy())
    is_view = np.asarray(pc.equal(rows["event"], view).to_numpy())
    kept = np.flatnonzero(is_share | is_view)
    rows, is_share = rows.take(pa.array(kept)), is_share[kept]
    code, items = encode(rows[item])
    if n := int((is_share & (code < 0)).sum()):
        warn(f"{call}: {n} of {int(is_share.sum())} shares have no {item} and are left out")
    member, time = lookup(rows["member_id"], facts.members), instants(rows["event_time"])
    has_group = "group_id" in rows.column_names
    group = lookup(rows["group_id"], facts.groups) if has_group else np.full(len(member), -1)
    known = (code >= 0) & (member >= 0)
    order = np.lexsort((group, member, time, code))
    order = order[known[order]]
    shares, views = order[is_share[order]], order[~is_share[order]]
    shown = _Acts(member[shares], code[shares], time[shares], group[shares])
    seen = _Acts(member[views], code[views], time[views], np.full(len(views), -1))
    credited = _latest_share(shown, seen, stays, length)
    backward = _Acts(seen.member, seen.item, -seen.time, seen.group)
    mirrored = _latest_share(
        _Acts(shown.member, shown.item, -shown.time, shown.group), backward, stays, length
    )
    until = facts.known.observed.get("events", (0, facts.end))[1]
    return _Spread(
        facts,
        items,
        shown.member,
        shown.item,
        shown.time > until - length,
        seen.member,
        seen.item,
        credited,
        mirrored >= 0,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Acts:
    """Shares, or views: who, of what, when (a mirrored clock is negative), in which group."""

    member: Ints
    item: Ints
    time: Ints
    group: Ints


def _latest_share(shares: _Acts, views: _Acts, stays: Stays, length: int) -> Ints:
    """Find for each view the latest share of another member in a group of both; -1 for none."""
    share, share_group = _in_groups(shares, stays)
    view, view_group = _in_groups(views, stays)
    which = np.concatenate([share, view])
    is_view = np.repeat([False, True], [len(share), len(view)])
    member = np.concatenate([shares.member[share], views.member[view]])
    item = np.concatenate([shares.item[share], views.item[view]])
    time = np.concatenate([shares.time[share], views.time[view]])
    group = np.concatenate([share_group, view_group])
    # At one instant a view comes first: what is shared later cannot have drawn it.
    order = np.lexsort((-member, ~is_view, time, item, group))
    which, is_view, member = which[order], is_view[order], member[order]
    item, time, group = item[order], time[order], group[order]
    place = np.arange(len(order))
    latest = np.maximum.accumulate(np.where(is_view, -1, place))
    other = _latest_by_another(latest, is_view, (group, item, member))
    asked = np.flatnonzero(is_view)
    found = latest[asked]
    own = (found >= 0) & (member[np.maximum(found, 0)] == member[asked])
    found = np.where(own, other[np.maximum(found, 0)], found)
    at = np.maximum(found, 0)
    fits = (found >= 0) & (group[at] == group[asked]) & (item[at] == item[asked])
    fits &= time[asked] - time[at] <= length
    # A view in several groups follows the latest share of all of them.
    best = np.full(len(views.member), np.iinfo(np.int64).min)
    np.maximum.at(best, which[asked[fits]], time[at[fits]])
    ties = fits & (time[at] == best[which[asked]])
    credited = np.full(len(views.member), np.iinfo(np.int64).max)
    np.minimum.at(credited, which[asked[ties]], which[at[ties]])
    return np.where(credited == np.iinfo(np.int64).max, -1, credited)


def _latest_by_another(
    latest: Ints, is_view: npt.NDArray[np.bool_], keys: tuple[Ints, Ints, Ints]
) -> Ints:
    """Give for each share the latest one before it, of the same key, by another member."""
    group, item, member = keys
    found = np.full(len(latest), -1)
    at = np.flatnonzero(~is_view)
    if not len(at):
        return found
    opens = opens_run(group[at], item[at], member[at])
    run = np.cumsum(opens) - 1
    last_before = np.append(-1, at[np.flatnonzero(opens)[1:] - 1])
    before = last_before[run]
    same = before >= 0
    same &= (group[before] == group[at]) & (item[before] == item[at])
    found[at] = np.where(same, before, -1)
    return found


def _in_groups(acts: _Acts, stays: Stays) -> tuple[Ints, Ints]:
    """Give each act once for every group in which it can be seen, or see."""
    named = np.flatnonzero(acts.group >= 0)
    free = np.flatnonzero(acts.group < 0)
    row, stay = stays.holding(acts.member[free], np.abs(acts.time[free]))
    return (
        np.concatenate([named, free[row]]),
        np.concatenate([acts.group[named], stays.group[stay]]),
    )


def _expected(part: Ints, whole: Ints) -> Columns:
    """Draw each ratio of counts towards that of all, with a credible interval."""
    prior_rows = whole > 0
    n = len(part)
    columns = {name: np.full(n, np.nan) for name in ("expected", "low", "high")}
    if prior_rows.any():
        above, below = part[prior_rows], whole[prior_rows]
        prior = GammaPrior.of(above, below)
        columns["expected"][prior_rows] = prior.posterior_mean(above, below)
        columns["low"][prior_rows], columns["high"][prior_rows] = prior.interval(above, below)
    return {name: measures(values) for name, values in columns.items()}
