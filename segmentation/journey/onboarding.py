"""Onboarding: whether those who were welcomed in their first days stay longer."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.clock import local_day
from siyu.datasets.community import Community, kind_of
from siyu.datasets.errors import ParameterError, warn
from siyu.datasets.estimates import differences, named_columns, shares
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.segmentation.whole_numbers import require_whole

from .aarrr import ACTS, OTHER_TABLES, acts_of, event_days
from .audience import Audience, audience_of, groups_of

__all__ = ["onboarding_effect"]

Ints = npt.NDArray[np.int64]

_UNTIL = (30, 60, 90)


def onboarding_effect(
    data: Community | Frame,
    *,
    as_of: Any,
    event: str = "onboard",
    within_days: int = 7,
    by: str | None = None,
    output: FrameKind | None = None,
) -> Frame:
    """Compare how many stay of those who were onboarded in the first days and those who were not.

    Parameters
    ----------
    data : Community, or frame of schema `events`
        With events.
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded; without a zone it is the shop's clock.
    event : str
        What onboarding done looks like in ``events.event``.
    within_days : int >= 1
        Done within so many local days, the day of entry being the first.
    by : str, optional
        ``"source"``, another column of members, or ``"cohort"``, the month of entry.
    output : {"pandas", "polars", "pyarrow"}, optional
        Kind of frame; default the kind of `data`, pandas for a
        Community.

    Returns
    -------
    frame, one row for each group and each of 30, 60 and 90 days
        ``group``; ``until_days`` : the member stayed if active (purchase, event, message or
        invitation; the onboarding event itself aside) after the first `within_days` days and up
        to so many days after entry; ``n_done``, ``n_done_stayed``, ``done_share``, ``done_low``,
        ``done_high`` : of those onboarded; ``n_not``, ``n_not_stayed``, ``not_share``,
        ``not_low``, ``not_high`` : of the others (Wilson, 95 %); ``difference``, ``low``,
        ``high`` : done_share - not_share (Newcombe). Only members who entered so long ago.

    Raises
    ------
    DataError
        If events are missing, or the column `by`.
    ParameterError
        If `within_days` is not 1 to 29.

    Warns
    -----
    SiyuWarning
        If members are left out who entered before the record began or at an unknown moment.

    Notes
    -----
    **Not causal**: those who finish onboarding are keener to begin with. Whether onboarding
    keeps anybody shows when it is offered to some by lot. Both sides are judged by what they do
    after the first days only, so that being there to be onboarded is no head start.

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17, 873-890; Anderson, Cain & Gelber (1983), "Analysis
    of survival by tumor response", J. Clinical Oncology 1, 710-719 (the landmark).

    Examples
    --------
    >>> from siyu.datasets import make_community
    >>> c = make_community(n_members=500, random_state=0)
    >>> found = onboarding_effect(c, as_of="2026-07-01")
    >>> found["until_days"].tolist(), bool((found["low"] < found["difference"]).all())
    ([30, 60, 90], True)
    """
    require_whole("within_days", within_days, 1)
    if within_days >= _UNTIL[0]:
        raise ParameterError("within_days", f"within_days must be 1 to 29, got {within_days}")
    a = audience_of(data, as_of, ("events",), OTHER_TABLES, "onboarding_effect()")
    if n := int(np.count_nonzero(~a.known)):
        warn(f"onboarding_effect(): {n} members entered before the record, or unknown when")
    groups = groups_of(a, by)
    of, day = event_days(a, event)
    early = (day >= a.entry_day[of]) & (day < a.entry_day[of] + within_days)
    done = np.bincount(of[early], minlength=len(a.members)) > 0
    of, day = _other_acts(a, event)
    age = day - a.entry_day[of]
    n_groups = len(groups.names)
    counts = np.zeros((4, n_groups, len(_UNTIL)), np.int64)
    for place, until in enumerate(_UNTIL):
        judged = a.known & (a.entry_day + until < a.last_day)
        stays = np.bincount(of[(age >= within_days) & (age <= until)], minlength=len(done)) > 0
        sides = (judged & done, judged & done & stays, judged & ~done, judged & ~done & stays)
        for side, mask in enumerate(sides):
            counts[side, :, place] = np.bincount(groups.codes[mask], minlength=n_groups)
    n_done, done_stayed, n_not, not_stayed = counts.reshape(4, -1)
    ours, theirs = shares(done_stayed, n_done), shares(not_stayed, n_not)
    columns = {
        "group": groups.names.take(pa.array(np.repeat(np.arange(n_groups), len(_UNTIL)))),
        "until_days": pa.array(list(_UNTIL) * n_groups, pa.int64()),
        "n_done": pa.array(n_done),
        "n_done_stayed": pa.array(done_stayed),
        **named_columns(ours, ("done_share", "done_low", "done_high")),
        "n_not": pa.array(n_not),
        "n_not_stayed": pa.array(not_stayed),
        **named_columns(theirs, ("not_share", "not_low", "not_high")),
        **named_columns(differences(ours, theirs), ("difference", "low", "high")),
    }
    return from_arrow(pa.table(columns), output or kind_of(data))


def _other_acts(a: Audience, event: str) -> tuple[Ints, Ints]:
    """Give what members did on which local days, one kind of event aside."""
    acts = acts_of(a, tuple(kind for kind in ACTS if kind != "event"))
    rows, of, at = a.rows("events", "event_time", columns=("event",))
    other = np.asarray(pc.not_equal(rows["event"], event).to_numpy(), np.bool_)
    of, day = np.append(acts.of, of[other]), np.append(acts.day, local_day(at[other], a.c.tz))
    return of, day
