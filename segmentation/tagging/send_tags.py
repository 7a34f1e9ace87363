"""Tags of being written to: what members open and where, when best, and when it is too much."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.clock import DAY_US, local_hour
from siyu.datasets.ids import take
from siyu.datasets.shrinkage import BetaPrior, shrink_rate
from siyu.datasets.windows import trailing_count

from .clock_tags import keeps_time
from .evidence import Found
from .facts import Facts, grouped_once
from .found_values import count_tag, flag_tag, rate_tag, recorded_for, usual_rate
from .send_rows import NOT_YET, SEND_DAYS, SendRows, sends_of

__all__ = ["OPEN_RATE_CHANNELS", "SendNorms", "send_norms", "send_tags"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

OPEN_RATE_CHANNELS = ("wecom", "moments", "service_account", "subscription_account", "sms")
"""Channels whose open rate has a tag of its own: ``open_rate_wecom`` ..."""

_MONTH_US = 28 * DAY_US
_SETTLED_US = 3 * DAY_US
_FEWEST_OPENS = 3
_HOUR_STRENGTH = 3.0
_LOADS = np.array([2, 4, 8])
_FALLEN = 0.6
_CHANCE = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class SendNorms:
    """How members take messages.

    Parameters
    ----------
    opens : BetaPrior
        Of the share of sends that are opened.
    channels : tuple of (name, BetaPrior)
        The same for each channel in which anybody ever opened one; the name None stands for
        sends that name no channel.
    hours : float array, 24 shares of all opens, or None where opens have no hour
    quits : float array, 4, or None
        Chance to quit after a send, by the number of sends in the 28 days before (0 to 2, 3 to
        4, 5 to 8, more); None where no quit was ever recorded.
    """

    opens: BetaPrior
    channels: tuple[tuple[str | None, BetaPrior], ...]
    hours: Floats | None
    quits: Floats | None


def send_norms(facts: Facts) -> SendNorms:
    """Learn how often all members open each channel, when, and how often they quit."""
    rows = grouped_once(facts, sends_of)
    opened, settled = rows.opened != NOT_YET, _settled(rows, facts.end)
    sent_by, opened_by = grouped_once(facts, _by_channel)
    priors = tuple(
        (name, usual_rate(opened_by[:, i], sent_by[:, i]))
        for i, name in enumerate(rows.names())
        if opened_by[:, i].any()
    )
    readable = settled & _readable(rows, priors)
    times = rows.opened[opened]
    hours = np.bincount(local_hour(times, facts.c.tz), minlength=24) / max(len(times), 1)
    return SendNorms(
        usual_rate(rows.count(readable & opened), rows.count(readable)),
        priors,
        hours if keeps_time(times, facts.c.tz) else None,
        _quits_by_load(rows, facts.end) if (rows.quit != NOT_YET).any() else None,
    )


def send_tags(facts: Facts, norms: SendNorms) -> dict[str, Found]:
    """Tag how members take what is sent to them; tags of what was not recorded are left out.

    Sends of the last 180 days count; for open rates all but those of the last three days, which
    may still be opened. Opens count in channels in which anybody ever opened one.

    Returns
    -------
    dict of tag to `Found`
        Null for members who were sent nothing.
    """
    if not recorded_for(facts, "sends", SEND_DAYS):
        return {}
    rows = grouped_once(facts, sends_of)
    lately = rows.times >= facts.end - _MONTH_US
    tags = {"sends_28d": count_tag(rows.count(lately))}
    if not np.isnan(norms.opens.mean):
        tags |= _open_tags(facts, rows, norms)
    if norms.quits is not None:
        tags |= _quit_tags(facts, rows, norms.quits)
    tags |= _weary_tag(facts, rows, norms)
    if norms.hours is not None:
        tags["best_send_hour"] = _best_hour(facts, rows, norms.hours)
    return tags


def _by_channel(facts: Facts) -> tuple[Ints, Ints]:
    """Count the settled sends of each member and channel, and those that were opened."""
    rows = grouped_once(facts, sends_of)
    settled = _settled(rows, facts.end)
    return rows.by_channel(settled), rows.by_channel(settled & (rows.opened != NOT_YET))


def _settled(rows: SendRows, end: int) -> Bools:
    return rows.times < end - _SETTLED_US


def _readable(rows: SendRows, priors: tuple[tuple[str | None, BetaPrior], ...]) -> Bools:
    """Tell which sends went through a channel that tells what is opened."""
    tells = np.array([name in dict(priors) for name in rows.names()], dtype=np.bool_)
    return tells[rows.channel]


def _open_tags(facts: Facts, rows: SendRows, norms: SendNorms) -> dict[str, Found]:
    """Tag open rates, drawn towards all members', and the channel that is opened most."""
    opened, settled = rows.opened != NOT_YET, _settled(rows, facts.end)
    readable = settled & _readable(rows, norms.channels)
    won, tried = rows.count(readable & opened), rows.count(readable)
    tags = {"open_rate": rate_tag(won, tried, norms.opens)}
    sent_by, opened_by = grouped_once(facts, _by_channel)
    place = {name: i for i, name in enumerate(rows.names())}
    rates = {
        name: rate_tag(opened_by[:, place[name]], sent_by[:, place[name]], prior)
        for name, prior in norms.channels
        if name is not None and name in place
    }
    tags |= {f"open_rate_{name}": rates[name] for name in OPEN_RATE_CHANNELS if name in rates}
    return tags | _reach_tags(rates)


