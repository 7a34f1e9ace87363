"""Figures of the ranked offers: how good the ranking is, and what it offers."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.frames import Frame, to_arrow
from siyu.datasets.ids import encode

from .figure_style import BLUE, GREEN, GREY, empty, figure, plain
from .ranking_quality import METHODS, Interval
from .small_counts import SMALLEST, hidden_cells
from .wording import Lang, Text

__all__ = [
    "baseline_bars",
    "categories_of",
    "offered_products",
    "probability_histogram",
    "top_products",
]

_METRIC = Text("排序质量：模型与基线", "Quality of the ranking: model and baselines")
_CHANCE = Text("每位会员首选商品的购买概率", "Probability of each member's first offer")
_TOP = Text("推荐给最多会员的商品", "Products offered to most members")
_NOTHING = Text("没有可画的推荐", "No offers to draw")


def baseline_bars(
    validation: Mapping[str, Interval],
    *,
    metric: str = "NDCG@10",
    lang: Lang = "zh",
) -> Any:
    """Draw a metric of the model and of the baselines, with intervals, best on top.

    Parameters
    ----------
    validation : mapping of method to (estimate, low, high)
        Ends may be NaN: not known. The method named ``"model"`` is coloured.
    metric : str
        Written along the axis.
    lang : {"zh", "en"}

    Returns
    -------
    plotly.graph_objects.Figure

    Examples
    --------
    >>> drawn = baseline_bars({"model": (0.42, 0.41, 0.43), "popularity": (0.17, 0.16, 0.18)})
    >>> len(drawn.data)
    1
    """
    order = sorted(validation, key=lambda name: (validation[name][0], name))
    if not order:
        return empty(_METRIC, _NOTHING, lang)
    middle, low, high = np.array([validation[name] for name in order], dtype=float).T
    names = [plain(METHODS.get(name, Text(name, name)).to(lang)) for name in order]
    drawing = figure(
        _METRIC,
        lang,
        [
            {
                "type": "bar",
                "orientation": "h",
                "x": middle.tolist(),
                "y": names,
                "marker": {"color": [BLUE if name == "model" else "#CBD5E1" for name in order]},
                "error_x": {
                    "type": "data",
                    "array": np.nan_to_num(high - middle).tolist(),
                    "arrayminus": np.nan_to_num(middle - low).tolist(),
                    "color": "#475569",
                    "thickness": 1.5,
                },
                "hovertemplate": "%{y}: %{x:.3f}<extra></extra>",
            }
        ],
        height=110 + 36 * len(order),
    )
    drawing.update_yaxes(type="category", showgrid=False)
    return drawing.update_xaxes(title_text=plain(metric), rangemode="tozero")


def probability_histogram(
    recommendations: Frame, *, lang: Lang = "zh", hide_below: int = SMALLEST
) -> Any:
    """Draw how the probability of each member's first offer is spread.

    Parameters
    ----------
    recommendations : frame with ``rank`` and ``probability``
    lang : {"zh", "en"}
    hide_below : int
        Bars of fewer members are left out; 1 shows all.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    table, _ = to_arrow(recommendations)
    first = table.filter(pc.equal(table["rank"], 1))["probability"].drop_null()
    chance = first.cast(pa.float64()).to_numpy()
    if not len(chance):
        return empty(_CHANCE, _NOTHING, lang)
    width = _step(float(chance.max()) / 20)
    counts = np.bincount(np.floor(chance / width + 1e-9).astype(np.int64))
    hidden = hidden_cells(counts, hide_below)
    left = 100 * width * np.arange(len(counts))
    drawing = figure(
        _CHANCE,
        lang,
        [
            {
                "type": "bar",
                "x": (left + 50 * width).round(3).tolist(),
                "y": [None if h else int(n) for h, n in zip(hidden, counts, strict=True)],
                "width": 92 * width,
                "marker": {"color": GREEN},
                "customdata": [[round(v, 2), round(v + 100 * width, 2)] for v in left.tolist()],
                "hovertemplate": "%{customdata[0]}–%{customdata[1]}%: %{y:,}<extra></extra>",
            }
        ],
        height=320,
    )
    drawing.update_xaxes(title_text=Text("概率", "Probability").to(lang), ticksuffix="%")
    return drawing.update_yaxes(title_text=Text("会员数", "Members").to(lang))


def top_products(
    recommendations: Frame,
    products: Frame | None = None,
    *,
    k: int = 15,
    lang: Lang = "zh",
    hide_below: int = SMALLEST,
) -> Any:
    """Draw the products that stand on most members' lists.

    Parameters
    ----------
    recommendations : frame with ``member_id`` and ``product_id``
    products : frame of schema ``products``, optional
        Gives each product's category.
    k : int
        How many products.
    lang : {"zh", "en"}
    hide_below : int
        Products offered to fewer members are left out; 1 shows all.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    names, members = offered_products(recommendations, products)
    kept = [(n, m) for n, m in zip(names, members, strict=True) if m >= hide_below][:k]
    if not kept:
        return empty(_TOP, _NOTHING, lang)
    bar = {
        "type": "bar",
        "orientation": "h",
        "x": [members for _, members in kept],
        "y": [plain(" · ".join(part for part in name if part)) for name, _ in kept],
        "marker": {"color": BLUE},
        "text": [f"{members:,}" for _, members in kept],
        "textposition": "outside",
        "cliponaxis": False,
        "hovertemplate": "%{y}: %{x:,}<extra></extra>",
    }
    drawing = figure(_TOP, lang, [bar], height=100 + 26 * len(kept))
    drawing.update_yaxes(type="category", autorange="reversed", showgrid=False, ticklabelstandoff=4)
    members_axis = Text("会员数", "Members").to(lang)
    return drawing.update_xaxes(title_text=members_axis, rangemode="tozero", linecolor=GREY)


def offered_products(
    recommendations: Frame, products: Frame | None = None
) -> tuple[list[tuple[str, str]], list[int]]:
    """Count the members whose list holds each product, most first.

    Returns
    -------
    (names, members)
        Names are (product, category); the category is "" where it is not known.
    """
    table, _ = to_arrow(recommendations)
    table = table.filter(pc.is_valid(table["product_id"]))
    code, ids = encode(table["product_id"])
    member, _ = encode(table["member_id"])
    pairs = np.unique(member * max(len(ids), 1) + code) % max(len(ids), 1)
    counts = np.bincount(pairs, minlength=len(ids))
    order = np.argsort(-counts, kind="stable")
    kinds = categories_of(products)
    listed = [ids[int(i)].as_py() for i in order]
    return [(str(i), kinds.get(str(i), "")) for i in listed], counts[order].tolist()


def categories_of(products: Frame | None) -> dict[str, str]:
    """Give each product's category where it is known; products are keyed as text."""
    if products is None:
        return {}
    table, _ = to_arrow(products)
    if "category" not in table.column_names:
        return {}
    pairs = zip(table["product_id"].to_pylist(), table["category"].to_pylist(), strict=True)
    return {str(product): kind for product, kind in pairs if kind}


def _step(width: float) -> float:
    """Round a width up to 1, 2 or 5 times a power of ten."""
    if width <= 0:
        return 0.01
    power = 10.0 ** np.floor(np.log10(width))
    return float(next(power * m for m in (1, 2, 5, 10) if power * m >= width * (1 - 1e-9)))
