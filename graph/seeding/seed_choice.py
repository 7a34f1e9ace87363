"""Whom to tell first: seeds that spread as far as can be, and the proof of how far that is."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.errors import DataError, warn
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.intervals import Interval, bootstrap_mean
from siyu.datasets.randomness import generator
from siyu.graph.graph_convert import GraphLike, as_member_graph

from .seed_baselines import baseline_seeds
from .seed_limits import SeedLimits
from .seed_rules import SeedRules
from .seed_set import SeedSet
from .spread_bounds import CertifiedSeeds, certified_seeds
from .spread_model import Probability, SpreadKind, spread_model
from .spread_simulation import SpreadSimulator

__all__ = ["choose_seeds"]

Floats = npt.NDArray[np.float64]


def choose_seeds(  # noqa: PLR0913  (the model is two choices; the rules are one object already)
    graph: GraphLike,
    k: int | None,
    *,
    model: SpreadKind = "ic",
    probability: Probability = "weighted",
    rules: SeedRules | None = None,
    random_state: int | np.random.Generator | None = None,
    output: FrameKind = "pandas",
) -> SeedSet:
    """Choose members whose word of mouth reaches most others, with a certificate.

    Reverse influence sampling: seeds are chosen on one collection of samples and judged on
    another, and both are doubled until the spread is certified to be `SeedRules.target_ratio` of
    the best possible, whatever that is.

    Parameters
    ----------
    graph : MemberGraph or networkx graph
        A tie goes from who influences to who is influenced; `influence_graph` makes such a graph
        of a community. An undirected tie carries both ways. Members without ties reach only
        themselves.
    k : int >= 1, or None
        Number of seeds; None with a budget: as many as it pays for. Where fewer members may be
        seeds, all of them are taken.
    model : {"ic", "lt"}
        Independent cascade, or linear threshold; see `siyu.graph.seeding.spread_model`.
    probability : {"weighted", "given"}, float, array or frame
        "weighted": the tie's share of all weight that comes in at its target (weighted cascade;
        1 / in-degree without weights). "given": the weight is the probability. A number in
        (0, 1]: the same for every tie. An array along ``graph.ties``, or a frame with
        ``source``, ``target`` and ``probability`` such as `learn_influence` gives.
    rules : SeedRules, optional
        Certificate asked for, costs and budget, quotas of groups, whom to exclude. People who
        opted out belong into ``exclude``: ``SeedRules(exclude=c.before(as_of).opted_out())``.
    random_state : int, Generator or None
        The same number gives the same bytes.
    output : {"pandas", "polars", "pyarrow"}
        Kind of the frames in the result.

    Returns
    -------
    SeedSet
        Time grows with the members in all samples, which grows with the ties, not with their
        square; see `SeedRules.max_entries` for the bound on memory.

    Raises
    ------
    ParameterError
        If a parameter is out of range.
    DataError
        If there are no members, or no choice obeys the rules.

    Warns
    -----
    SiyuWarning
        If the samples allowed do not suffice to certify the target; the ratio reached is told.

    Notes
    -----
    With a = ln(2 i / (1 - confidence)) for at most i rounds, L sets of n_2 judging samples that
    hold a seed, and U the bound on the sets of n_1 choosing samples that any allowed choice
    covers (`most_covered`), out of n members:

    - lower = n / n_2 ((sqrt(L + 2a/9) - sqrt(a/2))^2 - a/18)
    - upper = n / n_1 (sqrt(U + a/2) + sqrt(a/2))^2

    References
    ----------
    Tang, Tang, Xiao & Yuan (2018), "Online processing algorithms for influence maximization",
    SIGMOD, 991-1005. The bound U is tighter here, see `siyu.graph.seeding.cover_bound`.

    Examples
    --------
    >>> import networkx as nx
    >>> two_stars = nx.DiGraph([(1, 2), (1, 3), (1, 4), (5, 6), (5, 7)])
    >>> found = choose_seeds(two_stars, 2, random_state=0)
    >>> found.seeds[["rank", "member_id"]].to_numpy().tolist()
    [[1, 1], [2, 5]]
    >>> found.spread.estimate, found.reached_target
    (7.0, True)
    """
    terms = SeedRules() if rules is None else rules
    members = as_member_graph(graph)
    if not len(members):
        raise DataError("the graph has no members to choose from")
    known = spread_model(members, model, probability)
    limits = SeedLimits.of(k, terms, known.ids)
    sampling, guessing, simulating = generator(random_state).spawn(3)
    found = certified_seeds(known, limits, terms, sampling)
    methods = {"chosen": found.chosen, **baseline_seeds(members, known, limits, guessing)}
    spreads = _simulated(SpreadSimulator(known), methods, terms.n_simulations, simulating)
    _say_if_short(found, terms)
    return SeedSet(
        seeds=_seeds(found, known.ids, None if terms.costs is None else limits.cost, output),
        spread=spreads["chosen"],
        lower=found.lower,
        upper=found.upper,
        confidence=terms.confidence,
        target_ratio=terms.target_ratio,
        n_sets=found.n_sets,
        baselines=_baselines(methods, spreads, output),
        model=model,
    )


def _simulated(
    simulator: SpreadSimulator,
    methods: dict[str, list[int]],
    n_simulations: int,
    rng: np.random.Generator,
) -> dict[str, Interval]:
    """Simulate every choice afresh."""
    seed_sets = [np.sort(np.array(chosen, dtype=np.int64)) for chosen in methods.values()]
    sizes = simulator.sizes(seed_sets, n_simulations, rng)
    return {
        name: bootstrap_mean(reached, random_state=rng)
        for name, reached in zip(methods, sizes, strict=True)
    }


def _seeds(found: CertifiedSeeds, ids: pa.Array, cost: Floats | None, output: FrameKind) -> Frame:
    """Make the frame of the seeds."""
    chosen = np.array(found.chosen, dtype=np.int64)
    covered = found.judge.covered(found.chosen)
    spread = covered * (len(ids) / len(found.judge))
    costs = pa.nulls(len(chosen), pa.float64()) if cost is None else pa.array(cost[chosen])
    table = {
        "rank": pa.array(np.arange(1, len(chosen) + 1)),
        "member_id": ids.take(pa.array(chosen)),
        "gain": np.diff(spread, prepend=0.0),
        "spread": spread,
        "cost": costs,
    }
    return from_arrow(pa.table(table), output)


def _baselines(
    methods: dict[str, list[int]], spreads: dict[str, Interval], output: FrameKind
) -> Frame:
    """Make the frame of the baselines, the choice itself first."""
    table = {
        "method": pa.array(list(methods), pa.large_string()),
        "n_seeds": pa.array([len(chosen) for chosen in methods.values()], pa.int64()),
        "spread": pa.array([spreads[name].estimate for name in methods]),
        "low": pa.array([spreads[name].low for name in methods]),
        "high": pa.array([spreads[name].high for name in methods]),
    }
    return from_arrow(pa.table(table), output)


def _say_if_short(found: CertifiedSeeds, rules: SeedRules) -> None:
    ratio = found.lower / found.upper
    if ratio < rules.target_ratio:
        advice = "raise max_sets or max_entries of the rules, or lower target_ratio"
        if found.cover_ratio < rules.target_ratio:
            advice = f"more samples would not help beyond {found.cover_ratio:.3f}"
        warn(
            f"choose_seeds(): {found.n_sets} samples certify {ratio:.3f} of the best possible "
            f"spread, not the {rules.target_ratio:g} asked for; {advice}"
        )
