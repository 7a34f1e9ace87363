"""Words for codes, in Chinese and English: one plain table that every part adds to.

Tables carry codes, so that programs can rely on them; `label` puts words in their place for
people. `WORDS` holds, for each column that carries codes, every code with both its words.
"""

from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from .errors import ParameterError
from .frames import Frame, from_arrow, to_arrow
from .koc_words import KOC_WORDS
from .offer_words import OFFER_WORDS

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

_VALUE_BANDS: Words = {
    "low": ("低消费力", "low spend"),
    "middle": ("中消费力", "middle spend"),
    "high": ("高消费力", "high spend"),
}

_WEEKDAYS: Words = {
    "mon": ("周一", "Monday"),
    "tue": ("周二", "Tuesday"),
    "wed": ("周三", "Wednesday"),
    "thu": ("周四", "Thursday"),
    "fri": ("周五", "Friday"),
    "sat": ("周六", "Saturday"),
    "sun": ("周日", "Sunday"),
}

_SPEAKING: Words = {
    "core_speaker": ("核心发言", "core speaker"),
    "speaker": ("发言", "speaker"),
    "lurker": ("潜水", "lurker"),
    "outside": ("不在群", "in no group"),
}

_CHANGES: Words = {
    "entered": ("进入", "entered"),
    "left": ("离开", "left"),
    "changed": ("变更", "changed"),
}

_TAGS: Words = {
    "stage": ("生命周期阶段", "lifecycle stage"),
    "purchase_rhythm_days": ("购买节奏", "own rhythm"),
    "next_due": ("预计下次购买", "next purchase due"),
    "rfm_class": ("RFM 类别", "RFM class"),
    "purchase_value": ("单日消费额", "spend a purchase day"),
    "value_band": ("消费力", "spending band"),
    "basket_size": ("客单件数", "basket size"),
    "stock_up": ("囤货倾向", "stocking up"),
    "discount_share": ("折扣占比", "bought at a discount"),
    "coupon_share": ("用券占比", "bought with a coupon"),
    "refund_share": ("退款率", "refunded"),
    "favourite_category": ("偏好品类", "favourite category"),
    "favourite_category_share": ("偏好强度", "taste for it"),
    "favourite_channel": ("偏好渠道", "favourite channel"),
    "favourite_store": ("常去门店", "favourite store"),
    "member_day_habit": ("会员日习惯", "member-day habit"),
    "active_hour": ("活跃时段", "active hour"),
    "active_weekday": ("活跃星期", "active weekday"),
    "night_share": ("夜间占比", "night share"),
    "night_owl": ("夜猫子", "night owl"),
    "speaking": ("群内角色", "voice in groups"),
    "n_shares": ("分享次数", "shares"),
    "n_invited": ("邀请人数", "members invited"),
    "days_inactive": ("静默天数", "days inactive"),
    "zombie": ("僵尸会员", "zombie"),
}

_TAG_VALUES: Words = {
    "true": ("是", "yes"),
    "false": ("否", "no"),
    **_RFM_CLASSES,
    **_STAGES,
    **_VALUE_BANDS,
    **_WEEKDAYS,
    **_SPEAKING,
}

WORDS: dict[str, Words] = {
    "stage": _STAGES,
    "rfm_class": _RFM_CLASSES,
    "value_band": _VALUE_BANDS,
    "active_weekday": _WEEKDAYS,
    "speaking": _SPEAKING,
    "tag": _TAGS,
    "before": _TAG_VALUES,
    "after": _TAG_VALUES,
    "change": _CHANGES,
    **KOC_WORDS,
    **OFFER_WORDS,
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
        A value that is no known code (a store's name) stays as it is, and so do nulls.

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
