"""Page 4: the ranked offers, how good they are, and some members' lists."""

from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.randomness import stable_uniform

from .advice import code_words
from .evidence import Evidence
from .offer_figures import baseline_bars, categories_of, probability_histogram, top_products
from .page_parts import Card, Cell, Note, Page, Table, absent, drawn, figure_card
from .ranking_quality import METHODS, Interval, RankingQuality, ranking_qualities
from .reasons import reason_text
from .tag_counts import tag_counts
from .wording import Text, share

__all__ = ["offers_page"]

_TITLE = Text("推荐", "Offers")
_LEAD = Text(
    "给每位会员排好序的商品，以及这份排序有多可信。",
    "Products in order for every member, and how far the order can be trusted.",
)
_SAMPLES = 5
_PERSONAL = ("model", "fallback")
_LIST = 5


def offers_page(evidence: Evidence) -> Page:
    """Build the page of offers."""
    offers = evidence.recommendations
    if offers is None:
        why = Text(
            "没有推荐表：这一步未做。", "There are no recommendations: the step was not done."
        )
        return Page("offers", _TITLE, _LEAD, absent(why))
    products = evidence.community.arrow("products")
    popular = drawn(
        "fig-top-products",
        partial(top_products, offers, products),
        Text("数的是名单上有该商品的会员。", "Counted are members whose list holds the product."),
    )
    chance = drawn(
        "fig-probability",
        partial(probability_histogram, offers),
        Text(
            "在预测期内达成目标的概率。",
            "The probability that the goal is reached within the horizon.",
        ),
    )
    cards = (
        *_quality(evidence),
        figure_card(popular, wide=False),
        figure_card(chance, wide=False),
        _sources(offers),
        _samples(evidence, offers),
    )
    return Page("offers", _TITLE, _LEAD, cards)


def _quality(evidence: Evidence) -> list[Card]:
    """Make a card for each kind of list that was judged."""
    qualities = ranking_qualities(evidence.given.validation)
    if not qualities:
        why = Text("没有验证结果。", "There is no validation.")
        return [Card(Text("排序质量", "Quality of the ranking"), (Note(why, "skip"),))]
    wide = len(qualities) == 1
    return [_quality_card(quality, evidence.given.metric, wide=wide) for quality in qualities]


def _quality_card(quality: RankingQuality, metric: str, *, wide: bool) -> Card:
    seen = Text("在训练未见过的时段上测得。", "Measured on a span of time that training never saw.")
    text = seen if quality.about is None else _before(quality.about, seen)
    bars = drawn(
        f"fig-quality-{quality.key}", partial(baseline_bars, quality.methods, metric=metric), text
    )
    order = sorted(quality.methods, key=lambda name: (-quality.methods[name][0], name))
    rows = tuple(_method_row(quality, name) for name in order)
    columns = (
        *(Text("方法", "Method"), Text(f"{metric}（区间）", f"{metric} (interval)")),
        Text("模型高出（成对 80% 区间）", "Model minus this (paired 80 % interval)"),
    )
    parts = (bars, _verdict(quality), Table(columns, rows, (1, 2)))
    return Card(quality.title(), parts, wide)


def _before(first: Text, second: Text) -> Text:
    return Text(f"{first.zh}。{second.zh}", f"{first.en[:1].upper()}{first.en[1:]}. {second.en}")


def _method_row(quality: RankingQuality, name: str) -> tuple[Cell, ...]:
    value, gain = quality.methods[name], quality.gains.get(name)
    return (
        Cell(METHODS.get(name, Text(name, name))),
        Cell(_with_ends(value, ".3f"), value[0]),
        Cell("") if gain is None else Cell(_with_ends(gain, "+.3f"), gain[0]),
    )


def _with_ends(value: Interval, form: str) -> str:
    middle, low, high = value
    known = np.isfinite(low) and np.isfinite(high)
    return f"{middle:{form}} ({low:{form}} – {high:{form}})" if known else f"{middle:{form}}"


