"""One HTML file from pages: escaped, offline, and closed to every script but our own."""

import base64
import gzip
import hashlib
import json
import re
from functools import lru_cache
from importlib import resources
from typing import Any

from .extras import load
from .figure_style import TEMPLATE
from .page_parts import Figure, Page
from .wording import Lang, Text

__all__ = ["html_page", "json_inside_html"]

_TITLE = Text("私域会员报告", "Member community report")


def html_page(pages: list[Page], subtitle: Text, lang: Lang) -> str:
    """Write the pages as one self-contained HTML file.

    Parameters
    ----------
    pages : list of Page
    subtitle : Text
    lang : {"zh", "en"}
        The language it opens in.

    Returns
    -------
    str
        About 2 MB, most of it plotly.js, which is unpacked only when a figure is drawn.
        The same pages give the same text.
    """
    script, style = _asset("report.js"), _asset("report.css")
    plotly, packed = _plotly()
    jinja2 = load("jinja2")
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    return str(
        environment.from_string(_asset("report.html")).render(
            pages=pages,
            lang=lang,
            title=_TITLE,
            subtitle=subtitle,
            skip_link=Text("跳到内容", "Skip to content"),
            nav_label=Text("页面", "Pages"),
            no_figures=Text(
                "这个浏览器画不出图；数字都在表格里。",
                "This browser cannot draw the figures; the numbers are in the tables.",
            ),
            footer=Text(
                "由 siyu 生成。本文件可离线打开，不含任何外部链接。",
                "Made by siyu. This file works offline and loads nothing from elsewhere.",
            ),
            policy=_policy((script, plotly), (style, "")),
            style=style,
            script=script,
            plotly=packed,
            figures=_figures(pages),
            empty_styles=_empty_styles(plotly),
        )
    )


def json_inside_html(value: Any) -> str:
    r"""Write JSON that no HTML parser can leave: ``<``, ``>``, ``&`` and line ends escaped.

    Examples
    --------
    >>> json_inside_html({"name": "</script>&"})
    '{"name":"\\u003c/script\\u003e\\u0026"}'
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text


def _figures(pages: list[Page]) -> str:
    """Gather all figures: Chinese whole, English as what differs."""
    found = [
        part
        for page in pages
        for card in page.cards
        for part in card.parts
        if isinstance(part, Figure)
    ]
    drawn = {}
    for part in found:
        zh, en = _bare(part.zh), _bare(part.en)
        drawn[part.key] = {"zh": zh, "en": _difference(zh, en)}
    return json_inside_html({"template": TEMPLATE, "drawn": drawn})


def _bare(figure: Any) -> dict[str, Any]:
    """Give a figure as a dict without template and title, which the page supplies."""
    drawn = figure.to_dict()
    drawn["layout"].pop("template", None)
    drawn["layout"].pop("title", None)
    drawn["layout"]["margin"] = {**drawn["layout"].get("margin", {}), "t": 12}
    return dict(drawn)


def _difference(base: Any, other: Any) -> Any:
    """Give the parts of `other` that differ from `base`; keys that vanished become null."""
    pair = isinstance(base, dict) and isinstance(other, dict)
    if isinstance(base, list) and isinstance(other, list) and len(base) == len(other):
        changed = {
            str(i): _difference(b, o)
            for i, (b, o) in enumerate(zip(base, other, strict=True))
            if b != o
        }
        return other if len(changed) > len(base) // 2 else changed
    if not pair:
        return other
    return {
        key: _difference(base.get(key), other.get(key))
        for key in {**base, **other}
        if base.get(key) != other.get(key)
    }


def _policy(scripts: tuple[str, ...], styles: tuple[str, ...]) -> str:
    """Allow exactly these scripts and styles, and nothing from anywhere else."""
    return (
        "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; "
        f"script-src {' '.join(_hash(text) for text in scripts)}; "
        f"style-src {' '.join(_hash(text) for text in styles)}"
    )


def _empty_styles(plotly: str) -> list[str]:
    """Name the style elements plotly would add: one it fills by rules, others are for maps.

    Empty ones that are there already let it pass under a policy without inline styles.
    """
    return ["plotly.js-style-global", *re.findall(r'getElementById\("([0-9a-f]{64})"\)', plotly)]


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


@lru_cache(maxsize=1)
def _plotly() -> tuple[str, str]:
    """Give plotly.js, and the same packed as base64 of gzip."""
    source = load("plotly.offline").get_plotlyjs().replace("\r\n", "\n")
    return source, base64.b64encode(gzip.compress(source.encode(), 9, mtime=0)).decode()


def _asset(name: str) -> str:
    return resources.files("siyu.report").joinpath(name).read_text("utf-8")
