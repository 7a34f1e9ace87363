"""The one entry point: tables in, one HTML file out."""

from .behaviour_page import behaviour_page
from .evidence import Evidence
from .html_page import html_page
from .koc_page import koc_page
from .method_page import method_page
from .offers_page import offers_page
from .overview import overview_page
from .report_input import ReportInput
from .segments import segments_page
from .wording import Lang, Text, check_lang

__all__ = ["build_report"]


def build_report(results: ReportInput, *, lang: Lang = "zh") -> str:
    """Write the report of a run as one self-contained HTML file.

    Six pages: overview, segments, KOC, offers, behaviour, data and method. The file works
    offline, holds both languages, and switches by a button. Steps without results are named
    with the reason.

    Parameters
    ----------
    results : ReportInput
    lang : {"zh", "en"}
        The language the file opens in.

    Returns
    -------
    str
        About 2 MB. The same input gives the same text.

    Raises
    ------
    ParameterError
        If `lang` is neither.
    MissingExtraError
        If plotly or jinja2 is not installed (``pip install "siyu[report]"``).

    Examples
    --------
    >>> import pandas as pd
    >>> from siyu.datasets.community import Community
    >>> members = Community(members=pd.DataFrame({"member_id": ["a", "b"]}))
    >>> html = build_report(ReportInput(community=members, as_of="2026-01-01"), lang="en")
    >>> html.startswith("<!doctype html>"), "http://" in html.split("<script")[0]
    (True, False)
    """
    check_lang(lang)
    evidence = Evidence.of(results)
    pages = [
        overview_page(evidence),
        segments_page(evidence),
        koc_page(evidence),
        offers_page(evidence),
        behaviour_page(evidence),
        method_page(evidence),
    ]
    when = evidence.ended()
    subtitle = Text(
        f"截至 {when}（{evidence.community.tz}）", f"As of {when} ({evidence.community.tz})"
    )
    return html_page(pages, subtitle, lang)
