"""Words for codes, in Chinese and English: one plain table that every part adds to.

Tables carry codes, so that programs can rely on them; `label` puts words in their place for
people. `WORDS` holds, for each column that carries codes, every code with both its words.
"""

from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from .cluster_words import CLUSTER_WORDS
from .community_words import COMMUNITY_WORDS
from .coupon_words import COUPON_WORDS
from .errors import ParameterError
from .fission_words import FISSION_WORDS
from .frames import Frame, from_arrow, to_arrow
from .gate_words import GATE_WORDS
from .group_words import GROUP_WORDS
from .journey_words import JOURNEY_WORDS
from .koc_words import KOC_WORDS
from .learned_koc_words import LEARNED_KOC_WORDS
from .lifecycle_words import CHANGE_REASON_WORDS, WIN_BACK_WORDS
from .offer_words import OFFER_WORDS
from .referral_words import REFERRAL_WORDS
from .rule_words import RULE_WORDS
from .seed_words import SEED_WORDS
from .social_tag_words import SOCIAL_CODES, SOCIAL_NAMES, SOCIAL_UNITS
from .tag_words import SUPPORT_LEVELS, SUPPORT_UNITS, TAG_CODES, TAG_NAMES, TAG_THEMES

__all__ = ["WORDS", "Lang", "label", "words_of"]

Lang = Literal["zh", "en"]
Words = dict[str, tuple[str, str]]

_STAGES: Words = {
    "prospect": ("潜客", "prospect"),
    "new": ("新客", "new"),
    "growing": ("成长", "growing"),
    "loyal": ("成熟", "loyal"),
    "dormant": ("沉睡", "dormant"),
    "churned": ("流失", "churned"),
    "won_back": ("回流", "won back"),
}

_RFM_CLASSES: Words = {
    "key_value": ("重要价值", "key, value"),
    "key_develop": ("重要发展", "key, develop"),
    "key_keep": ("重要保持", "key, keep"),
    "key_retain": ("重要挽留", "key, retain"),
    "common_value": ("一般价值", "common, value"),
    "common_develop": ("一般发展", "common, develop"),
    "common_keep": ("一般保持", "common, keep"),
    "common_retain": ("一般挽留", "common, retain"),
    "champions": ("冠军客户", "champions"),
    "loyal": ("忠诚客户", "loyal"),
    "potential_loyalist": ("潜在忠诚", "potential loyalists"),
    "new_customers": ("新客户", "new customers"),
    "promising": ("有望客户", "promising"),
    "need_attention": ("需要关注", "need attention"),
    "about_to_sleep": ("即将沉睡", "about to sleep"),
    "at_risk": ("流失预警", "at risk"),
    "cannot_lose": ("不能流失", "cannot lose them"),
    "hibernating": ("休眠客户", "hibernating"),
    "lost": ("已流失", "lost"),
    "no_purchase": ("未购买", "no purchase"),
}

_CHANGES: Words = {
    "entered": ("进入", "entered"),
    "left": ("离开", "left"),
    "changed": ("变更", "changed"),
}

_TAG_VALUES: Words = {
    "true": ("是", "yes"),
    "false": ("否", "no"),
    **_RFM_CLASSES,
    **_STAGES,
    **{code: both for codes in (TAG_CODES | SOCIAL_CODES).values() for code, both in codes.items()},
}

WORDS: dict[str, Words] = {
    "stage": _STAGES,
    "stage_before": _STAGES,
    "stage_after": _STAGES,
    "next_stage": _STAGES,
    "rfm_class": _RFM_CLASSES,
    **TAG_CODES,
    **SOCIAL_CODES,
    "tag": TAG_NAMES | SOCIAL_NAMES,
    "support_unit": SUPPORT_UNITS | SOCIAL_UNITS,
    "level": SUPPORT_LEVELS,
    "theme": TAG_THEMES,
    "value": _TAG_VALUES,
    "before": _TAG_VALUES,
    "after": _TAG_VALUES,
    "change": _CHANGES,
    **FISSION_WORDS,
    **GATE_WORDS,
    **JOURNEY_WORDS,
    **KOC_WORDS,
    **LEARNED_KOC_WORDS,
    **OFFER_WORDS,
    **REFERRAL_WORDS,
    **RULE_WORDS,
    **SEED_WORDS,
    **CLUSTER_WORDS,
    **COMMUNITY_WORDS,
    **GROUP_WORDS,
    "family": OFFER_WORDS["family"] | COUPON_WORDS["family"],
    "reason": OFFER_WORDS["reason"] | CHANGE_REASON_WORDS,
    "reasons": KOC_WORDS["reasons"] | LEARNED_KOC_WORDS["reasons"] | WIN_BACK_WORDS,
}
"""Column -> code -> (Chinese, English)."""


def label(frame: Frame, lang: Lang = "zh") -> Frame:
    """Put words in the place of codes, in every column that `WORDS` knows.

    Parameters
    ----------
    frame : frame
        Columns keep their names. Columns may hold one code or a list of codes a row.
    lang : {"zh", "en"}

    Returns
    -------
    frame like `frame`
        A value that is no known code (a store's name) stays as it is, and so do nulls. Rows
        keep their order; a pandas index starts anew from 0.

    Raises
    ------
    ParameterError
        If `lang` is unknown.

    Examples
    --------
    >>> import pandas as pd
    >>> label(pd.DataFrame({"member_id": [1, 2], "stage": ["new", "dormant"]}))
       member_id stage
    0          1    新客
    1          2    沉睡
    """
    if lang not in ("zh", "en"):
        raise ParameterError("lang", f"lang must be 'zh' or 'en', got {lang!r}")
    table, kind = to_arrow(frame)
    for position, name in enumerate(table.column_names):
        if name in WORDS:
            words = words_of(name, lang)
            chunks = [_put_words(chunk, words) for chunk in table[name].chunks]
            values = pa.chunked_array(chunks, None if chunks else pa.string())
            table = table.set_column(position, name, values)
    return from_arrow(table, kind)


def words_of(column: str, lang: Lang = "zh") -> dict[str, str]:
    """Give the words of every code of a column; empty for a column without codes.

    Examples
    --------
    >>> words_of("stage", "zh")["won_back"]
    '回流'
    """
    return {code: both[lang == "en"] for code, both in WORDS.get(column, {}).items()}


def _put_words(values: pa.Array, words: dict[str, str]) -> pa.Array:
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    kind = values.type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        inner = _put_words(values.flatten(), words)  # the flat list leaves null lists out
        ends = pc.cumulative_sum(pc.list_value_length(values).fill_null(0))
        offsets = pa.concat_arrays([pa.array([0], ends.type), ends])
        build = pa.ListArray if pa.types.is_list(kind) else pa.LargeListArray
        return build.from_arrays(offsets, inner, mask=values.is_null())
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        return values
    coded = values.dictionary_encode()
    spoken = [words.get(code, code) for code in coded.dictionary.to_pylist()]
    return pa.array(spoken, kind).take(coded.indices)
