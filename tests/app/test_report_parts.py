"""What stands behind the pages: weeks, places in the network, verdicts on the ranking."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from siyu.datasets.community import Community
from siyu.datasets.errors import DataError
from siyu.report.advice import ADVICE, CLASS_ORDER, STAGE_COLOURS, STAGE_ORDER, code_words
from siyu.report.evidence import Evidence
from siyu.report.koc_page import koc_page
from siyu.report.member_places import Network, places, shown_members
from siyu.report.method_page import method_page
from siyu.report.offers_page import offers_page
from siyu.report.overview import overview_page
from siyu.report.page_parts import Note, Table
from siyu.report.ranking_quality import ranking_qualities
from siyu.report.report_input import ReportInput
from siyu.report.segments import segments_page
from siyu.report.shopping import Shopping
from siyu.report.wording import Text, amount, share, text_of
from siyu.segmentation import tag_catalog
from siyu.segmentation.rfm_codes import CN8, NAMED11
from siyu.segmentation.stages import STAGES

T = "2026-03-02"


def shopping() -> Shopping:
    """A buys on three days, once for nothing; B buys two lines at one moment and returns one."""
    rows = [
        ("a", "2026-02-16 09:00", 10.0, 1),
        ("a", "2026-02-20 09:00", 0.0, 1),
        ("a", "2026-03-01 23:59", 30.0, 2),
        ("b", "2026-02-23 08:00", 5.0, 1),
        ("b", "2026-02-23 08:00", 5.0, 1),
        ("b", "2026-02-25 08:00", -5.0, -1),
        ("a", "2026-03-02 00:00", 99.0, 1),
    ]
    frame = pd.DataFrame(rows, columns=["member_id", "order_time", "amount", "quantity"])
    frame["order_time"] = pd.to_datetime(frame["order_time"])
    return Shopping.of(frame, T, tz="Asia/Shanghai")


def network(seed: int = 0) -> Network:
    """Four communities of 30, 20, 10 and 3, tied inside; member 0 is tied to all of them."""
    community = np.repeat([0, 1, 2, 3], [30, 20, 10, 3])
    rng = np.random.default_rng(seed)
    first, second = np.triu_indices(63, 1)
    tied = (community[first] == community[second]) | ((first == 0) & (second % 5 == 0))
    weight = rng.random(int(tied.sum()))
    return Network(first[tied], second[tied], weight, community, np.array([0, 35]))


def test_refunds_lower_sales_and_are_no_purchase() -> None:
    assert shopping().sales() == 45.0
    assert shopping().days().tolist() == [3, 1]


def test_lines_at_one_instant_are_one_order() -> None:
    weekday, hour = shopping().visits()
    assert sorted(zip(weekday.tolist(), hour.tolist(), strict=True)) == [
        (0, 8),
        (0, 9),
        (4, 9),
        (6, 23),
    ]


def test_weeks_are_whole_and_end_at_the_moment() -> None:
    weeks = shopping().weeks()
    assert weeks.first_day.astype(str).tolist() == ["2026-02-16", "2026-02-23"]
    assert weeks.sales.tolist() == [10.0, 35.0]
    assert weeks.orders.tolist() == [2, 2]
    assert weeks.buyers.tolist() == [1, 2]


def test_gaps_are_days_between_purchase_days() -> None:
    assert sorted(shopping().gaps()) == [4.0, 9.0]


def test_a_community_without_orders_cannot_be_drawn() -> None:
    with pytest.raises(DataError, match="needs the table orders"):
        Shopping.of(Community(members=pd.DataFrame({"member_id": ["a"]})), T)


def test_discs_never_overlap() -> None:
    whole = network()
    x, y, disc = places(
        Network(*(whole.first, whole.second, whole.weight), whole.community, whole.koc[:0])
    )
    centre = np.stack([[x[disc == d].mean(), y[disc == d].mean()] for d in np.unique(disc)])
    reach = np.array(
        [
            np.hypot(x[disc == d] - centre[d, 0], y[disc == d] - centre[d, 1]).max()
            for d in np.unique(disc)
        ]
    )
    apart = np.hypot(*(centre[:, None] - centre).transpose(2, 0, 1))
    others = ~np.eye(len(centre), dtype=bool)
    assert (apart[others] > (reach[:, None] + reach)[others]).all()


def test_a_koc_stands_between_the_communities_it_is_tied_with() -> None:
    # Member 0 of the first 20 is tied to everybody, also to the other 20.
    first, second = np.triu_indices(40, 1)
    tied = (first < 20) == (second < 20)
    tied |= first == 0
    community = np.repeat([0, 1], 20)
    weight = np.ones(int(tied.sum()))
    x, y, _ = places(Network(first[tied], second[tied], weight, community, np.array([0])))
    home, other = (
        np.array([x[1:20].mean(), y[1:20].mean()]),
        np.array([x[20:].mean(), y[20:].mean()]),
    )
    way = (np.array([x[0], y[0]]) - home) @ (other - home) / ((other - home) @ (other - home))
    assert 0.15 < way < 0.5


def test_koc_never_hide_each_other() -> None:
    whole = network()
    crowded = Network(*(whole.first, whole.second, whole.weight), whole.community, np.arange(8))
    x, y, _ = places(crowded)
    apart = np.hypot(x[:8, None] - x[:8], y[:8, None] - y[:8])
    assert apart[~np.eye(8, dtype=bool)].min() > 0.03 * np.ptp(x)


def test_small_communities_share_a_disc() -> None:
    _, _, disc = places(network())
    assert np.unique(disc).tolist() == [0, 1, 2, 3]
    assert (disc[60:] == 3).all()


def test_koc_and_their_friends_are_shown_first_then_the_biggest_community() -> None:
    whole = network()
    shown = shown_members(whole, 50)
    friends = {0, 35, *range(1, 30), *range(30, 50)}
    assert set(shown.tolist()) & {0, 35} == {0, 35}
    assert len(shown) == 50
    assert len(friends - set(shown.tolist())) <= 12
    assert shown_members(whole, 1_000).tolist() == list(range(63))


def test_a_network_of_nobody_has_no_places() -> None:
    none = np.array([], dtype=np.int64)
    x, y, disc = places(Network(none, none, np.array([]), none, none))
    assert len(x) == len(y) == len(disc) == 0


def test_a_recommenders_own_validation_is_read() -> None:
    frame = pd.DataFrame(
        {
            "list": ["all", "new"],
            "n_members": [386, 287],
            "model": [0.37, 0.18],
            "fallback": [0.36, 0.11],
            "difference": [0.01, 0.07],
            "low": [-0.01, 0.04],
            "high": [0.03, 0.1],
        }
    )
    every, fresh = ranking_qualities(frame)
    assert every.ahead() == (0.01, -0.01, 0.03)
    assert fresh.ahead() == (0.07, 0.04, 0.1)
    assert fresh.title().en == "Quality of the ranking: products new to the member"


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ((0.5, 0.45, 0.55), "its whole interval above 0"),
        ((0.32, 0.25, 0.39), "cannot be told apart"),
        ((0.1, 0.05, 0.15), "use the simple method"),
    ],
)
def test_the_verdict_follows_the_intervals(model: tuple[float, float, float], words: str) -> None:
    offers = pd.DataFrame(
        {
            "member_id": ["a"],
            "rank": [1],
            "product_id": ["p"],
            "score": [0.1],
            "probability": [0.1],
            "source": ["model"],
        }
    )
    given = ReportInput(
        community=Community(members=pd.DataFrame({"member_id": ["a"]})),
        as_of=T,
        recommendations=offers,
        validation={"model": model, "popularity": (0.3, 0.25, 0.35)},
    )
    quality = offers_page(Evidence.of(given)).cards[0]
    (note,) = (part for part in quality.parts if isinstance(part, Note))
    assert words in note.text.en


def test_every_stage_and_class_has_words_a_place_and_advice() -> None:
    assert set(STAGE_ORDER) == set(STAGE_COLOURS) == set(ADVICE["stage"]) == set(STAGES)
    classes = {*CN8.values(), *NAMED11.values()}
    assert set(CLASS_ORDER) == set(ADVICE["rfm_class"]) == classes
    assert all(code_words("rfm_class", code).zh != code for code in classes)


def test_the_catalogue_gives_what_tag_cards_read() -> None:
    names = pa.Table.from_pandas(tag_catalog()).column_names
    words = [f"{what}_{lang}" for what in ("name", "definition", "action") for lang in ("zh", "en")]
    assert {"tag", "kind", "unit", *words} <= set(names)


def test_numbers_are_written_for_people() -> None:
    assert [amount(v) for v in (0, 3.14159, 123.45, 98765.4)] == ["0", "3.14", "123.5", "98,765"]
    assert share(float("nan")) == "–"


def test_words_may_come_as_text_pair_or_mapping() -> None:
    assert [text_of(v).en for v in ("x", ("中", "en"), {"zh": "中", "en": "e"})] == ["x", "en", "e"]


def events_only() -> Community:
    times = pd.date_range("2026-01-01", periods=40, freq="D", tz="UTC")
    frame = pd.DataFrame({"member_id": np.arange(40) % 20, "event_time": times, "event": "rate"})
    return Community(events=frame, tz="UTC", observed={"events": ("2026-01-01", "2026-02-10")})


def text_of_pages(given: ReportInput) -> str:
    pages = [overview_page, segments_page, koc_page, method_page]
    return repr([page(Evidence.of(given)) for page in pages])


def test_without_orders_the_report_tells_of_events() -> None:
    tags = pd.DataFrame({"member_id": range(20), "stage": ["new"] * 20})
    text = text_of_pages(ReportInput(community=events_only(), as_of="2026-03-01", tags=tags))
    assert "40 events" in text
    assert "There are no orders: stages follow acts" in text


def test_the_recorded_span_is_told_in_local_days() -> None:
    text = text_of_pages(ReportInput(community=events_only(), as_of="2026-03-01"))
    assert "2026-01-01 – 2026-02-09" in text


def test_a_list_of_koc_without_anybody_or_ties_says_so() -> None:
    nobody = pd.DataFrame(
        {
            "member_id": [1],
            "rank": pd.array([None], dtype="Int64"),
            "score": [np.nan],
            "excluded_because": ["staff"],
        }
    )
    text = text_of_pages(ReportInput(community=events_only(), as_of="2026-03-01", koc=nobody))
    assert "No member made the list" in text
    assert "There are no ties" in text


def test_a_koc_held_below_the_core_is_shown_with_tier_confidence_and_why() -> None:
    listed = pd.DataFrame(
        {
            "member_id": [1],
            "rank": pd.array([1], dtype="Int64"),
            "score": [0.625],
            "tier": ["rising"],
            "confidence": [0.875],
            "reasons": [["listened_to"]],
            "held_back_because": ["no_purchases"],
        }
    )
    given = ReportInput(community=events_only(), as_of="2026-03-01", koc=listed)
    text = text_of_pages(given)
    assert "Is listened to (but: No own purchase in the last year)" in text
    assert "潜力" in text
    assert "0.875" in text


def test_own_tags_and_stages_appear_under_their_own_names() -> None:
    tags = pd.DataFrame({"member_id": range(20), "stage": ["vip"] * 20, "my_tag": ["x"] * 20})
    text = text_of_pages(ReportInput(community=events_only(), as_of="2026-03-01", tags=tags))
    assert "vip" in text
    assert "my_tag" in text


def tag_tables(tags: pd.DataFrame) -> list[Table]:
    given = ReportInput(community=events_only(), as_of="2026-03-01", tags=tags)
    parts = [part for card in segments_page(Evidence.of(given)).cards for part in card.parts]
    return [part for part in parts if isinstance(part, Table)]


def test_a_tag_lists_its_five_largest_values() -> None:
    tags = pd.DataFrame({"member_id": range(200), "city": [f"c{i % 10}" for i in range(200)]})
    (table,) = tag_tables(tags)
    (row,) = table.rows
    assert isinstance(row[2].text, Text)
    assert row[2].text.en == "c0 10.0%, c1 10.0%, c2 10.0%, c3 10.0%, c4 10.0%, 5 more"


def test_few_bearers_of_a_tag_are_not_counted_out() -> None:
    tags = pd.DataFrame({"member_id": range(200), "night_owl": [i < 3 for i in range(200)]})
    (table,) = tag_tables(tags)
    assert isinstance(table.rows[0][2].text, Text)
    assert "<10" in table.rows[0][2].text.en
    assert "98.5" not in table.rows[0][2].text.en
    assert table.note is not None


def test_those_of_whom_a_tag_is_unknown_do_not_give_away_the_few() -> None:
    bears = [True] * 3 + [False] * 137 + [None] * 60
    tags = pd.DataFrame({"member_id": range(200), "night_owl": pd.array(bears, "boolean")})
    (table,) = tag_tables(tags)
    assert isinstance(table.rows[0][2].text, Text)
    assert table.rows[0][2].text.en == "No 68.5%, Yes <10, Unknown ≥10"


def test_tags_of_one_theme_share_a_card() -> None:
    tags = pd.DataFrame({"member_id": range(60), "night_owl": True, "weekend_share": 0.5})
    counted, measured = tag_tables(tags)
    assert [len(counted.rows), len(measured.rows)] == [1, 1]
