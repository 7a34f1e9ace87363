"""Referrals: planted fraud rings found, and K with and without members who had no time yet.

Fraud: precision and recall of `referral_fraud` on simulated brands, beside a rule that is often
used (five or more invitees and not one buyer), in worlds of rising difficulty. Precision is
over the accounts suspected, recall over the planted accounts; means over seeds with 95 %
t intervals. The constants were chosen on seeds 100 to 105.

K: of members who joined in the half year before a moment, how many new members they bring in
their first 90 days. The truth is counted afterwards; closed cohorts, a plain average over
everybody so far, and new members per active inviter are what one can know at that moment.

    python benchmarks/bench_fission.py
    python benchmarks/bench_fission.py --members 600 --seeds 2

Stops with an error where K of the library is not the K of a plain loop over the planted truth.
"""

import argparse
import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy import stats

from siyu.datasets import Community, make_community
from siyu.datasets.synthetic.options import CommunityOptions
from siyu.graph.fission.fraud_signs import referral_fraud
from siyu.graph.fission.rate_cohorts import k_factor

__all__ = ["fraud_scores", "k_estimates", "main", "world"]

AS_OF = "2026-07-01"
MOMENT = "2026-01-01"
WINDOW = pd.Timedelta("90D")
WORLDS = {
    "as planted": "shared devices known",
    "no ids": "devices unknown",
    "honest bursts": "no ids; ten members each bring eight real ones within an hour",
    "half act": "no ids; half of the fake accounts are seen once",
    "slow": "no ids; one fake account a day",
    "few buy": "no ids; 15 % of the members buy as they did, the others never",
    "no rings": "no fraud planted, devices known",
}


def world(name: str, n: int, seed: int) -> Community:
    """Simulate a brand and change what one row of `WORLDS` says."""
    options = CommunityOptions(fraud_share=0.0 if name == "no rings" else 0.02)
    c = make_community(n, random_state=seed, options=options)
    tables = {table: c.arrow(table) for table in c.tables()}
    if name not in ("as planted", "no rings"):
        tables["members"] = tables["members"].drop_columns(["device_id"])
    change = _CHANGES.get(name)
    if change is not None:
        table, rows = change(c, np.random.default_rng(seed))
        tables[table] = pa.Table.from_pandas(rows, preserve_index=False)
    return Community(tz=c.tz, truth=c.truth, **tables)


