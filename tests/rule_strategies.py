"""Random rule sets, as a brand might write them."""

from typing import Any

from hypothesis import strategies as st

STAGES = ("prospect", "new", "growing", "loyal", "dormant", "churned", "won_back")
WINDOWS: tuple[dict[str, Any], ...] = (
    {},
    {"past": "30D"},
    {"past": "300h"},
    {"past": "26W"},
    {"ago": ["60D", "30D"]},
    {"ago": ["90D", "0D"]},
)
_BOUGHT = (
    "frequency",
    "monetary",
    "purchase_days",
    "orders",
    "purchase_lines",
    "units",
    "spend",
    "refunds",
    "refund_lines",
    "products",
    "categories",
)
_LINE_FILTERS: tuple[dict[str, Any], ...] = (
    {},
    {},
    {"category": "tea"},
    {"category": ["tea", "nuts"], "product": 4},
    {"product": [1, "2", 3]},
)
_NUMBERS = st.sampled_from([-5, 0, 1, 2, 3, 5, 10, 20.5, 45, 100])
_ORDERED = st.one_of(
    st.builds(
        lambda key, x: {key: x}, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), _NUMBERS
    ),
    st.builds(
        lambda key, xs: {key: sorted(set(xs))},
        st.sampled_from(["in", "not_in"]),
        st.lists(_NUMBERS, min_size=1, max_size=3),
    ),
    st.builds(lambda x, y: {"between": sorted([x, y])}, _NUMBERS, _NUMBERS),
    st.builds(lambda x, y: {">": x, "<=": y}, _NUMBERS, _NUMBERS),
    st.builds(lambda flag: {"is_null": flag}, st.booleans()),
)


def _words(words: tuple[str, ...], parts: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    word = st.sampled_from(words)
    return st.one_of(
        st.builds(lambda key, x: {key: x}, st.sampled_from(["==", "!="]), word),
        st.builds(
            lambda key, xs: {key: xs},
            st.sampled_from(["in", "not_in"]),
            st.lists(word, min_size=1, max_size=3, unique=True),
        ),
        st.builds(lambda x: {"contains": x}, st.sampled_from(parts)),
        st.builds(lambda flag: {"is_null": flag}, st.booleans()),
    )


_FLAG = st.one_of(
    st.builds(lambda key, x: {key: x}, st.sampled_from(["==", "!="]), st.booleans()),
    st.builds(lambda flag: {"is_null": flag}, st.booleans()),
)


_MOMENTS = st.sampled_from(["-90D", "-7D", "0D", "+36h", "+2W", "2026-02-20", "2026-03-05 12:30"])
_TIMES = st.one_of(
    st.builds(lambda key, x: {key: x}, st.sampled_from(["<", "<=", ">", ">="]), _MOMENTS),
    st.just({"between": ["-30D", "+7D"]}),
    st.just({"between": ["2026-02-01", "2026-03-05"]}),
    st.builds(lambda flag: {"is_null": flag}, st.booleans()),
)


def _named(*names: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(lambda name: {"measure": name}, st.sampled_from(names))


def _joined(*parts: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(lambda *ds: {k: v for d in ds for k, v in d.items()}, *parts)


def leaves() -> st.SearchStrategy[dict[str, Any]]:
    """Draw comparisons of everything that `rule_community` and its tags hold."""
    windows, filters = st.sampled_from(WINDOWS), st.sampled_from(_LINE_FILTERS)
    event_filters: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
        [{}, {"event": "view"}, {"event": ["share", "visit"]}]
    )
    groups: st.SearchStrategy[dict[str, Any]] = st.sampled_from([{}, {"group": 2}])
    return st.one_of(
        _joined(_named(*_BOUGHT), windows, filters, _ORDERED),
        _joined(_named("recency"), filters, _ORDERED),
        _joined(_named("events", "event_days"), windows, event_filters, _ORDERED),
        _joined(_named("shares", "sends", "opens", "invitees"), windows, _ORDERED),
        _joined(_named("messages", "message_days"), windows, groups, _ORDERED),
        _joined(_named("age", "purchase_value", "n_shares", "members.points"), _ORDERED),
        _joined(_named("stage"), _words(STAGES, ("o", "dormant"))),
        _joined(_named("region", "members.city"), _words(("north", "south"), ("th", "no"))),
        _joined(_named("night_owl", "members.vip"), _FLAG),
        _joined(_named("next_due"), _TIMES),
    )


def conditions() -> st.SearchStrategy[dict[str, Any]]:
    """Draw conditions, nested up to a few levels."""
    return st.recursive(leaves(), nested, max_leaves=6)


def nested(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Join conditions by all, any and not."""
    several = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        st.builds(lambda parts: {"all": parts}, several),
        st.builds(lambda parts: {"any": parts}, several),
        st.builds(lambda part: {"not": part}, inner),
    )


@st.composite
def rule_sets(
    draw: st.DrawFn, whens: st.SearchStrategy[dict[str, Any]] | None = None
) -> dict[str, Any]:
    """Draw a rule set of one to three tags; the later may ask for the first."""
    whens = conditions() if whens is None else whens
    tags: dict[str, Any] = {}
    for name in ("first", "second", "third")[: draw(st.integers(1, 3))]:
        own = whens
        if tags:
            codes = [value["value"] for value in tags["first"]["values"]]
            own = st.one_of(
                whens, st.just({"measure": "first", "in": codes}), st.just(_is_null("first"))
            )
        n = draw(st.integers(1, 3))
        tags[name] = {
            "label": {"zh": f"标签{name}", "en": name},
            "values": [{"value": f"v{i}", "when": draw(own)} for i in range(n)],
        }
        if draw(st.booleans()):
            tags[name]["otherwise"] = {"value": "rest", "label": {"zh": "其他", "en": "the rest"}}
        if draw(st.booleans()):
            tags[name]["unknown"] = "not_known"
    return {"version": 1, "tags": tags}


def _is_null(name: str) -> dict[str, Any]:
    return {"measure": name, "is_null": True}
