"""One look for all figures: colours, fonts, axes, and text that stays text."""

from collections.abc import Iterable
from typing import Any

from .extras import load
from .wording import Lang, Text, check_lang

__all__ = [
    "BLUE",
    "COLOURS",
    "GREEN",
    "GREY",
    "ORANGE",
    "RED",
    "SKY",
    "TEMPLATE",
    "empty",
    "figure",
    "plain",
]

BLUE, ORANGE, GREEN, PINK = "#0072B2", "#E69F00", "#009E73", "#CC79A7"
SKY, RED, OLIVE, GREY = "#56B4E9", "#D55E00", "#7A6A00", "#98A2B3"
COLOURS = (BLUE, ORANGE, GREEN, PINK, SKY, RED, OLIVE)
"""Told apart with every common kind of colour blindness (Okabe & Ito, 2008); grey is the rest."""

_INK, _SOFT, _LINE = "#1F2937", "#4B5563", "#E5E7EB"
_FONT = (
    '"PingFang SC","Microsoft YaHei","Noto Sans CJK SC","WenQuanYi Micro Hei",'
    "system-ui,-apple-system,sans-serif"
)
_AXIS = {
    "automargin": True,
    "gridcolor": _LINE,
    "linecolor": _LINE,
    "ticks": "",
    "zeroline": False,
    "title": {"standoff": 10, "font": {"size": 13, "color": _SOFT}},
}
TEMPLATE: dict[str, Any] = {
    "layout": {
        "autotypenumbers": "strict",
        "bargap": 0.28,
        "colorway": list(COLOURS),
        "font": {"family": _FONT, "size": 13, "color": _INK},
        "hoverlabel": {"align": "left", "font": {"family": _FONT}},
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        "margin": {"l": 8, "r": 16, "t": 48, "b": 8},
        "paper_bgcolor": "#FFFFFF",
        "plot_bgcolor": "#FFFFFF",
        "title": {"x": 0, "xref": "paper", "font": {"size": 16}},
        "xaxis": _AXIS,
        "yaxis": {**_AXIS, "ticksuffix": " "},
    }
}
"""The plotly template of every figure."""


def figure(title: Text, lang: Lang, traces: Iterable[Any] = (), *, height: int = 360) -> Any:
    """Make a figure in the style of the report.

    Parameters
    ----------
    title : Text
    lang : {"zh", "en"}
    traces : plotly traces, or dicts that describe them
    height : int
        Pixels.

    Returns
    -------
    plotly.graph_objects.Figure

    Raises
    ------
    ParameterError
        If `lang` is neither.
    MissingExtraError
        If plotly is not installed.

    Examples
    --------
    >>> figure(Text("会员", "Members"), "en", [{"type": "bar", "y": [3]}]).layout.title.text
    'Members'
    """
    words = title.to(check_lang(lang))
    layout = {"template": TEMPLATE, "title": {"text": words}, "height": height}
    return load("plotly.graph_objects").Figure(data=list(traces), layout=layout)


def empty(title: Text, why: Text, lang: Lang) -> Any:
    """Make a figure that says why there is nothing to draw."""
    drawing = figure(title, lang, height=140)
    drawing.update_xaxes(visible=False).update_yaxes(visible=False)
    return drawing.add_annotation(text=why.to(lang), showarrow=False, font={"size": 14})


def plain(text: object) -> str:
    """Keep plotly from reading tags and links in a name that comes from data.

    Examples
    --------
    >>> plain("<b>A&B</b>")
    '&lt;b&gt;A&amp;B&lt;/b&gt;'
    """
    return str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
