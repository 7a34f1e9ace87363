"""The command line: ``siyu demo``, ``check``, ``tag``, ``koc``, ``fit``, ``rank``, ``run``.

Heavy libraries load inside the commands that need them, so that ``--help`` is instant.
"""

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

import siyu
from siyu.datasets.errors import (
    DataError,
    FileError,
    ModelFileError,
    ParameterError,
    SchemaError,
    SiyuError,
)

if TYPE_CHECKING:
    from siyu.datasets import Community
    from siyu.pipeline import RunOptions, RunResult

__all__ = ["app", "main"]

DONE, OUR_FAULT, WRONG_USAGE, BAD_DATA, MODEL_REFUSED, WARNED, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130

app = typer.Typer(
    name="siyu",
    help="Tag the members of a community, find its KOC, rank an offer for each.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
)

AsOf = Annotated[
    str,
    typer.Option("--as-of", help="Look from this moment, itself excluded; naive = shop's clock."),
]
Out = Annotated[Path, typer.Option("--out", help="Folder for the results.")]
TopK = Annotated[int, typer.Option("--k", help="Offers a member.")]
State = Annotated[int, typer.Option("--random-state", help="Decides every draw.")]
Lang = Annotated[str, typer.Option("--lang", help="Language of the summary and report: zh or en.")]
Strict = Annotated[bool, typer.Option("--strict", help="Exit with 5 if there were warnings.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="No summary and no progress bar.")]
Zone = Annotated[
    str | None, typer.Option("--tz", help="Zone of the shop's days; default community.json's.")
]
Require = Annotated[
    str, typer.Option("--require", help="Steps that must not be skipped: tags,koc,...")
]
File = Annotated[Path, typer.Option("--out", help="A .parquet or .csv file.")]
Words = Annotated[
    str | None, typer.Option("--words", help="Words for codes, zh or en; default codes.")
]
Rules = Annotated[Path | None, typer.Option("--rules", help="Own tags: a YAML or JSON file.")]


@app.command()
def demo(
    out: Out = Path("siyu-demo"),
    members: Annotated[int, typer.Option(help="Synthetic members.")] = 2_000,
    random_state: State = 0,
    lang: Lang = "zh",
    quiet: Quiet = False,
) -> None:
    """Run everything on a synthetic community and write the results and its tables."""
    from siyu.datasets import make_community
    from siyu.demo import DEMO_AS_OF

    options = _options(random_state=random_state, lang=lang)
    c = make_community(members, random_state=random_state)
    c.to_folder(out / "data")
    _run(c, DEMO_AS_OF, out, options, quiet=quiet)


@app.command()
def run(
    data: Annotated[Path, typer.Argument(help="Folder of <table>.parquet files.")],
    as_of: AsOf,
    out: Out,
    k: TopK = 10,
    require: Require = "",
    tz: Zone = None,
    random_state: State = 0,
    lang: Lang = "zh",
    rules: Rules = None,
    strict: Strict = False,
    quiet: Quiet = False,
) -> None:
    """Tag, find KOC, rank offers and report, as far as the tables in DATA allow."""
    from siyu.datasets import Community

    steps = tuple(name.strip() for name in require.split(",") if name.strip())
    options = _options(k=k, random_state=random_state, require=steps, lang=lang, rules=rules)
    result = _run(Community.from_folder(data, tz=tz), as_of, out, options, quiet=quiet)
    if strict and result.warnings:
        raise typer.Exit(WARNED)


@app.command()
def tag(
    data: Annotated[Path, typer.Argument(help="Folder of <table>.parquet files.")],
    as_of: AsOf,
    out: File,
    rules: Rules = None,
    words: Words = None,
    tz: Zone = None,
    quiet: Quiet = False,
) -> None:
    """Tag every customer in DATA, one row a member, one column a tag."""
    from siyu.datasets import Community
    from siyu.tag_file import write_tags

    c = Community.from_folder(data, tz=tz)
    with _warnings_told():
        n_members, n_tags = write_tags(c, out, as_of=as_of, rules=rules, words=words)
    if not quiet:
        typer.echo(f"{n_members:,} members, {n_tags} tags: {out}")


@app.command()
def koc(
    data: Annotated[Path, typer.Argument(help="Folder of <table>.parquet files.")],
    as_of: AsOf,
    out: File,
    exclude: Annotated[
        Path | None, typer.Option("--exclude", help="Whom not to rank: one member_id a line.")
    ] = None,
    words: Words = None,
    tz: Zone = None,
    quiet: Quiet = False,
) -> None:
    """Rank the KOC in DATA, with reasons, and say who was left out and why."""
    from siyu.datasets import Community
    from siyu.koc_file import write_koc

    c = Community.from_folder(data, tz=tz)
    with _warnings_told():
        n_ranked, n_left_out = write_koc(c, out, as_of=as_of, exclude=exclude, words=words)
    if not quiet:
        typer.echo(f"{n_ranked:,} members ranked, {n_left_out:,} left out: {out}")


@app.command()
def fit(
    data: Annotated[Path, typer.Argument(help="Folder of <table>.parquet files.")],
    as_of: AsOf,
    out: Annotated[Path, typer.Option("--out", help="Folder for the model.")],
    kind: Annotated[str, typer.Option("--kind", help="What to rank: product or coupon.")] = (
        "product"
    ),
    tz: Zone = None,
    random_state: State = 0,
    quiet: Quiet = False,
) -> None:
    """Train the ranker of offers on DATA and write it."""
    from siyu.datasets import Community
    from siyu.offer_files import fit_model

    c = Community.from_folder(data, tz=tz)
    with _warnings_told():
        fit_model(c, out, as_of=as_of, kind=kind, random_state=random_state)
    if not quiet:
        typer.echo(f"model: {out}")


@app.command()
def rank(
    model: Annotated[Path, typer.Argument(help="Folder that `siyu fit` wrote.")],
    out: File,
    data: Annotated[
        Path | None, typer.Option("--data", help="Look at these tables, not those of the fit.")
    ] = None,
    as_of: Annotated[str | None, typer.Option("--as-of", help="Goes with --data.")] = None,
    k: TopK = 10,
    only_new: Annotated[
        bool, typer.Option("--only-new", help="Only what the member never bought.")
    ] = False,
    members: Annotated[
        Path | None, typer.Option("--members", help="For whom: one member_id a line.")
    ] = None,
    words: Words = None,
    tz: Zone = None,
    quiet: Quiet = False,
) -> None:
    """Make every member's list of offers with a fitted model."""
    from siyu.datasets import Community
    from siyu.offer_files import write_offers

    c = None if data is None else Community.from_folder(data, tz=tz)
    with _warnings_told():
        n_members, n_rows = write_offers(
            model, out, c=c, as_of=as_of, k=k, only_new=only_new, members=members, words=words
        )
    if not quiet:
        typer.echo(f"{n_members:,} members, {n_rows:,} offers: {out}")


@app.command()
def check(
    path: Annotated[Path, typer.Argument(help="A CSV or Parquet file, or a folder of tables.")],
    table: Annotated[str | None, typer.Option(help="Which table the file is.")] = None,
    tz: Zone = None,
) -> None:
    """Say what is wrong with a file or folder, and suggest how to read a file's columns."""
    from siyu.checking import check_path

    lines, fine = check_path(path, table=table, tz=tz)
    for line in lines:
        typer.echo(line)
    if not fine:
        raise typer.Exit(BAD_DATA)


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
) -> None:
    if version:
        typer.echo(f"siyu {siyu.__version__}")
        raise typer.Exit(DONE)


def main() -> NoReturn:
    """Run the command line and exit with the code that says how it went."""
    try:
        app(standalone_mode=True)
    except ModelFileError as error:
        _fail(error, MODEL_REFUSED)
    except (ParameterError, FileError) as error:
        _fail(error, WRONG_USAGE)
    except (SchemaError, DataError) as error:
        _fail(error, BAD_DATA)
    except SiyuError as error:
        _fail(error, OUR_FAULT)
    except KeyboardInterrupt:
        _fail("interrupted; earlier results are as they were", INTERRUPTED)
    sys.exit(DONE)


def _fail(message: object, code: int) -> NoReturn:
    typer.echo(f"siyu: {message}", err=True)
    sys.exit(code)


def _options(**settings: object) -> "RunOptions":
    from siyu.pipeline import RunOptions

    return RunOptions(**settings)  # type: ignore[arg-type]


def _run(
    c: "Community", as_of: str, out: Path, options: "RunOptions", *, quiet: bool
) -> "RunResult":
    from siyu.pipeline import run_pipeline
    from siyu.summary import summary_lines

    with _progress(quiet=quiet) as tell:
        result = run_pipeline(c, as_of=as_of, out=out, options=options, progress=tell)
    if not quiet:
        for line in summary_lines(result, out, options.lang):
            typer.echo(line)
    return result


@contextmanager
def _warnings_told() -> Iterator[None]:
    """Print the warnings of the work below, each as one line, when it is done."""
    with warnings.catch_warnings(record=True) as caught:
        yield
    for warning in caught:
        typer.echo(f"siyu: {warning.message}", err=True)


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """Draw a bar on a terminal; say nothing to a file or a pipe."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("siyu")
        yield lambda done, total: bar.update(task, completed=done, total=total)
