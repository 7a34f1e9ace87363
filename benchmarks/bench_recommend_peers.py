"""Lists of offers by everybody else: baselines, ALS, item-item, TIFU-kNN, EASE, RecTools.

Writes one Parquet file a cut, variant and peer, ``member,item,rank``, for `bench_recommend.py` to
measure beside our own. With ``--reuse`` (here and there) lists that were written are not made
again. RecTools runs in an environment of its own: see `rectools_two_stage.py`.

    python benchmarks/bench_recommend_peers.py --out /tmp/lists --rectools rectools/bin/python
"""

import argparse
import importlib.util
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import pandas as pd

from siyu.datasets import Community, load_complete_journey, make_community
from siyu.datasets.ids import take
from siyu.recommend.evaluation.baselines import Baseline, Lister
from siyu.recommend.evaluation.factor_baselines import ImplicitOptions, matrix_factors
from siyu.recommend.evaluation.family import default_baselines
from siyu.recommend.evaluation.shelf import Shelf
from siyu.recommend.tables.levels import at_level
from siyu.recommend.tables.purchases import Purchases

__all__ = ["PEERS", "Setting", "add_arguments", "main", "peer_lists", "settings_of"]

CUTS = ("2017-10-09", "2017-11-06", "2017-12-04")
VARIANTS = ("product_all", "product_new", "category_all", "category_new")
RECTOOLS = "RecTools two-stage"
ALS = "ALS, implicit"
_OWN = ("own frequency", "own decayed, 90 days")  # silent about new products
_SAME = ("item-item, cosine with self-weight", "item-item, bm25 with self-weight")  # as without


@dataclass(frozen=True)
class Setting:
    """One table of the benchmark: whose lists, of what, as of when.

    `c` is the community one level up, as the peers see it; ours is told the level, and given the
    `whole`.
    """

    c: Community
    whole: Community
    cut: str
    variant: str
    out: Path
    k: int = 10
    reuse: bool = False
    rectools: Path | None = None
    small: bool = False
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def only_new(self) -> bool:
        """Tell whether products bought before are left out."""
        return self.variant.endswith("_new")

    @property
    def level(self) -> str:
        """Give what is listed: products or categories."""
        return self.variant.partition("_")[0]

    @property
    def as_of(self) -> str:
        """Give the moment of the lists."""
        return f"{self.cut}T00:00Z"

    def path(self, name: str) -> Path:
        """Say where a list lies."""
        plain = "".join(letter if letter.isalnum() else "_" for letter in name)
        return self.out / self.cut / self.variant / f"{plain}.parquet"


def _family(small: bool) -> dict[str, Baseline]:  # noqa: FBT001
    """Name the baselines; in a small shop fewer products are worth a model."""
    theirs = matrix_factors(ImplicitOptions())
    return {**default_baselines(n_products=200 if small else 8_000), theirs.name: theirs}


PEERS = (*_family(small=True), RECTOOLS)


def peer_lists(setting: Setting, name: str, learned: dict[str, Lister]) -> pd.DataFrame | None:
    """Make, or read, one peer's lists; None says that it was not run.

    What it learned of a shop and a moment is kept in `learned` for the next variant.
    """
    if setting.only_new and name in (*_OWN, *_SAME):
        return None
    if name == RECTOOLS:
        return kept(setting, name, _rectools) if setting.rectools or setting.reuse else None
    if name == ALS and importlib.util.find_spec("implicit") is None:
        return None

    def make(how: Setting) -> pd.DataFrame:
        if name not in learned:
            learned.clear()  # the last one's memory
            shelf = _shelf(how.c, how.as_of)
            learned[name] = Lister(shelf, _family(how.small)[name].prepare(shelf), how.c.staff())
        rows: pd.DataFrame = learned[name](k=how.k, only_new=how.only_new)
        return rows

    return kept(setting, name, make)


@lru_cache(maxsize=1)
def _shelf(c: Community, as_of: str) -> Shelf:
    """Read what was bought, once for all baselines."""
    return Shelf.of(c, as_of)


