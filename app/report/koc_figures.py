"""Figures of the KOC: where they stand among the members, and why they rank."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.exact_sums import exact_sum
from siyu.datasets.frames import Frame, to_arrow
from siyu.datasets.ids import encode, lookup, union
from siyu.datasets.labels import WORDS

from .figure_style import COLOURS, GREY, RED, empty, figure, plain
from .member_places import Network, places, shown_members
from .wording import Lang, Text, amount

__all__ = ["component_names", "component_words", "koc_components", "member_map", "ranked_koc"]

_MAP = Text(
    "会员网络：各群体与桥接它们的 KOC", "The member network: communities and the KOC between them"
)
_WHY = Text("排名靠前的 KOC 强在哪里", "What the first KOC are strong in")
_NO_KOC = Text("没有可画的 KOC", "No KOC to draw")
_MOST_TIES = 5_000
_N_KOC = 20


def member_map(
    koc: Frame,
    ties: Frame,
    communities: Frame | None = None,
    *,
    lang: Lang = "zh",
    max_members: int = 2_000,
) -> Any:
    """Draw the first 20 KOC, their closest friends and the biggest communities.

    Parameters
    ----------
    koc : frame with ``member_id`` and ``rank``
        Rows without rank are left out.
    ties : frame with ``source``, ``target`` and, if known, ``weight``
    communities : frame with ``member_id`` and ``community``, optional
        Without it all members stand in one disc.
    lang : {"zh", "en"}
    max_members : int
        At most so many are drawn; how many were left out is written below.

    Returns
    -------
    plotly.graph_objects.Figure
        Nobody is named: KOC bear their rank. Linear in ties.
    """
    whole = _network(ranked_koc(koc), to_arrow(ties)[0], communities)
    if not len(whole.community):
        return empty(_MAP, _NO_KOC, lang)
    part = whole.only(shown_members(whole, max_members))
    x, y, disc = places(part)
    out = len(whole.community) - len(part.community)
    note = Text(
        f"画出 {len(x):,} 位会员，另有 {out:,} 位未画出",
        f"{len(x):,} members shown, {out:,} left out",
    )
    drawing = figure(
        _MAP,
        lang,
        [
            *_lines(part, x, y),
            _dots(x, y, disc, part.koc),
            _stars(x, y, part.koc),
        ],
        height=640,
    )
    blank = {"visible": False, "constrain": "domain"}
    drawing.update_xaxes(**blank).update_yaxes(**blank, scaleanchor="x")
    drawing.update_layout(showlegend=False, dragmode="pan", margin={"b": 34})
    return drawing.add_annotation(
        text=note.to(lang), x=0, y=0, xref="paper", yref="paper", yshift=-26, showarrow=False
    )


def koc_components(koc: Frame, *, k: int = 15, lang: Lang = "zh") -> Any:
    """Draw each component of the first KOC, from the lowest (pale) to the highest among them.

    Parameters
    ----------
    koc : frame with ``rank`` and one numeric column a component
    k : int
        How many KOC.
    lang : {"zh", "en"}

    Returns
    -------
    plotly.graph_objects.Figure
    """
    table = ranked_koc(koc).slice(0, k)
    names = component_names(table)
    if not table.num_rows or not names:
        return empty(_WHY, _NO_KOC, lang)
    values = np.column_stack([table[n].cast(pa.float64()).to_numpy() for n in names])
    scaled = _scaled(values)
    ranks = [f"#{rank}" for rank in table["rank"].to_pylist()]
    drawing = figure(
        _WHY,
        lang,
        [
            {
                "type": "heatmap",
                "z": scaled.round(3).tolist(),
                "x": [plain(component_words(name).to(lang)) for name in names],
                "y": ranks,
                "text": [[amount(v) for v in row] for row in values],
                "texttemplate": "%{text}",
                "textfont": {"size": 11},
                "colorscale": [[0, "#F8FAFC"], [1, "#7CC0EA"]],
                "showscale": False,
                "xgap": 3,
                "ygap": 3,
                "hovertemplate": "%{y} · %{x}: %{text}<extra></extra>",
            }
        ],
        height=110 + 26 * table.num_rows,
    )
    drawing.update_yaxes(autorange="reversed", type="category", showgrid=False)
    return drawing.update_xaxes(side="top", type="category", showgrid=False)


def ranked_koc(koc: Frame) -> pa.Table:
    """Keep the rows with a rank, best first."""
    table, _ = to_arrow(koc)
    kept = table.filter(pc.is_valid(table["rank"]))
    return kept.sort_by("rank")


def component_names(table: pa.Table) -> list[str]:
    """List the columns that hold components of the score."""
    fixed = {"member_id", "rank", "score", "confidence"}
    numeric = (pa.types.is_floating, pa.types.is_integer)
    return [
        field.name
        for field in table.schema
        if field.name not in fixed and any(test(field.type) for test in numeric)
    ]


def component_words(name: str) -> Text:
    """Give the words for a component; its column name where there are none."""
    zh, en = WORDS["koc_column"].get(name, (name, name))
    return Text(zh, en[:1].upper() + en[1:] if zh != name else en)


def _network(koc: pa.Table, ties: pa.Table, communities: Frame | None) -> Network:
    """Turn tables into codes; a pair of members has one tie, its weights added up."""
    members = union(encode(ties["source"])[1], encode(ties["target"])[1])
    n = len(members)
    ends = np.sort(
        np.stack((lookup(ties["source"], members), lookup(ties["target"], members))), axis=0
    )
    proper = ends[0] != ends[1]
    pairs, at = np.unique(ends[0][proper] * max(n, 1) + ends[1][proper], return_inverse=True)
    weight = np.ones(ties.num_rows)
    if "weight" in ties.column_names:
        weight = ties["weight"].cast(pa.float64()).fill_null(1.0).to_numpy()
    total = exact_sum(at, np.asarray(weight, dtype=np.float64)[proper], len(pairs))
    best = lookup(koc["member_id"].slice(0, _N_KOC), members)
    return Network(
        pairs // max(n, 1), pairs % max(n, 1), total, _labels(members, communities), best[best >= 0]
    )


def _labels(members: pa.Array, communities: Frame | None) -> npt.NDArray[np.int64]:
    """Give each member the number of its community, the largest 0; -1 for none."""
    labels = np.full(len(members), 0 if communities is None else -1, dtype=np.int64)
    if communities is None:
        return labels
    table, _ = to_arrow(communities)
    table = table.filter(pc.is_valid(table["community"]))
    at = lookup(table["member_id"], members)
    names, _ = encode(table["community"])
    labels[at[at >= 0]] = names[at >= 0]
    size = np.bincount(labels[labels >= 0], minlength=1)
    number = np.empty(len(size), dtype=np.int64)
    number[np.argsort(-size, kind="stable")] = np.arange(len(size))
    return np.where(labels >= 0, number[labels], -1)


def _lines(part: Network, x: Any, y: Any) -> list[dict[str, Any]]:
    """Draw ties: pale among members, orange at KOC; at most 5,000 pale ones, the strongest."""
    of_koc = np.isin(part.first, part.koc) | np.isin(part.second, part.koc)
    strong = np.argsort(-part.weight, kind="stable")
    chosen = (strong[~of_koc[strong]][:_MOST_TIES], strong[of_koc[strong]])
    looks = (
        {"color": "rgba(100,116,139,0.16)", "width": 0.6},
        {"color": f"rgba(213,94,0,{_paleness(int(of_koc.sum()))})", "width": 0.8},
    )
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "x": _broken(x[part.first[ties]], x[part.second[ties]]),
            "y": _broken(y[part.first[ties]], y[part.second[ties]]),
            "line": look,
            "hoverinfo": "skip",
        }
        for ties, look in zip(chosen, looks, strict=True)
    ]


def _paleness(n: int) -> float:
    """Draw many lines paler than few."""
    return round(min(0.3, max(0.05, 300 / max(n, 1))), 3)


def _broken(start: Any, end: Any) -> list[float | None]:
    """Chain line segments with a gap after each."""
    gaps = [None] * len(start)
    triples = zip(start.round(2).tolist(), end.round(2).tolist(), gaps, strict=True)
    return [value for triple in triples for value in triple]


def _dots(x: Any, y: Any, disc: Any, koc: Any) -> dict[str, Any]:
    colours = [*COLOURS[:4], COLOURS[4], COLOURS[6]]
    plainly = np.ones(len(x), dtype=bool)
    plainly[koc] = False
    colour = [colours[d] if d < len(colours) else GREY for d in disc[plainly].tolist()]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": x[plainly].round(2).tolist(),
        "y": y[plainly].round(2).tolist(),
        "marker": {"color": colour, "size": 5, "opacity": 0.75},
        "hoverinfo": "skip",
    }


def _stars(x: Any, y: Any, koc: Any) -> dict[str, Any]:
    ranks = [str(i + 1) for i in range(len(koc))]
    return {
        "type": "scatter",
        "mode": "markers+text",
        "x": x[koc].round(2).tolist(),
        "y": y[koc].round(2).tolist(),
        "text": ranks,
        "textfont": {"color": "#FFFFFF", "size": 11},
        "marker": {"color": RED, "size": 21, "line": {"color": "#FFFFFF", "width": 1.5}},
        "hovertemplate": "KOC #%{text}<extra></extra>",
    }


def _scaled(values: Any) -> Any:
    """Scale each column to 0..1 over its finite values."""
    low, high = np.nanmin(values, axis=0), np.nanmax(values, axis=0)
    return np.nan_to_num((values - low) / np.where(high > low, high - low, 1.0))