def _with_posters(c: Community, rng: np.random.Generator) -> tuple[str, pd.DataFrame]:
    """Let ten honest members bring eight real ones each, within the hour."""
    rows, truth = c.referrals, c.truth["members"]
    alone = truth.loc[~truth["is_fraud"] & truth["inviter_id"].isna(), "member_id"]
    came = c.members[c.members["member_id"].isin(alone)].sort_values("joined_at")
    lots = rng.choice(np.arange(2, len(came) // 8 - 1), min(10, len(came) // 8 - 3), replace=False)
    parts = [rows]
    for lot in np.sort(lots):
        brought = came.iloc[8 * lot : 8 * lot + 8]
        begin = brought["joined_at"].max()
        parts.append(
            pd.DataFrame(
                {
                    "inviter_id": came["member_id"].iloc[lot % 16],
                    "invitee_id": brought["member_id"],
                    "referral_time": begin + pd.to_timedelta(rng.integers(0, 3_000, 8), "s"),
                }
            )
        )
    return "referrals", pd.concat(parts, ignore_index=True)


def _half_active(c: Community, rng: np.random.Generator) -> tuple[str, pd.DataFrame]:
    """Let half of the fake accounts be seen once, an hour after they came."""
    events, rings = c.events, c.truth["rings"]
    some = rings[rng.random(len(rings)) < 0.5]
    seen = pd.DataFrame(
        {
            "member_id": some["member_id"],
            "event_time": some["since"] + pd.Timedelta("1h"),
            "event": "visit",
        }
    )
    return "events", pd.concat([events, seen], ignore_index=True)


def _slowly(c: Community, _: np.random.Generator) -> tuple[str, pd.DataFrame]:
    """Bring the accounts of each ring a day apart."""
    rows, rings = c.referrals, c.truth["rings"]
    wait = dict(zip(rings["member_id"], rings.groupby("ring_id").cumcount(), strict=True))
    days = rows["invitee_id"].map(wait).fillna(0)
    rows["referral_time"] += pd.to_timedelta(days, "D").astype("timedelta64[us]")
    return "referrals", rows


def _few_buyers(c: Community, rng: np.random.Generator) -> tuple[str, pd.DataFrame]:
    """Keep the orders of 15 % of the members."""
    ids, rows = c.truth["members"]["member_id"], c.orders
    return "orders", rows[rows["member_id"].isin(ids[rng.random(len(ids)) < 0.15])]


_CHANGES = {
    "honest bursts": _with_posters,
    "half act": _half_active,
    "slow": _slowly,
    "few buy": _few_buyers,
}


def fraud_scores(c: Community) -> dict[str, float]:
    """Give precision, recall and wrong suspicions per 1,000 honest members, ours and plain."""
    planted = set(c.truth["rings"]["member_id"])
    honest = len(c.truth["members"]) - len(planted)
    found = referral_fraud(c, as_of=AS_OF)
    ours = _scored(set(found.loc[found["suspected"], "member_id"]), planted, honest)
    plain = _scored(_stars_without_buyers(c), planted, honest)
    return ours | {f"plain {name}": value for name, value in plain.items()}


def _scored(named: set[str], planted: set[str], honest: int) -> dict[str, float]:
    right = len(named & planted)
    return {
        "precision": right / len(named) if named else np.nan,
        "recall": right / len(planted) if planted else np.nan,
        "wrong per 1,000": 1_000 * (len(named) - right) / honest,
    }


def _stars_without_buyers(c: Community) -> set[str]:
    """Name inviters of five or more of whom nobody bought, and those they brought."""
    rows = c.referrals.sort_values("referral_time").drop_duplicates("invitee_id")
    rows["bought"] = rows["invitee_id"].isin(set(c.orders["member_id"]))
    stars = rows.groupby("inviter_id")["bought"].agg(["size", "sum"])
    empty = set(stars.index[(stars["size"] >= 5) & (stars["sum"] == 0)])
    return empty | set(rows.loc[rows["inviter_id"].isin(empty), "invitee_id"])


def k_estimates(n: int, seed: int) -> dict[str, float]:
    """Estimate K of half a year's members at `MOMENT`, and count it afterwards."""
    c = make_community(n, random_state=seed, options=CommunityOptions(fraud_share=0.0))
    moment = pd.Timestamp(MOMENT, tz=c.tz)
    members = c.truth["members"].merge(c.members[["member_id", "joined_at"]], on="member_id")
    children = members[["inviter_id", "joined_at"]].dropna()
    pairs = children.merge(
        members[["member_id", "joined_at"]],
        left_on="inviter_id",
        right_on="member_id",
        suffixes=("", "_inviter"),
    )
    in_time = pairs[pairs["joined_at"] < pairs["joined_at_inviter"] + WINDOW]
    begin = moment - pd.DateOffset(months=6)
    recent = members[(members["joined_at"] >= begin) & (members["joined_at"] < moment)]
    mine = in_time[in_time["inviter_id"].isin(recent["member_id"])]
    so_far = mine[mine["joined_at"] < moment]
    found = k_factor(c, as_of=MOMENT, window=WINDOW)
    half_year = found[found["group"] >= f"{begin:%Y-%m}"]
    _agree(half_year, recent, mine, moment)
    return {
        "truth": len(mine) / len(recent),
        "closed cohorts": half_year["n_joined"].sum() / half_year["n_members"].sum(),
        "everybody so far": len(so_far) / len(recent),
        "per active inviter": len(so_far) / max(so_far["inviter_id"].nunique(), 1),
    }


def _agree(
    ours: pd.DataFrame, recent: pd.DataFrame, mine: pd.DataFrame, moment: pd.Timestamp
) -> None:
    """Stop unless the library counted what a plain loop counts."""
    closed = recent.loc[recent["joined_at"] + WINDOW <= moment, "member_id"]
    expected = len(closed), int(mine["inviter_id"].isin(closed).sum())
    counted = int(ours["n_members"].sum()), int(ours["n_joined"].sum())
    if counted != expected:
        raise SystemExit(f"k_factor counts {counted} (members, joined), a plain loop {expected}")


def _shown(values: "pd.Series[float]", form: str = ".3f") -> str:
    known = values.dropna()
    if len(known) < 2:
        return f"{known.mean():{form}}" if len(known) else "-"
    half = stats.t.ppf(0.975, len(known) - 1) * known.std() / np.sqrt(len(known))
    return f"{known.mean():{form}} ± {half:{form}}"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--members", type=int, default=2_000)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=200)
    given = parser.parse_args(arguments)
    seeds = range(given.first_seed, given.first_seed + given.seeds)
    warnings.simplefilter("ignore")
    print(f"{given.members:,} members, {given.seeds} seeds\n")
    names = ["precision", "recall", "wrong per 1,000"]
    names += [f"plain {name}" for name in names]
    print(f"| world | {' | '.join(names)} |\n|{'---|' * (len(names) + 1)}")
    for name, what in WORLDS.items():
        scores = pd.DataFrame([fraud_scores(world(name, given.members, s)) for s in seeds])
        cells = [_shown(scores[column]) for column in names]
        print(f"| {name} ({what}) | {' | '.join(cells)} |")
    found = pd.DataFrame([k_estimates(given.members, seed) for seed in seeds])
    print(f"\n| K in {WINDOW.days} days, known on {MOMENT} | K | less the truth |\n|---|---|---|")
    for name in found:
        error = "" if name == "truth" else _shown(found[name] - found["truth"], "+.3f")
        print(f"| {name} | {_shown(found[name])} | {error} |")


if __name__ == "__main__":
    main()