def kept(
    setting: Setting, name: str, make: Callable[[Setting], pd.DataFrame | None]
) -> pd.DataFrame | None:
    """Read lists that were made before, or make and write them."""
    path = setting.path(name)
    times = path.with_suffix(".json")
    if setting.reuse and path.is_file():
        setting.seconds[name] = json.loads(times.read_text())["seconds"]
        return pd.read_parquet(path)
    began = time.perf_counter()
    found = make(setting)
    if found is None:
        return None
    setting.seconds[name] = time.perf_counter() - began
    rows = found.rename(columns={"member_id": "member", "product_id": "item"})
    path.parent.mkdir(parents=True, exist_ok=True)
    rows[["member", "item", "rank"]].to_parquet(path, index=False)
    times.write_text(json.dumps({"seconds": setting.seconds[name]}))
    return rows[["member", "item", "rank"]]


def _rectools(setting: Setting) -> pd.DataFrame | None:
    """Hand the purchases to RecTools' own interpreter, and read its lists."""
    if setting.rectools is None:
        return None
    bought = Purchases.of(setting.c.before(setting.as_of))
    rows = pd.DataFrame(
        {
            "member": take(bought.members, bought.line_member()).to_numpy(zero_copy_only=False),
            "item": take(bought.products, bought.line_product).to_numpy(zero_copy_only=False),
            "time": bought.basket_time[bought.line_basket].astype("datetime64[us]"),
        }
    )
    with tempfile.TemporaryDirectory() as scratch:
        given, made = Path(scratch, "bought.parquet"), Path(scratch, "lists.parquet")
        rows.to_parquet(given, index=False)
        script = str(Path(__file__).with_name("rectools_two_stage.py"))
        command = [str(setting.rectools), script, str(given), str(made), "--k", str(setting.k)]
        # Its interpreter must not look into the packages of this one.
        clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        more = ["--only-new"] if setting.only_new else []
        subprocess.run([*command, *more], check=True, env=clean)
        return pd.read_parquet(made)


def settings_of(how: argparse.Namespace) -> list[list[Setting]]:
    """Set up every table that was asked for; those of one cut and level stand together."""
    if how.small:
        c = make_community(250, random_state=5)
        orders = c.orders
        last = orders["order_time"].max().tz_convert("UTC") - pd.Timedelta("28D")
        how.cuts = [str(last.date())]
    else:
        folder = how.data / "complete_journey" if how.data else None
        c = load_complete_journey(folder, promotions=how.promotions)
    levels = list(dict.fromkeys(one.partition("_")[0] for one in how.variants))
    shops = {one: at_level(c, one) for one in levels}
    rectools = Path(how.rectools) if how.rectools else None
    first = Setting(c, c, "", "", how.out, reuse=how.reuse, rectools=rectools, small=how.small)
    return [
        [
            replace(first, c=shops[level], cut=cut, variant=variant, seconds={})
            for variant in how.variants
            if variant.startswith(level)
        ]
        for cut in how.cuts
        for level in levels
    ]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the arguments that this and `bench_recommend.py` share."""
    data = os.environ.get("SIYU_DATA")
    parser.add_argument("--data", type=Path, default=Path(data) if data else None)
    parser.add_argument("--small", action="store_true", help="a made community, in seconds")
    parser.add_argument("--cuts", nargs="+", default=["2017-12-04"], help="days, midnight UTC")
    parser.add_argument("--variants", nargs="+", default=VARIANTS, choices=VARIANTS)
    parser.add_argument("--only", nargs="+", default=None, help="names, or parts of names")
    parser.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()) / "siyu-lists")
    parser.add_argument("--promotions", action="store_true", help="load them, for our model")
    parser.add_argument("--reuse", action="store_true", help="keep lists that were written")
    parser.add_argument("--rectools", default=None, help="interpreter of RecTools' environment")


def is_wanted(name: str, how: argparse.Namespace) -> bool:
    """Tell whether ``--only`` asks for a name."""
    return how.only is None or any(part.lower() in name.lower() for part in how.only)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_arguments(parser)
    how = parser.parse_args(arguments)
    for group in settings_of(how):
        for name in (one for one in PEERS if is_wanted(one, how)):
            learned: dict[str, Lister] = {}
            for setting in group:
                rows = peer_lists(setting, name, learned)
                told = "not run" if rows is None else f"{setting.seconds[name]:.0f} s"
                print(f"{setting.cut} {setting.variant}: {name}, {told}", flush=True)


if __name__ == "__main__":
    main()