def _reach_tags(rates: dict[str, Found]) -> dict[str, Found]:
    """Name the channel with the highest open rate, of those the member was sent messages by."""
    if not rates:
        return {}
    names = pa.array(list(rates), pa.large_string())
    table = np.array([r.values.fill_null(-1.0).to_numpy() for r in rates.values()])
    support = np.array([r.support for r in rates.values()])
    best = table.argmax(axis=0)
    rate = table.max(axis=0)
    behind = np.take_along_axis(support, best[None, :], axis=0)[0]
    return {
        "reach_channel": Found(take(names, np.where(rate >= 0, best, -1)), behind),
        "reach_open_rate": Found(pa.array(rate, mask=rate < 0), behind),
    }


def _best_hour(facts: Facts, rows: SendRows, usual: Floats) -> Found:
    """Give the hour with most opens, smoothed with its neighbours and drawn towards all's."""
    opened = rows.opened != NOT_YET
    support = rows.count(opened)
    enough = support >= _FEWEST_OPENS
    place = np.cumsum(enough) - 1
    told = opened & enough[rows.codes]
    cells = place[rows.codes[told]] * 24 + local_hour(rows.opened[told], facts.c.tz)
    counts = np.bincount(cells, minlength=int(enough.sum()) * 24).reshape(-1, 24)
    drawn = counts + _HOUR_STRENGTH * usual
    smooth = 2 * drawn
    smooth += drawn[:, np.arange(-1, 23)]
    smooth += drawn[:, np.arange(1, 25) % 24]
    best = np.zeros(len(enough), dtype=np.int64)
    best[enough] = smooth.argmax(axis=1)
    return Found(pa.array(best, mask=~enough), support, _HOUR_STRENGTH)


def _quits_by_load(rows: SendRows, end: int) -> Floats:
    """Measure the chance to quit after a send, by the number of sends in the 28 days before."""
    load = np.searchsorted(_LOADS, trailing_count(rows.starts, rows.times, _MONTH_US))
    # The load of the first sends is not known: it reaches back before the window.
    known = rows.times >= end - (SEND_DAYS * DAY_US - _MONTH_US)
    quits = np.bincount(load[known & (rows.quit != NOT_YET)], minlength=len(_LOADS) + 1)
    sent = np.bincount(load[known], minlength=len(_LOADS) + 1)
    return shrink_rate(quits, sent) if sent.any() else np.full(len(_LOADS) + 1, np.nan)


def _quit_tags(facts: Facts, rows: SendRows, quits: Floats) -> dict[str, Found]:
    """Tag who has quit, and the chance to quit after the next send."""
    sent, has_quit = rows.count(), _has_quit(rows)
    load = rows.count(rows.times >= facts.end - _MONTH_US)
    risk = quits[np.searchsorted(_LOADS, load)]
    return {
        "quit_messages": flag_tag(has_quit, sent, sent == 0),
        "quit_risk": Found(pa.array(risk, mask=(sent == 0) | has_quit | np.isnan(risk)), sent),
    }


def _has_quit(rows: SendRows) -> Bools:
    """Tell who quit after a send and was sent nothing since."""
    n = len(rows.starts) - 1
    quits = rows.quit != NOT_YET
    last_quit, last_sent = np.full(n, -1), np.full(n, -1)
    np.maximum.at(last_quit, rows.codes[quits], rows.quit[quits])
    np.maximum.at(last_sent, rows.codes, rows.times)
    return np.asarray((last_quit >= 0) & (last_sent <= last_quit))


def _weary_tag(facts: Facts, rows: SendRows, norms: SendNorms) -> dict[str, Found]:
    """Tell who opens clearly less than before, or quit after a send.

    Expected opens of the last 28 days come from the member's own open rate of each channel
    before them, drawn towards all members'. Fewer than 60 % of them, and so few that chance
    makes them less than one time in twenty (Poisson), is falling.
    """
    from scipy.special import gammaincc

    n, end = len(facts.members), facts.end
    opened, settled = rows.opened != NOT_YET, _settled(rows, end)
    lately = rows.times >= end - _MONTH_US - _SETTLED_US
    now = settled & lately
    sent_now, opened_now = rows.by_channel(now), rows.by_channel(now & opened)
    sent, opens = grouped_once(facts, _by_channel)
    sent_then, opened_then = sent - sent_now, opens - opened_now
    expected, got = np.zeros(n), np.zeros(n, dtype=np.int64)
    past, recent = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    place = {name: i for i, name in enumerate(rows.names())}
    for name, prior in norms.channels:
        if name in place:
            i = place[name]
            expected += sent_now[:, i] * prior.posterior_mean(opened_then[:, i], sent_then[:, i])
            got += opened_now[:, i]
            past, recent = past + sent_then[:, i], recent + sent_now[:, i]
    has_quit = _has_quit(rows)
    rare = gammaincc(got + 1, np.where(expected > 0, expected, 1.0)) < _CHANCE
    falling = rare & (got < _FALLEN * expected)
    unknown = ~has_quit & ((past == 0) | (recent == 0))
    if not norms.channels and norms.quits is None:
        return {}
    return {"message_weary": flag_tag(falling | has_quit, past + recent, unknown)}
