"""What a run found, in about a dozen lines for a person, without a single id."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

import siyu
from siyu.datasets.labels import Lang, label

if TYPE_CHECKING:
    from siyu.pipeline import RunResult

__all__ = ["summary_lines"]

_WORDS = {
    "head": (
        "{n:,} 位会员，{tables} 张表，截至 {as_of}（{tz}）",
        "{n:,} members, {tables} tables, as of {as_of} ({tz})",
    ),
    "stages": ("生命周期：{parts}", "lifecycle: {parts}"),
    "quiet": (
        "该召回：{n:,} 位沉睡会员，过去人均每个购买日 {value:,.0f}",
        "to win back: {n:,} dormant members who spent {value:,.0f} a purchase day",
    ),
    "due": (
        "未来 7 天该来的：{n:,} 位会员，按各自的购买节奏",
        "due in the next 7 days, each by the own rhythm: {n:,} members",
    ),
    "habits": ("习惯：{parts}", "habits: {parts}"),
    "night": ("夜猫子 {share:.0%}", "night owls {share:.0%}"),
    "zombie": ("长期无动静 {share:.0%}", "long silent {share:.0%}"),
    "category": ("最受偏爱的品类 {name}（{share:.0%}）", "favourite category {name} ({share:.0%})"),
    "expected": (
        "  第一件推荐的预期购买：{n:,.0f} 位会员（{horizon} 内）",
        "  members expected to take their first offer within {horizon}: {n:,.0f}",
    ),
    "koc": (
        "KOC：{ranked:,} 位参与排名，{left:,} 位按名单排除（{why}）；前 {top} 名：{roles}",
        "KOC: {ranked:,} ranked, {left:,} left out by name ({why}); the first {top}: {roles}",
    ),
    "offers": (
        "推荐（依据 {activity}）：{members:,} 位会员各 {k} 件；来源 {sources}",
        "offers, from {activity}: {k} each for {members:,} members; by {sources}",
    ),
    "metric": (
        "  未见过的几周 NDCG@10（{kind}）：模型 {model:.3f}，简单规则 {fallback:.3f}，"
        "差 {difference:+.3f}（80% 区间 {low:+.3f} 至 {high:+.3f}）",
        "  NDCG@10 on unseen weeks, {kind}: model {model:.3f}, plain list {fallback:.3f}, "
        "{difference:+.3f} (80 % interval {low:+.3f} to {high:+.3f})",
    ),
    "all": ("全部商品", "all products"),
    "new": ("未买过的商品", "products new to the member"),
    "skipped": ("跳过 {name}：{reason}", "skipped {name}: {reason}"),
    "warnings": (
        "提醒 {n} 条，见 manifest.json；第一条：{first}",
        "{n} warnings, see manifest.json; the first: {first}",
    ),
    "written": ("已写入 {out}：{names}", "written to {out}: {names}"),
}
_STAGES = ("prospect", "new", "growing", "loyal", "dormant", "churned", "won_back")
_TOP = 20


def summary_lines(result: "RunResult", out: Path, lang: Lang) -> list[str]:
    """Tell what a run found.

    Parameters
    ----------
    result : RunResult
    out : Path
        Where its files are.
    lang : {"zh", "en"}

    Returns
    -------
    list of str
        About a dozen lines.
    """
    said = [
        *_about(result, lang),
        *_tags(result, lang),
        *_koc(result, lang),
        *_offers(result, lang),
    ]
    said += [_line("skipped", lang, name=n, reason=why) for n, why in result.skipped.items()]
    if result.warnings:
        first = result.warnings[0]
        said.append(_line("warnings", lang, n=len(result.warnings), first=_short(first)))
    names = ", ".join([*result.written, "manifest.json"])
    return [*said, _line("written", lang, out=out, names=names)]


def _about(result: "RunResult", lang: Lang) -> Iterator[str]:
    c = result.community
    as_of = pd.Timestamp(result.as_of, unit="us", tz="UTC").tz_convert(c.tz)
    n = len(c.before(as_of).customers()) if result.tags is None else len(result.tags)
    said = _line(
        "head", lang, n=n, tables=len(c.tables()), as_of=f"{as_of:%Y-%m-%d %H:%M}", tz=c.tz
    )
    yield f"siyu {siyu.__version__} · {said}"


def _tags(result: "RunResult", lang: Lang) -> Iterator[str]:
    if result.tags is None:
        return
    counts = result.tags["stage"].value_counts()
    there = pd.DataFrame({"stage": [s for s in _STAGES if counts.get(s, 0)]})
    words = label(there, lang=lang)["stage"]
    parts = [f"{w} {counts[s]:,}" for s, w in zip(there["stage"], words, strict=True)]
    yield _line("stages", lang, parts=" · ".join(parts))
    quiet = result.tags[result.tags["stage"] == "dormant"]
    if len(quiet) and quiet["purchase_value"].notna().any():
        yield _line("quiet", lang, n=len(quiet), value=quiet["purchase_value"].mean())
    as_of = pd.Timestamp(result.as_of, unit="us", tz="UTC")
    wait = result.tags["next_due"] - as_of
    yield _line("due", lang, n=int(wait.between(pd.Timedelta(0), pd.Timedelta("7D")).sum()))
    habits = list(_habits(result.tags, lang))
    if habits:
        yield _line("habits", lang, parts=" · ".join(habits))


def _habits(tags: pd.DataFrame, lang: Lang) -> Iterator[str]:
    favourite = tags["favourite_category"].value_counts(normalize=True)
    if len(favourite):
        yield _line("category", lang, name=favourite.index[0], share=favourite.iloc[0])
    for key, column in {"night": "night_owl", "zombie": "zombie"}.items():
        known = tags[column].dropna()
        if len(known):
            yield _line(key, lang, share=known.astype(float).mean())


def _koc(result: "RunResult", lang: Lang) -> Iterator[str]:
    if result.koc is None:
        return
    frame = result.koc.ranked
    left = label(frame[frame["rank"].isna()], lang=lang)["excluded_because"]
    best = label(frame[frame["rank"].notna()].head(_TOP), lang=lang)["role"]
    yield _line(
        "koc",
        lang,
        ranked=int(frame["rank"].notna().sum()),
        left=len(left),
        why=_counted(left),
        top=len(best),
        roles=_counted(best),
    )


def _offers(result: "RunResult", lang: Lang) -> Iterator[str]:
    if result.offers is None:
        return
    frame = result.offers.recommendations
    sources = label(frame.drop_duplicates("member_id"), lang=lang)["source"]
    k = int(frame["rank"].max()) if len(frame) else 0
    yield _line(
        "offers",
        lang,
        activity=result.offers.activity,
        members=len(sources),
        k=k,
        sources=_counted(sources),
    )
    first = frame[frame["rank"] == 1]["probability"]
    if first.notna().any():
        horizon = result.offers.recommender.horizon
        yield _line("expected", lang, n=first.sum(), horizon=horizon)
    for row in result.offers.recommender.validation_.to_dict("records"):
        values = {str(name): value for name, value in row.items()}
        yield _line("metric", lang, kind=_line(values.pop("list"), lang), **values)


def _counted(words: "pd.Series[str]") -> str:
    return " · ".join(f"{word} {n:,}" for word, n in words.value_counts().items()) or "-"


def _line(key: str, lang: str, **values: object) -> str:
    return _WORDS[key][0 if lang == "zh" else 1].format(**values)


def _short(text: str, most: int = 110) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
