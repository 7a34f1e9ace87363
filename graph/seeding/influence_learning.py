"""How likely each tie carries influence, learned from who acted after whom."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.errors import DataError, ParameterError
from siyu.datasets.frames import Frame, FrameKind, from_arrow, to_arrow
from siyu.datasets.ids import lookup
from siyu.datasets.intervals import bootstrap_ratio
from siyu.datasets.shrinkage import BetaPrior
from siyu.graph.tie_rules import TieRules

from .followed_actions import ActionRules, FollowCounts, actions_of, follow_counts
from .influence_direction import influence_graph

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = ["influence_calibration", "learn_influence"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_LONG_AGO = -(2**62)
_BANDS = 10


def learn_influence(
    c: "Community",
    *,
    as_of: Any,
    rules: ActionRules | None = None,
    ties: TieRules | None = None,
    output: FrameKind = "pandas",
) -> Frame:
    """Learn from dated actions how often members follow those whom they are tied to.

    For a tie from u to v, each first purchase (or other action) of u that v had not made before
    is a trial; it is followed if v makes the same within `ActionRules.within`. Only trials whose
    window has closed before `as_of` count. Few trials prove little: each rate is drawn towards
    the rate of all ties (beta-binomial).

    Parameters
    ----------
    c : Community
        With ties, and with orders or events that carry ``product_id``.
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded.
    rules : ActionRules, optional
    ties : TieRules, optional
        Which ties there are, see `influence_graph`; their weights play no part.
    output : {"pandas", "polars", "pyarrow"}

    Returns
    -------
    frame, one row a tie, sorted by ``source``, ``target``
        ``source`` influences ``target``; ``probability`` in (0, 1) that an action is followed,
        with ``low`` and ``high``, its 95 % credible interval; ``n_trials``, ``n_followed``;
        ``credit`` : the followers' sum of 1 / (number who went before them), at most
        ``n_followed``. It goes as it is into ``probability=`` of `choose_seeds`.

    Raises
    ------
    DataError
        If a table or column is absent, or no action has a closed window beside a tie.

    Notes
    -----
    Friends are alike: some would have bought the same without each other, so that rates are
    upper bounds on influence. `influence_calibration` tells how they hold later on.

    References
    ----------
    Goyal, Bonchi & Lakshmanan (2010), "Learning influence probabilities in social networks",
    WSDM, 241-250: the static Bernoulli and partial-credits models. A trial here is an action
    that the target had not done before, so that no success is impossible.
    Shalizi & Thomas (2011), "Homophily and contagion are generically confounded in observational
    social network studies", Sociological Methods & Research 40(2), 211-239.

    Examples
    --------
    >>> import pandas as pd
    >>> from siyu.datasets import Community
    >>> when = pd.to_datetime(["2026-01-01", "2026-01-03", "2026-01-05"])
    >>> c = Community(
    ...     orders=pd.DataFrame({"member_id": ["ann", "bob", "ann"], "order_time": when}).assign(
    ...         amount=1.0, product_id=["tea", "tea", "nuts"]
    ...     ),
    ...     referrals=pd.DataFrame({"inviter_id": ["ann"], "invitee_id": ["bob"]}).assign(
    ...         referral_time=when[:1]
    ...     ),
    ...     tz="UTC",
    ... )
    >>> found = learn_influence(c, as_of="2026-03-01")
    >>> found[["source", "target", "n_trials", "n_followed"]]
      source target  n_trials  n_followed
    0    ann    bob         2           1
    """
    terms = ActionRules() if rules is None else rules
    graph = influence_graph(c, as_of=as_of, rules=ties)
    known, end = c.before(as_of), c.moment(as_of)
    pairs = graph.ties.source.astype(np.int64), graph.ties.target.astype(np.int64)
    counts = follow_counts(actions_of(known, graph.ids, terms), pairs, (_LONG_AGO, end), terms)
    if not counts.n_trials.any():
        raise DataError(
            f"learn_influence() finds no action beside the {graph.n_ties} ties whose window of "
            f"{terms.within} has closed before as_of"
        )
    prior = BetaPrior.of(counts.credit, counts.n_trials)
    low, high = prior.interval(counts.credit, counts.n_trials)
    table = {
        "source": graph.ids.take(pa.array(pairs[0])),
        "target": graph.ids.take(pa.array(pairs[1])),
        "probability": prior.posterior_mean(counts.credit, counts.n_trials),
        "low": low,
        "high": high,
        "n_trials": counts.n_trials,
        "n_followed": counts.n_followed,
        "credit": counts.credit,
    }
    return from_arrow(pa.table(table), output)


def influence_calibration(
    c: "Community",
    learned: Frame,
    *,
    since: Any,
    as_of: Any,
    rules: ActionRules | None = None,
    output: FrameKind = "pandas",
) -> Frame:
    """Hold learned probabilities against what happened later along the same ties.

    Parameters
    ----------
    c : Community
    learned : frame of `learn_influence`
        Learned at `since` or before, by the same `rules`.
    since, as_of : Timestamp, datetime or str
        Trials are actions at or after `since` whose window has closed before `as_of`.
    rules : ActionRules, optional
    output : {"pandas", "polars", "pyarrow"}

    Returns
    -------
    frame, at most 10 rows: bands of like probability with about as many trials each
        ``band`` : from 1, the least likely; ``n_ties``, ``n_trials``; ``predicted`` : mean
        probability of the trials; ``observed`` : credit per trial, with ``low`` and ``high``,
        its 95 % interval (bootstrap over ties). No rows if there was no trial.

    Raises
    ------
    DataError
        If a table or column is absent.
    ParameterError
        If `since` is not before `as_of`, or `learned` lacks a column.

    Examples
    --------
    >>> import pandas as pd
    >>> from siyu.datasets import make_community
    >>> c = make_community(n_members=300, random_state=0)
    >>> learned = learn_influence(c, as_of="2026-01-01")
    >>> bands = influence_calibration(c, learned, since="2026-01-01", as_of="2026-06-30")
    >>> list(bands.columns)
    ['band', 'n_ties', 'n_trials', 'predicted', 'observed', 'low', 'high']
    """
    terms = ActionRules() if rules is None else rules
    known, start, end = c.before(as_of), c.moment(since), c.moment(as_of)
    if start >= end:
        raise ParameterError("since", f"since must lie before as_of, got {since} and {as_of}")
    table, _ = to_arrow(learned)
    missing = {"source", "target", "probability"} - set(table.column_names)
    if missing:
        raise ParameterError("learned", f"learned lacks {', '.join(sorted(missing))}")
    members = known.customers()
    source, target = lookup(table["source"], members), lookup(table["target"], members)
    there = (source >= 0) & (target >= 0)
    pairs = source[there], target[there]
    counts = follow_counts(actions_of(known, members, terms), pairs, (start, end), terms)
    chance = np.asarray(table["probability"].to_numpy(), dtype=np.float64)[there]
    return from_arrow(_bands(chance, counts), output)


def _bands(chance: Floats, counts: FollowCounts) -> pa.Table:
    """Put ties of like probability together."""
    order = np.argsort(chance, kind="stable")
    order = order[counts.n_trials[order] > 0]
    trials = counts.n_trials[order]
    # Equal probabilities share a band, so that no order among them matters.
    _, like = np.unique(chance[order], return_inverse=True)
    before = np.concatenate([[0], np.cumsum(np.bincount(like, trials))])[:-1]
    of_value = (before * _BANDS // max(int(trials.sum()), 1)).astype(np.int64)
    _, band = np.unique(of_value[like], return_inverse=True)
    rows = []
    for number in range(int(band.max()) + 1 if len(band) else 0):
        ties = order[band == number]
        n_trials = counts.n_trials[ties].astype(np.float64)
        observed = bootstrap_ratio(counts.credit[ties], n_trials, random_state=0)
        predicted = float(chance[ties] @ n_trials / n_trials.sum())
        rows.append((number + 1, len(ties), int(n_trials.sum()), predicted, observed))
    return pa.table(
        {
            "band": pa.array([row[0] for row in rows], pa.int64()),
            "n_ties": pa.array([row[1] for row in rows], pa.int64()),
            "n_trials": pa.array([row[2] for row in rows], pa.int64()),
            "predicted": pa.array([row[3] for row in rows], pa.float64()),
            "observed": pa.array([row[4].estimate for row in rows], pa.float64()),
            "low": pa.array([row[4].low for row in rows], pa.float64()),
            "high": pa.array([row[4].high for row in rows], pa.float64()),
        }
    )
