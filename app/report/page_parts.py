"""What a page is made of: cards that hold facts, figures, tables and notes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from .wording import Text

__all__ = [
    "Card",
    "Cell",
    "Fact",
    "Facts",
    "Figure",
    "Note",
    "Page",
    "Part",
    "Table",
    "Tone",
    "absent",
    "drawn",
    "figure_card",
]

Tone = Literal["plain", "small", "good", "warn", "skip"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: what is read, what it is sorted by, and a share drawn as a small bar."""

    text: str | Text
    order: float | None = None
    bar: float | None = None
    code: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under named columns; `numeric` columns stand to the right."""

    columns: tuple[Text, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numeric: tuple[int, ...] = ()
    note: Text | None = None
    kind: str = "table"


@dataclass(frozen=True, slots=True)
class Fact:
    """One number worth a large print."""

    label: Text
    value: str | Text
    note: Text | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """A row of large numbers."""

    facts: tuple[Fact, ...]
    kind: str = "facts"


@dataclass(frozen=True, slots=True)
class Note:
    """A line of text: plain, good news, a warning, or why something is absent."""

    text: Text
    tone: Tone = "plain"
    kind: str = "note"


@dataclass(frozen=True, slots=True, eq=False)
class Figure:
    """A plotly figure in both languages; `text` says in a sentence what it shows."""

    key: str
    zh: Any
    en: Any
    title: Text
    text: Text
    height: int
    kind: str = "figure"


Part = Table | Facts | Note | Figure


@dataclass(frozen=True, slots=True, eq=False)
class Card:
    """A titled box of a page."""

    title: Text
    parts: tuple[Part, ...]
    wide: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """One page of the report."""

    key: str
    title: Text
    lead: Text
    cards: tuple[Card, ...] = field(default=())


def drawn(key: str, draw: Callable[..., Any], text: Text) -> Figure:
    """Draw a figure in both languages; `text` says in a sentence what it shows."""
    zh, en = draw(lang="zh"), draw(lang="en")
    title = Text(zh.layout.title.text, en.layout.title.text)
    return Figure(key, zh, en, title, text, int(zh.layout.height))


def figure_card(figure: Figure, *more: Part, wide: bool = True) -> Card:
    """Make a card that bears the title of its figure."""
    return Card(figure.title, (figure, *more), wide)


def absent(why: Text) -> tuple[Card, ...]:
    """Make the one card of a page whose step was not done."""
    return (Card(Text("未做", "Not done"), (Note(why, "skip"),)),)
