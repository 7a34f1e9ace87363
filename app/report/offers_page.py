"""Page 4: the ranked offers, how good they are, and some members' lists."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.ids import encode, take
from siyu.datasets.randomness import stable_uniform

from .advice import code_words
from .evidence import Evidence
from .offer_figures import METHODS, baseline_bars, probability_histogram, top_products
from .page_parts import Card, Cell, Note, Page, Table, absent, drawn, figure_card
from .reasons import reason_text
from .report_input import Interval
from .tag_counts import tag_counts
from .wording import Text, share

__all__ = ["offers_page"]

_TITLE = Text("推荐", "Offers")
_LEAD = Text(
    "给每位会员排好序的商品，以及这份排序有多可信。",
    "Products in order for every member, and how far the order can be trusted.",
)
_SAMPLES = 5
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
        _quality(evidence),
        figure_card(popular, wide=False),
        figure_card(chance, wide=False),
        _sources(offers),
        _samples(evidence, offers),
    )
    return Page("offers", _TITLE, _LEAD, cards)


def _quality(evidence: Evidence) -> Card:
    validation, metric = evidence.given.validation, evidence.given.metric
    if not validation:
        why = Text("没有验证结果。", "There is no validation.")
        return Card(Text("排序质量", "Quality of the ranking"), (Note(why, "skip"),))
    bars = drawn(
        "fig-quality",
        partial(baseline_bars, validation, metric=metric),
        Text(
            "在训练未见过的时段上测得；细线为区间。",
            "Measured on a span of time that training never saw; thin lines are intervals.",
        ),
    )
    order = sorted(validation, key=lambda name: (-validation[name][0], name))
    gains = evidence.given.gains
    rows = tuple(_method_row(name, validation[name], gains.get(name)) for name in order)
    columns = (
        *(Text("方法", "Method"), Text(metric, metric), Text("区间", "Interval")),
        Text("模型比它高（成对区间）", "Model less this (paired interval)"),
    )
    return figure_card(bars, _verdict(validation, gains), Table(columns, rows, (1, 2, 3)))


def _method_row(name: str, value: Interval, gain: Interval | None) -> tuple[Cell, ...]:
    middle, low, high = value
    spread = f"{low:.3f} – {high:.3f}" if np.isfinite(low) and np.isfinite(high) else "–"
    ahead = "" if gain is None else f"{gain[0]:+.3f} ({gain[1]:+.3f} – {gain[2]:+.3f})"
    return (
        Cell(METHODS.get(name, Text(name, name))),
        Cell(f"{middle:.3f}", middle),
        Cell(spread),
        Cell(ahead, None if gain is None else gain[0]),
    )


def _verdict(validation: Mapping[str, Interval], gains: Mapping[str, Interval]) -> Note:
    """Say in words whether the model beats the best simple method."""
    others = sorted(name for name in validation if name != "model")
    if "model" not in validation or not others:
        return Note(Text("没有可比的基线。", "There is no baseline to compare with."), "skip")
    best = max(others, key=lambda name: validation[name][0])
    model, rival = validation["model"], validation[best]
    apart = (model[0] - rival[0], model[1] - rival[2], model[2] - rival[1])
    gap, low, high = gains.get(best, apart)
    if low > 0:
        zh, en = "模型更好，不是偶然", "the model is better beyond chance"
    elif high < 0:
        zh, en = "模型更差，宜用基线", "the model is worse: use the simple method"
    else:
        zh, en = "两者难分高下", "they cannot be told apart"
    words = METHODS.get(best, Text(best, best))
    zh = f"模型与最好的基线「{words.zh}」相差 {gap:+.3f}：{zh}。"
    en = f"Model less the best baseline ({words.en}): {gap:+.3f}; {en}."
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
    return Card(Text("推荐从哪里来", "Where offers come from"), (table,), wide=False)


def _samples(evidence: Evidence, offers: pa.Table) -> Card:
    """List the offers of a few members, drawn by a hash so that a run repeats them."""
    codes, members = encode(offers["member_id"])
    drawn_first = np.argsort(stable_uniform(members, "report sample"), kind="stable")[:_SAMPLES]
    names = evidence.codes.of(take(members, drawn_first).to_pylist())
    rows = []
    for place, (member, name) in enumerate(zip(drawn_first, names, strict=True)):
        listed = offers.filter(pa.array(codes == member)).sort_by("rank").slice(0, _LIST)
        called = Text(f"样例 {place + 1}", f"Sample {place + 1}")
        called = (
            called
            if not evidence.codes.told
            else Text(f"{called.zh} · {name}", f"{called.en} · {name}")
        )
        rows += [_offer_row(called, offer) for offer in listed.to_pylist()]
    columns = (
        *(Text("会员", "Member"), Text("名次", "Rank"), Text("商品", "Product")),
        *(Text("概率", "Probability"), Text("来源", "Source"), Text("理由", "Reason")),
    )
    table = Table(columns, tuple(rows), (1, 3))
    return Card(Text("几位会员的名单", "The lists of a few members"), (table,))


def _offer_row(called: Text, offer: dict[str, Any]) -> tuple[Cell, ...]:
    chance = offer["probability"]
    what = [str(offer[name]) for name in ("product_id", "offer_id") if offer.get(name) is not None]
    return (
        Cell(called),
        Cell(str(offer["rank"]), float(offer["rank"])),
        Cell(" · ".join(what), code=True),
        Cell("–") if chance is None else Cell(share(chance), chance),
        Cell(code_words("source", offer["source"])),
        Cell(reason_text(offer.get("reason"), "reason")),
    )
