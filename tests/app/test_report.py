"""The report: one offline file in two languages, that runs nothing but its own script."""

import base64
import hashlib
import json
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pandas as pd
import pytest

from report_frames import made_up_results
from siyu.datasets.community import Community
from siyu.datasets.errors import ParameterError
from siyu.datasets.synthetic.community_maker import make_community
from siyu.report import ReportInput, build_report, extras
from siyu.report.html_page import json_inside_html

T = "2026-06-03"
PAGES = ["overview", "segments", "koc", "offers", "behaviour", "method"]
PAYLOADS = [
    "<script>window.xss=1</script>",
    "</script><script>window.xss=1</script>",
    "<img src=x onerror=window.xss=1>",
    '"><svg onload=window.xss=1>',
    "' onmouseover='window.xss=1",
    '<a href="javascript:window.xss=1">x</a>',
    "<iframe srcdoc='<script>parent.xss=1</script>'>",
    "<!--<script>",
    "{{7*7}}{% raw %}",
    "%{y}<b>x</b>\u2028\u2029&lt;script&gt;",
    "<style>*{display:none}</style>",
    "<base href=//evil.example>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "${window.xss=1}`;window.xss=1//",
    "\\u003cscript\\u003ewindow.xss=1",
]


class Outline(HTMLParser):
    """Every start tag with its attributes, and the text of every script and style."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.raw: list[tuple[str, dict[str, str | None], str]] = []
        self.text = ""
        self._open = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open = tag in ("script", "style")
        if self._open:
            self.raw.append((tag, dict(attrs), ""))

    def handle_endtag(self, tag: str) -> None:
        self._open = self._open and tag not in ("script", "style")

    def handle_data(self, data: str) -> None:
        if self._open:
            tag, attrs, text = self.raw[-1]
            self.raw[-1] = (tag, attrs, text + data)
        else:
            self.text += data

    def figures(self) -> dict[str, Any]:
        """Give the data of all figures."""
        (block,) = (text for _, attrs, text in self.raw if attrs.get("id") == "figures")
        found: dict[str, Any] = json.loads(block)
        return found


@pytest.fixture(scope="module")
def community() -> Community:
    return make_community(400, random_state=1)


@pytest.fixture(scope="module")
def results(community: Community) -> ReportInput:
    return made_up_results(community, T)


@pytest.fixture(scope="module")
def html(results: ReportInput) -> str:
    return build_report(results)


@pytest.fixture(scope="module")
def outline(html: str) -> Outline:
    return Outline(html)


def poisoned(frame: pd.DataFrame, payload: str) -> pd.DataFrame:
    """Put a payload into every text of a frame, and into a column's name."""
    keys = {"member_id", "source", "target"}
    frame = frame.copy()
    for name in frame.columns:
        if name not in keys and frame[name].dtype in ("object", "str"):
            lists = any(isinstance(value, list) for value in frame[name])
            frame[name] = [[payload] if lists else payload] * len(frame)
    frame[payload] = payload
    return frame


def poisoned_community(c: Community, payload: str) -> Community:
    texts = {"products": ["category", "brand"], "members": ["region", "source"]}
    tables = {name: c.arrow(name) for name in c.tables()}
    frames = {name: table.to_pandas() for name, table in tables.items() if table is not None}
    for name, columns in texts.items():
        frames[name][columns] = payload
    return Community(tz=c.tz, **frames)


def poisoned_results(results: ReportInput, payload: str) -> ReportInput:
    frames = {"tags": results.tags, "koc": results.koc, "recommendations": results.recommendations}
    bad: dict[str, Any] = {}
    for name, frame in frames.items():
        assert frame is not None
        bad[name] = poisoned(frame, payload)
    bad["recommendations"]["source"] = payload
    return replace(
        results,
        community=poisoned_community(results.community, payload),
        validation={payload: (0.1, 0.05, 0.2), "model": (0.3, 0.2, 0.4)},
        metric=payload,
        skipped={payload: payload},
        warnings=[payload, (payload, payload)],
        manifest={payload: payload, "sha256": {payload: payload}},
        **bad,
    )


def test_all_six_pages_are_there(outline: Outline) -> None:
    sections = [attrs["id"] for tag, attrs in outline.tags if tag == "section"]
    assert sections == PAGES


def test_nothing_is_loaded_from_elsewhere(outline: Outline) -> None:
    links = [
        value
        for _, attrs in outline.tags
        for name, value in attrs.items()
        if name in ("src", "href", "srcset", "action", "data", "poster") and value
    ]
    assert links
    assert all(link.startswith("#") for link in links)


def test_the_policy_allows_exactly_the_scripts_and_styles_of_the_page(outline: Outline) -> None:
    (policy,) = (a["content"] for t, a in outline.tags if t == "meta" and a.get("http-equiv"))
    assert policy is not None
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none';")
    run = [text for tag, attrs, text in outline.raw if tag == "style" or not attrs.get("type")]
    for text in run:
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy


def test_packed_plotly_has_the_hash_of_the_policy(outline: Outline) -> None:
    import gzip

    (packed,) = (text for _, attrs, text in outline.raw if attrs.get("id") == "plotly")
    source = gzip.decompress(base64.b64decode(packed))
    digest = base64.b64encode(hashlib.sha256(source).digest()).decode()
    (policy,) = (a["content"] for t, a in outline.tags if t == "meta" and a.get("http-equiv"))
    assert f"'sha256-{digest}'" in str(policy)


def test_every_figure_has_a_place_and_every_place_a_figure(outline: Outline) -> None:
    places = [a["id"] for t, a in outline.tags if t == "div" and a.get("class") == "plot"]
    assert sorted(map(str, places)) == sorted(outline.figures()["drawn"])


def test_ids_are_used_once(outline: Outline) -> None:
    ids = [attrs["id"] for _, attrs in outline.tags if "id" in attrs]
    assert len(ids) == len(set(ids))


def test_every_text_stands_in_both_languages(outline: Outline) -> None:
    spans = [attrs.get("lang") for tag, attrs in outline.tags if tag == "span"]
    assert spans.count("zh") == spans.count("en") > 100


def test_the_opening_language_is_one_attribute(results: ReportInput, html: str) -> None:
    english = build_report(results, lang="en")
    assert '<html lang="zh">' in html
    swapped = html.replace('<html lang="zh">', '<html lang="en">')
    assert swapped.replace("<title>私域会员报告", "<title>Member community report") == english


def test_an_unknown_language_is_refused(results: ReportInput) -> None:
    with pytest.raises(ParameterError, match="lang must be 'zh' or 'en', got 'de'"):
        build_report(results, lang="de")  # type: ignore[arg-type]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_names_from_data_make_no_tags_and_no_attributes(
    payload: str, results: ReportInput, outline: Outline
) -> None:
    attacked = Outline(build_report(poisoned_results(results, payload)))
    kinds = {tag for tag, _ in attacked.tags}
    assert kinds <= {tag for tag, _ in outline.tags}
    assert not [name for _, attrs in attacked.tags for name in attrs if name.startswith("on")]
    assert not [a for _, a in attacked.tags if "href" in a and not str(a["href"]).startswith("#")]
    scripts = [attrs for tag, attrs, _ in attacked.raw if tag == "script"]
    assert scripts == [attrs for tag, attrs, _ in outline.raw if tag == "script"]


def test_names_from_data_are_shown_as_they_are(results: ReportInput) -> None:
    payload = PAYLOADS[2]
    attacked = Outline(build_report(poisoned_results(results, payload)))
    assert payload in attacked.text


def test_names_from_data_are_no_markup_to_plotly(results: ReportInput) -> None:
    attacked = Outline(build_report(poisoned_results(results, '<a href="//x">')))
    assert "<a href" not in json.dumps(attacked.figures(), ensure_ascii=False)


def test_json_cannot_leave_its_block() -> None:
    text = json_inside_html({"a": "</script><!--&\u2028\u2029"})
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text) == {"a": "</script><!--&\u2028\u2029"}


def test_members_are_not_named_unless_asked(community: Community, html: str) -> None:
    ids = community.customers().to_pylist()
    packed = html.index('id="plotly"')
    assert not [i for i in ids if i in html[:packed]]


def test_members_are_named_when_asked(results: ReportInput) -> None:
    named = Outline(build_report(replace(results, names=True)))
    assert results.koc is not None
    assert results.koc["member_id"].iloc[0] in named.text


def test_a_key_gives_members_a_code_that_another_key_changes(results: ReportInput) -> None:
    codes = [
        re.findall(r"<code>([0-9a-f]{8})</code>", build_report(replace(results, id_key=key)))
        for key in ("one", "two")
    ]
    assert len(codes[0]) == len(codes[1]) == 30
    assert not set(codes[0]) & set(codes[1])


def test_the_same_input_gives_the_same_bytes(results: ReportInput, html: str) -> None:
    assert build_report(results) == html


def test_the_order_of_rows_changes_nothing(results: ReportInput, html: str) -> None:
    def mixed(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.sample(frac=1, random_state=3).reset_index(drop=True)

    parts = ("tags", "rfm", "koc", "ties", "communities", "recommendations")
    changed: dict[str, Any] = {name: mixed(getattr(results, name)) for name in parts}
    assert build_report(replace(results, **changed)) == html


def test_what_happens_later_changes_nothing(results: ReportInput, html: str) -> None:
    c = results.community
    assert c.orders is not None
    assert (c.orders["order_time"] > pd.Timestamp(T, tz="Asia/Shanghai")).any()
    assert build_report(replace(results, community=c.before(T))) == html


def test_what_was_skipped_is_named_with_the_reason(outline: Outline) -> None:
    assert "未做：experiments（没有实验分组表）" in outline.text
    assert "Skipped: experiments (there is no table of assignments)" in outline.text


def test_warnings_are_shown(outline: Outline) -> None:
    assert "52 order lines have no product" in outline.text


def test_pages_without_results_say_so(community: Community) -> None:
    members = community.arrow("members")
    bare = ReportInput(community=Community(members=members, tz=community.tz), as_of=T)
    text = Outline(build_report(bare, lang="en")).text
    for why in (
        "There is no table of tags",
        "There is no list of KOC",
        "There are no recommendations",
        "There are no orders",
    ):
        assert why in text


def test_a_community_of_nobody_makes_a_report() -> None:
    nobody = Community(
        orders=pd.DataFrame(
            {"member_id": [], "order_time": pd.to_datetime([]).tz_localize("UTC"), "amount": []}
        ).astype({"amount": float}),
        tz="UTC",
    )
    outline = Outline(build_report(ReportInput(community=nobody, as_of=T), lang="en"))
    notes = [
        figure["zh"]["layout"]["annotations"] for figure in outline.figures()["drawn"].values()
    ]
    assert [note[0]["text"] for note in notes] == ["没有足够的订单可画"] * 4


def test_tables_are_counted_before_the_moment(results: ReportInput, outline: Outline) -> None:
    known = results.community.before(T).arrow("orders")
    assert known is not None
    assert f"{known.num_rows:,}" in outline.text


def test_gmv_is_the_sum_of_amounts(results: ReportInput, outline: Outline) -> None:
    c = results.community.before(T)
    assert c.orders is not None
    customers = set(c.customers().to_pylist())
    mine = c.orders[c.orders["member_id"].isin(customers)]
    assert f"{mine['amount'].sum():,.0f}" in outline.text


def test_missing_columns_are_named_at_once(community: Community) -> None:
    tags, koc = pd.DataFrame({"stage": ["new"]}), pd.DataFrame({"member_id": ["m"]})
    with pytest.raises(ParameterError, match=r"tags\.member_id, koc\.rank, koc\.score"):
        ReportInput(community=community, as_of=T, tags=tags, koc=koc)


def test_importing_the_report_loads_neither_plotly_nor_jinja() -> None:
    code = (
        "import sys, siyu.report, siyu.report.figures, siyu.report.build;"
        "print([m for m in ('plotly', 'jinja2', 'sklearn', 'lightgbm') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_a_missing_extra_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "plotly.graph_objects", None)
    with pytest.raises(extras.MissingExtraError, match=re.escape('pip install "siyu[report]"')):
        extras.load("plotly.graph_objects")