def _verdict(quality: RankingQuality) -> Note:
    """Say in words whether the model beats the best simple method."""
    rival, ahead = quality.rival(), quality.ahead()
    if rival is None or ahead is None:
        return Note(Text("没有可比的基线。", "There is no baseline to compare with."), "skip")
    gap, low, high = ahead
    if low > 0:
        zh, en = "模型更好，整个区间在 0 以上", "the model is better, its whole interval above 0"
    elif high < 0:
        zh, en = "模型更差，宜用基线", "the model is worse: use the simple method"
    else:
        zh, en = "两者难分高下", "they cannot be told apart"
    words = METHODS.get(rival, Text(rival, rival))
    zh = f"模型与最好的基线「{words.zh}」相差 {gap:+.3f}：{zh}。"
    en = f"Model minus the best baseline ({words.en}): {gap:+.3f}; {en}."
    return Note(Text(zh, en), "good" if low > 0 else "warn")


def _sources(offers: pa.Table) -> Card:
    """Count members by where their first offer comes from, and offers by source."""
    first = offers.filter(pc.equal(offers["rank"], 1))
    counts = tag_counts(first["source"])
    rows = tuple(
        (
            Cell(code_words("source", count.code)),
            Cell(count.text(), float(count.size() or 0)),
            Cell(count.share(), float(count.size() or 0)),
        )
        for count in counts
    )
    columns = (Text("来源", "Source"), Text("会员数", "Members"), Text("占比", "Share"))
    note = Text(
        "按每位会员的首选商品计。退订个性化的会员只得到非个性化名单。",
        "By each member's first offer. Members who opted out get a non-personal list.",
    )
    table = Table(columns, rows, (1, 2), note)
    return Card(Text("推荐从哪里来", "Where offers come from"), (table,))


def _samples(evidence: Evidence, offers: pa.Table) -> Card:
    """List the offers of a few members, drawn by a hash so that a run repeats them."""
    members = _drawn_members(offers)
    names = evidence.codes.of(members.to_pylist())
    kinds = categories_of(evidence.community.arrow("products"))
    rows = []
    for place, name in enumerate(names):
        mine = offers.filter(pc.equal(offers["member_id"], members[place]))
        called = Text(f"样例 {place + 1}", f"Sample {place + 1}")
        if evidence.codes.told:
            called = Text(f"{called.zh} · {name}", f"{called.en} · {name}")
        listed = mine.sort_by("rank").slice(0, _LIST).to_pylist()
        rows += [_offer_row(called, offer, kinds) for offer in listed]
    columns = (
        *(Text("会员", "Member"), Text("名次", "Rank"), Text("商品", "Product")),
        *(Text("概率", "Probability"), Text("来源", "Source"), Text("理由", "Reason")),
    )
    table = Table(columns, tuple(rows), (1, 3))
    return Card(Text("几位会员的名单", "The lists of a few members"), (table,))


def _drawn_members(offers: pa.Table) -> pa.Array:
    """Draw up to three members with personal lists, then one of each other source."""
    first = offers.filter(pc.equal(offers["rank"], 1)).sort_by("member_id")
    members = first["member_id"].combine_chunks()
    turn = np.argsort(stable_uniform(members, "report sample"), kind="stable")
    left = dict.fromkeys(_PERSONAL, 3)
    chosen: list[tuple[bool, str, int, int]] = []
    for place, source in zip(turn, first["source"].take(pa.array(turn)).to_pylist(), strict=True):
        quota = left.setdefault(source, 1)
        if quota and len(chosen) < _SAMPLES:
            left[source] -= 1
            chosen.append((source not in _PERSONAL, source, len(chosen), int(place)))
    return members.take(pa.array([place for *_, place in sorted(chosen)], pa.int64()))


def _offer_row(called: Text, offer: dict[str, Any], kinds: dict[str, str]) -> tuple[Cell, ...]:
    chance = offer["probability"]
    product, other = str(offer["product_id"]), offer.get("offer_id")
    what = [product, kinds.get(product), None if other is None else str(other)]
    return (
        Cell(called),
        Cell(str(offer["rank"]), float(offer["rank"])),
        Cell(" · ".join(part for part in what if part)),
        Cell("–") if chance is None else Cell(share(chance), chance),
        Cell(code_words("source", offer["source"])),
        Cell(reason_text(offer.get("reason"), "reason")),
    )
