"""One run: tags, KOC, offers and the report of a community, written to a folder.

A step that the tables do not allow is skipped and named with its reason, in the result,
the summary, the report and the manifest. Every file is written under another name and
renamed when it is whole; the manifest comes last.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from siyu.datasets import Community, DataError, ParameterError, SiyuWarning
from siyu.datasets.files import write_json, write_parquet, write_text
from siyu.datasets.frames import to_arrow
from siyu.datasets.labels import Lang
from siyu.manifest import input_summary, sha256_of, versions
from siyu.steps import (
    Koc,
    Offers,
    activity_of,
    find_koc,
    rank_offers,
    read_rules,
    tag_members,
)

__all__ = ["STEPS", "RunOptions", "RunResult", "run_pipeline"]

STEPS = ("tags", "koc", "recommendations", "report")
"""The steps of a run, in order."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How to run.

    Parameters
    ----------
    k : int
        Offers a member.
    random_state : int
        Decides every draw; the same input and state give the same bytes.
    require : tuple of str
        Steps of `STEPS` whose skipping is an error.
    lang : {"zh", "en"}
        Language in which the report opens; it holds both.
    rules : Path, optional
        Own tag rules, YAML or JSON; their tags stand after the built-in ones.
    """

    k: int = 10
    random_state: int = 0
    require: tuple[str, ...] = ()
    lang: Lang = "zh"
    rules: Path | None = None

    def __post_init__(self) -> None:
        if self.k < 1:
            raise ParameterError("k", f"k must be 1 or more, got {self.k}")
        unknown = [name for name in self.require if name not in STEPS]
        if unknown:
            listed = ", ".join(STEPS)
            raise ParameterError("require", f"require takes {listed}; got {', '.join(unknown)}")
        if self.lang not in ("zh", "en"):
            raise ParameterError("lang", f"lang must be 'zh' or 'en', got {self.lang!r}")


@dataclass(slots=True, eq=False)
class RunResult:
    """What a run found; a step that was skipped is None and stands in `skipped`."""

    community: Community
    as_of: int
    tags: pd.DataFrame | None = None
    koc: Koc | None = None
    offers: Offers | None = None
    skipped: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    written: dict[str, str] = field(default_factory=dict)


def run_pipeline(
    c: Community,
    *,
    as_of: Any,
    out: str | Path,
    options: RunOptions | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> RunResult:
    """Run every step that the tables allow and write its output.

    Parameters
    ----------
    c : Community
        At least orders or events.
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded; without a zone it is the shop's clock.
    out : str or Path
        Folder for ``tags.parquet``, ``koc.parquet``, ``recommendations.parquet``,
        ``model/``, ``report.html`` and ``manifest.json``; made if absent.
    options : RunOptions, optional
    progress : callable (done, total), optional

    Returns
    -------
    RunResult

    Raises
    ------
    DataError
        If there are neither orders nor events, or a step of ``options.require`` was skipped.
    RuleError
        If the file of ``options.rules`` cannot be read.
    """
    options = options or RunOptions()
    rules = read_rules(options.rules)
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    result = RunResult(c, c.moment(as_of))
    tell = progress or (lambda _done, _total: None)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", SiyuWarning)
        _require_activity(c, as_of)
        result.tags = _step(result, "tags", lambda: tag_members(c, as_of=as_of, rules=rules))
        tell(1, len(STEPS))
        result.koc = _step(result, "koc", lambda: find_koc(c, as_of=as_of))
        tell(2, len(STEPS))
        result.offers = _step(
            result,
            "recommendations",
            lambda: rank_offers(c, as_of=as_of, k=options.k, random_state=options.random_state),
        )
        tell(3, len(STEPS))
        result.warnings = _messages(caught)
        _write_tables(result, folder)
        page = _step(result, "report", lambda: _report(result, options))
        if page is not None:
            write_text(folder / "report.html", page)
        tell(4, len(STEPS))
    _write_manifest(result, folder, options)
    _enforce(options, result)
    return result


def _require_activity(c: Community, as_of: Any) -> None:
    try:
        activity_of(c.before(as_of))
    except DataError as error:
        raise DataError(f"nothing to run on: {error.message}") from error


def _step(result: RunResult, name: str, job: Callable[[], _T]) -> _T | None:
    """Run one step; what the tables cannot answer is named, not raised."""
    try:
        return job()
    except DataError as error:
        result.skipped[name] = error.message
        return None


def _messages(caught: list[warnings.WarningMessage]) -> list[str]:
    """Keep each of our warnings once, in order; those of others go on to their readers."""
    ours = [str(w.message) for w in caught if isinstance(w.message, SiyuWarning)]
    for w in caught:
        if not isinstance(w.message, SiyuWarning):
            warnings.warn_explicit(w.message, w.category, w.filename, w.lineno)
    return list(dict.fromkeys(ours))


def _write_tables(result: RunResult, folder: Path) -> None:
    frames = {
        "tags.parquet": result.tags,
        "koc.parquet": result.koc and result.koc.ranked,
        "recommendations.parquet": result.offers and result.offers.recommendations,
    }
    for name, frame in frames.items():
        if frame is not None:
            write_parquet(folder / name, to_arrow(frame)[0])
    if result.offers is not None:
        result.offers.recommender.save(folder / "model")


def _report(result: RunResult, options: RunOptions) -> str:
    from siyu.report.extras import MissingExtraError
    from siyu.run_report import report_of

    try:
        return report_of(result, options)
    except MissingExtraError as error:
        raise DataError(str(error)) from error


def _write_manifest(result: RunResult, folder: Path, options: RunOptions) -> None:
    names = ["tags.parquet", "koc.parquet", "recommendations.parquet", "model/manifest.json"]
    done = [name for name in [*names, "report.html"] if (folder / name).is_file()]
    fresh = {name for name in done if not _stale(name, result)}
    result.written = {name: sha256_of(folder / name) for name in done if name in fresh}
    write_json(
        folder / "manifest.json",
        {
            "as_of_us": result.as_of,
            "input": input_summary(result.community),
            "options": {
                "k": options.k,
                "random_state": options.random_state,
                "rules_sha256": sha256_of(options.rules) if options.rules else None,
            },
            "skipped": result.skipped,
            "warnings": result.warnings,
            "outputs": result.written,
            "versions": versions(),
        },
    )


def _stale(name: str, result: RunResult) -> bool:
    """Tell whether a file is of an earlier run, because this one skipped its step."""
    step = {"model/manifest.json": "recommendations", "report.html": "report"}.get(
        name, name.removesuffix(".parquet")
    )
    return step in result.skipped


def _enforce(options: RunOptions, result: RunResult) -> None:
    missed = {name: result.skipped[name] for name in options.require if name in result.skipped}
    if missed:
        said = "; ".join(f"{name}: {reason}" for name, reason in missed.items())
        raise DataError(f"required steps were skipped: {said}")
