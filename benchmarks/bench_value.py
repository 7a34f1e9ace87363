"""Score forecasts of CDNOW's weeks 40 to 78, by what `backtest` picks on weeks 1 to 39 alone.

The whole cohort of 23,570 members; every method is fitted to weeks 1 to 39 and forecasts the
39 weeks that follow, which only the last scoring looks at; but the length of `backtest`'s trial
window was changed once after such a scoring (README gives both). Beside the methods of `siyu`
runs the Pareto/NBD of ``lifetimes`` (``--peer``), whose forecast must agree with ours.
Differences are the method's less the pick's on the same members, with paired intervals.

    python benchmarks/bench_value.py                       # needs $SIYU_DATA
    python benchmarks/bench_value.py --small               # the sample's tenth of the members
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import fields

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.compute as pc

from siyu.datasets import Community, load_cdnow, make_community
from siyu.datasets.intervals import paired_difference
from siyu.segmentation.value.backtesting import Backtest, BacktestOptions, backtest
from siyu.segmentation.value.forecast_scores import ForecastScores, forecast_scores, poisson_terms
from siyu.segmentation.value.forecast_trials import blend, blends_of
from siyu.segmentation.value.visit_forecasts import VisitForecasts
from siyu.segmentation.value.visit_history import History

__all__ = ["Holdout", "holdout_of", "main", "require_agreement", "table"]

AS_OF = "1997-10-01"
DAYS = 273
PICK = "the pick"
HEADER = (
    "| forecast | MAE | RMSE | Poisson LL | decile error | bias | AUC "
    "| LL less the pick's, 95 % | error less the pick's, 95 % | square less the pick's, 95 % |\n"
    "|---|---|---|---|---|---|---|---|---|---|"
)
Floats = npt.NDArray[np.float64]


class Holdout:
    """Forecasts of one window, and what came."""

    def __init__(self, visits: npt.NDArray[np.int64], forecasts: dict[str, Floats]) -> None:
        self.visits = visits
        self.forecasts = forecasts

    def row(self, name: str) -> str:
        """Score one forecast, and compare it with the pick."""
        forecast, pick = self.forecasts[name], self.forecasts[PICK]
        scores = forecast_scores(self.visits, forecast, n_resamples=100)
        cells = [_with_interval(scores, one.name) for one in fields(ForecastScores)]
        gains = [
            (poisson_terms(self.visits, forecast), poisson_terms(self.visits, pick)),
            (np.abs(forecast - self.visits), np.abs(pick - self.visits)),
            ((forecast - self.visits) ** 2, (pick - self.visits) ** 2),
        ]
        for ours, theirs in gains:
            gain = paired_difference(ours, theirs, n_resamples=500, random_state=0)
            cells.append(f"{gain.estimate:+.4f} [{gain.low:+.4f}, {gain.high:+.4f}]")
        return f"| {name} | " + " | ".join(cells) + " |"


def holdout_of(
    c: Community, as_of: pd.Timestamp | str, days: int, options: BacktestOptions
) -> tuple[Holdout, Backtest]:
    """Choose and fit before a moment, then look at what came after it."""
    found = backtest(c, as_of=as_of, horizon=f"{days}D", options=options)
    told = found.pick().predict(output="pyarrow")
    members = told["member_id"].combine_chunks()
    known = c.before(as_of)
    history = History.of(known, c.moment(as_of), "orders", members)
    bags = {"n_bags": options.n_bags, "random_state": options.random_state}
    who, forecasts = VisitForecasts.fit(history, days, **bags).predict(history)
    forecasts |= {name: blend(name, forecasts) for name in blends_of(list(forecasts))}
    forecasts[PICK] = np.asarray(told["visits"].to_numpy(), float)[who]
    end = pd.Timestamp(as_of) + pd.Timedelta(days=days)
    later = History.of(c, c.moment(end), "orders", members)
    return Holdout(later.between(-days, 0)[0][who], forecasts), found


def require_agreement(ours: Floats, theirs: Floats, within: float = 0.02) -> None:
    """End the run where the peer's forecast differs from ours by more than 2 % of the mean."""
    off = float(np.abs(ours - theirs).max() / ours.mean())
    if not off <= within:
        raise SystemExit(
            f"Pareto/NBD differs from that of lifetimes by up to {off:.1%} of the mean"
        )


def with_lifetimes(c: Community, as_of: str, days: int) -> tuple[Floats, Floats, float]:
    """Fit lifetimes' Pareto/NBD to the same histories: our forecast, its forecast, seconds."""
    from lifetimes import ParetoNBDFitter

    from siyu.segmentation.value.btyd_forecasts import BtydForecast, history_summary

    history = History.of(c.before(as_of), c.moment(as_of), "orders", c.before(as_of).customers())
    _, summary = history_summary(history)
    x, t_x, age = (summary[name].to_numpy() for name in ("x", "t_x", "T"))
    began = time.perf_counter()
    peer = ParetoNBDFitter().fit(x, t_x, age)
    took = time.perf_counter() - began
    theirs = peer.conditional_expected_number_of_purchases_up_to_time(days / 7, x, t_x, age)
    ours = BtydForecast.fit("ParetoNBD", history).expected(summary, days)
    return ours, np.asarray(theirs, float), took


def table(holdout: Holdout) -> str:
    """Write a row a method, the pick first."""
    names = [PICK, *(name for name in holdout.forecasts if name != PICK)]
    return "\n".join([HEADER, *(holdout.row(name) for name in names)])


def _with_interval(scores: ForecastScores, name: str) -> str:
    one = getattr(scores, name)
    return f"{one.estimate:.3f} ({one.low:.3f} to {one.high:.3f})"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--bags", type=int, default=5)
    parser.add_argument("--peer", action="store_true", help="also fit lifetimes' Pareto/NBD")
    parser.add_argument("--small", action="store_true", help="a simulated brand, in seconds")
    given = parser.parse_args(arguments)
    options = BacktestOptions(n_bags=given.bags, n_resamples=100)
    if given.small:
        c, as_of, days = make_community(600, random_state=5), "2026-03-01", 91
    else:
        c, as_of, days = load_cdnow(), AS_OF, DAYS
    began = time.perf_counter()
    holdout, found = holdout_of(c, as_of, days, options)
    print(
        f"picked on past windows of {found.window} days from {', '.join(found.cuts)}: "
        f"{found.best}; {len(holdout.visits):,} members, {time.perf_counter() - began:.0f} s"
    )
    print(table(holdout), flush=True)
    if given.peer:
        lines = c.arrow("orders")
        assert lines is not None
        sample = lines.filter(pc.equal(lines["in_sample"], True)) if not given.small else lines
        ours, theirs, took = with_lifetimes(Community(orders=sample, tz=c.tz), as_of, days)
        require_agreement(ours, theirs)
        print(f"lifetimes' Pareto/NBD agrees on {len(ours):,} members; it took {took:.1f} s")


if __name__ == "__main__":
    main()
