"""Every tag: what it says, what it needs, and what to do with it."""

import pyarrow as pa

from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.labels import WORDS

from .clock_catalogue import CLOCK_TAGS
from .deal_catalogue import DEAL_TAGS
from .message_catalogue import MESSAGE_TAGS
from .purchase_catalogue import PURCHASE_TAGS
from .reach_catalogue import REACH_TAGS
from .tag_entry import Tag
from .taste_catalogue import TASTE_TAGS
from .visit_catalogue import VISIT_TAGS

__all__ = ["CATALOGUE", "THEMES", "Tag", "tag_catalog"]

THEMES: dict[str, tuple[Tag, ...]] = {
    "buying": PURCHASE_TAGS,
    "deals": DEAL_TAGS,
    "taste": TASTE_TAGS,
    "timing": CLOCK_TAGS,
    "visits": VISIT_TAGS,
    "talk": MESSAGE_TAGS,
    "reach": REACH_TAGS,
}
"""The tags by what they are about; words for the themes: ``label``."""

CATALOGUE: tuple[Tag, ...] = tuple(tag for tags in THEMES.values() for tag in tags)
"""All tags, in the order of the columns of `tag`."""


def tag_catalog(output: FrameKind = "pandas") -> Frame:
    """List every tag that `tag` can give, with its meaning and what to do with it.

    Parameters
    ----------
    output : {"pandas", "polars", "pyarrow"}

    Returns
    -------
    frame, one row a tag, in the order of the columns of `tag`
        ``tag`` : column name; ``theme`` : what it is about, of `THEMES`; ``kind`` : code, flag,
        share, number, count, time or name; ``unit`` : of its values; ``needs`` :
        ``table.column`` of what it is made of; ``support`` : what its evidence is counted in;
        ``name_zh``, ``name_en``, ``definition_zh``, ``definition_en``, ``action_zh``,
        ``action_en`` : words.

    Examples
    --------
    >>> tag_catalog().loc[0, ["tag", "kind", "name_zh"]].tolist()
    ['stage', 'code', '生命周期阶段']
    """
    names = [WORDS["tag"][tag.tag] for tag in CATALOGUE]
    columns: dict[str, list[str]] = {
        "tag": [tag.tag for tag in CATALOGUE],
        "theme": [theme for theme, tags in THEMES.items() for _ in tags],
        "kind": [tag.kind for tag in CATALOGUE],
        "unit": [tag.unit for tag in CATALOGUE],
        "needs": [", ".join(tag.needs) for tag in CATALOGUE],
        "support": [tag.support for tag in CATALOGUE],
    }
    words = {
        "name": names,
        "definition": [tag.definition for tag in CATALOGUE],
        "action": [tag.action for tag in CATALOGUE],
    }
    for word, pairs in words.items():
        columns[f"{word}_zh"], columns[f"{word}_en"] = map(list, zip(*pairs, strict=True))
    return from_arrow(pa.table(columns), output)
