"""Figures: what they draw, in both languages, and what they keep to themselves."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from siyu.datasets.errors import ParameterError
from siyu.report import figures
from siyu.report.figure_style import COLOURS

T = "2026-03-02"


def tags() -> pd.DataFrame:
    stages = ["prospect"] * 40 + ["new"] * 30 + ["loyal"] * 20 + ["dormant"] * 12
    classes = ["no_purchase"] * 40 + ["key_value"] * 32 + ["common_retain"] * 30
    return pd.DataFrame({"member_id": range(102), "stage": stages, "rfm_class": classes})


def rfm() -> pd.DataFrame:
    # 32 key members with 2 days of 300 each spent 19,200; 30 common ones 30 x 160 = 4,800.
    frequency = [0] * 40 + [2] * 32 + [1] * 30
    monetary = [np.nan] * 40 + [300.0] * 32 + [160.0] * 30
    return pd.DataFrame(
        {
            "member_id": range(102),
            "recency": 5.0,
            "frequency": frequency,
            "monetary": monetary,
        }
    )


def orders() -> pd.DataFrame:
    """Twenty members who buy for 10 on Mondays at 20:00, and every second one on Thursdays."""
    mondays = pd.date_range("2026-01-05 20:00", periods=8, freq="7D")
    rows = [(m, day, 10.0) for m in range(20) for day in mondays]
    rows += [(m, day + pd.Timedelta("3D"), 10.0) for m in range(0, 20, 2) for day in mondays]
    return pd.DataFrame(rows, columns=["member_id", "order_time", "amount"])


def koc() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "member_id": range(30),
            "rank": pd.array([*range(1, 29), None, None], dtype="Int64"),
            "score": np.linspace(1, 0, 30),
            "bridging": np.linspace(0, 1, 30),
            "trust": 0.5,
        }
    )


def ties() -> pd.DataFrame:
    inside = [(a, b) for c in range(0, 60, 20) for a in range(c, c + 20) for b in range(c, a)]
    between = [(0, 20), (0, 40), (1, 21)]
    return pd.DataFrame([*inside, *between], columns=["source", "target"])


def communities() -> pd.DataFrame:
    return pd.DataFrame({"member_id": range(60), "community": [m // 20 for m in range(60)]})


def offers() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "member_id": np.repeat(range(40), 2),
            "rank": np.tile([1, 2], 40),
            "product_id": np.where(np.arange(80) % 2 == 0, "p1", "p2"),
            "score": 0.5,
            "probability": np.tile([0.31, 0.12], 40),
            "source": "model",
        }
    )


def validation() -> dict[str, tuple[float, float, float]]:
    return {"popularity": (0.2, 0.15, 0.25), "model": (0.4, 0.35, 0.45)}


ALL: dict[str, Callable[..., Any]] = {
    "stage_bars": lambda **how: figures.stage_bars(tags(), **how),
    "class_bars": lambda **how: figures.class_bars(tags(), rfm(), **how),
    "koc_components": lambda **how: figures.koc_components(koc(), **how),
    "member_map": lambda **how: figures.member_map(koc(), ties(), communities(), **how),
    "baseline_bars": lambda **how: figures.baseline_bars(validation(), **how),
    "top_products": lambda **how: figures.top_products(offers(), **how),
    "probability_histogram": lambda **how: figures.probability_histogram(offers(), **how),
    "hours_heatmap": lambda **how: figures.hours_heatmap(orders(), as_of=T, **how),
    "weekly_sales": lambda **how: figures.weekly_sales(orders(), as_of=T, **how),
    "gap_histogram": lambda **how: figures.gap_histogram(orders(), as_of=T, **how),
}
every_figure = pytest.mark.parametrize("name", ALL)


def test_all_figures_are_tried_here() -> None:
    assert set(ALL) == set(figures.__all__)


@every_figure
def test_titles_are_chinese_or_english(name: str) -> None:
    titles = [ALL[name](lang=lang).layout.title.text for lang in ("zh", "en")]
    assert any("\u4e00" <= letter <= "\u9fff" for letter in titles[0])
    assert titles[1].isascii()


@every_figure
def test_the_english_figure_holds_no_chinese(name: str) -> None:
    drawn = ALL[name](lang="en").to_dict()
    drawn["layout"].pop("template")
    text = json.dumps(drawn, ensure_ascii=False)
    assert not any("\u4e00" <= letter <= "\u9fff" for letter in text)


@every_figure
def test_the_same_input_draws_the_same_figure(name: str) -> None:
    first, second = (ALL[name](lang="zh").to_dict() for _ in range(2))
    assert json.dumps(first) == json.dumps(second)


@every_figure
def test_figures_share_one_style(name: str) -> None:
    drawn = ALL[name](lang="zh")
    assert "Microsoft YaHei" in drawn.layout.template.layout.font.family
    assert len(COLOURS) <= 8


@every_figure
def test_an_unknown_language_is_refused(name: str) -> None:
    with pytest.raises(ParameterError, match="lang must be 'zh' or 'en', got 'fr'"):
        ALL[name](lang="fr")


def test_stages_stand_in_the_order_of_life() -> None:
    drawn = figures.stage_bars(tags(), lang="en")
    assert list(drawn.data[0].y) == ["Prospect", "New", "Loyal", "Dormant"]
    assert list(drawn.data[0].x) == [40, 30, 20, 12]


def test_polars_frames_draw_the_same() -> None:
    pandas, polars = (figures.stage_bars(f, lang="en") for f in (tags(), pl.from_pandas(tags())))
    assert pandas.to_dict() == polars.to_dict()


def test_a_small_stage_has_neither_length_nor_number() -> None:
    few = pd.concat([tags(), tags().head(3).assign(stage="churned")])
    bar = figures.stage_bars(few, lang="en").data[0]
    shown = dict(zip(bar.y, zip(bar.x, bar.text, strict=True), strict=True))
    assert shown["Churned"] == (0, "&lt;10  ")
    # Total 105 less the others would tell it, so that 20 hides too; 12 would hide too little.
    assert shown["Loyal"] == (0, "≥10  ")
    assert shown["Dormant"] == (12, "12  11.4%")


def test_a_notebook_may_ask_for_every_count() -> None:
    few = pd.concat([tags(), tags().head(3).assign(stage="churned")])
    bar = figures.stage_bars(few, lang="en", hide_below=1).data[0]
    assert dict(zip(bar.y, bar.x, strict=True))["Churned"] == 3


def test_classes_bring_their_share_of_the_money() -> None:
    people, money = figures.class_bars(tags(), rfm(), lang="en").data
    assert list(people.text) == ["51.6%", "48.4%"]  # 32 and 30 of 62 buyers
    assert list(money.text) == ["80.0%", "20.0%"]  # 19,200 and 4,800 of 24,000


def test_orders_after_the_moment_are_not_drawn() -> None:
    later = pd.concat([orders(), orders().assign(order_time=pd.Timestamp("2026-03-02 00:00"))])
    one, other = (figures.hours_heatmap(o, as_of=T, lang="zh").to_dict() for o in (orders(), later))
    assert one == other


def test_hours_are_shares_of_all_orders() -> None:
    cells = figures.hours_heatmap(orders(), as_of=T, lang="en").data[0]
    # 160 orders on Monday and 80 on Thursday at 20:00.
    assert cells.z[0][20] == 66.67
    assert cells.z[3][20] == 33.33
    assert cells.z[1][20] == 0


def test_weeks_end_at_the_moment() -> None:
    sales, buyers = figures.weekly_sales(orders(), as_of=T, lang="en").data
    assert sales.x[-1] == "2026-02-23"
    assert sales.y[-1] == 300.0  # 20 on Monday and 10 on Thursday, for 10 each
    assert buyers.y[-1] == 20


def test_the_median_gap_is_written() -> None:
    drawn = figures.gap_histogram(orders(), as_of=T, lang="en")
    # 10 members have gaps of 7 days only, 10 of 3 and 4 days: median of 70 sevens, 80 threes,
    # 70 fours is 4.
    assert drawn.layout.annotations[0].text == "median 4 days"


def test_koc_are_drawn_by_rank_and_nobody_by_id() -> None:
    frame = koc().assign(member_id=[f"phone1380000{i:04d}" for i in range(30)])
    pairs = ties().astype(str).map(lambda i: f"phone1380000{int(i):04d}")
    text = figures.member_map(frame, pairs, lang="en").to_json()
    assert "phone" not in text
    assert '"text":["1","2","3"' in text


def test_how_many_were_left_out_is_written() -> None:
    drawn = figures.member_map(koc(), ties(), communities(), lang="en", max_members=50)
    assert "50 members shown, 10 left out" in drawn.layout.annotations[0].text


def test_the_model_is_coloured_and_on_top() -> None:
    bar = figures.baseline_bars(validation(), lang="en").data[0]
    assert list(bar.y) == ["Popularity", "Model"]
    assert list(bar.error_x.array) == pytest.approx([0.05, 0.05])


def test_names_are_text_to_plotly_not_tags() -> None:
    evil = '<a href="javascript:alert(1)">p</a>'
    drawn = figures.top_products(offers().assign(product_id=evil), lang="en")
    assert drawn.data[0].y[0] == '&lt;a href="javascript:alert(1)"&gt;p&lt;/a&gt;'


def test_numeric_product_ids_stay_names() -> None:
    drawn = figures.top_products(offers().assign(product_id=12), lang="en")
    assert drawn.layout.yaxis.type == "category"
    assert list(drawn.data[0].y) == ["12"]


EMPTY: dict[str, Callable[[], Any]] = {
    "stage_bars": lambda: figures.stage_bars(tags().head(0), lang="en"),
    "class_bars": lambda: figures.class_bars(tags().head(0), lang="en"),
    "koc_components": lambda: figures.koc_components(koc().head(0), lang="en"),
    "member_map": lambda: figures.member_map(koc().head(0), ties().head(0), lang="en"),
    "baseline_bars": lambda: figures.baseline_bars({}, lang="en"),
    "top_products": lambda: figures.top_products(offers().head(0), lang="en"),
    "probability_histogram": lambda: figures.probability_histogram(offers().head(0), lang="en"),
    "hours_heatmap": lambda: figures.hours_heatmap(orders().head(0), as_of=T, lang="en"),
    "weekly_sales": lambda: figures.weekly_sales(orders().head(0), as_of=T, lang="en"),
    "gap_histogram": lambda: figures.gap_histogram(orders().head(0), as_of=T, lang="en"),
}


@pytest.mark.parametrize("name", EMPTY)
def test_no_rows_say_that_there_is_nothing_to_draw(name: str) -> None:
    drawn = EMPTY[name]()
    assert not drawn.data
    assert drawn.layout.annotations[0].text
