"""Words for why stages and tags change, and why to win a member back."""

__all__ = ["CHANGE_REASON_WORDS", "WIN_BACK_WORDS"]

Words = dict[str, tuple[str, str]]

CHANGE_REASON_WORDS: Words = {
    "joined": ("新加入", "joined"),
    "no_longer_listed": ("已不在名单", "no longer listed"),
    "first_visit": ("首次到访", "came for the first time"),
    "visited": ("再次到访", "came again"),
    "returned": ("流失后回来", "returned after having churned"),
    "woke": ("沉睡后回来", "came back from silence"),
    "fell_silent": ("超出自己的节奏未到访", "silent beyond the own rhythm"),
    "still_silent": ("一直未到访", "the silence goes on"),
    "rhythm_relearned": ("期间未到访，节奏估计有更新", "did not come; the rhythm was learned anew"),
    "measure_rose": ("指标上升", "its measure rose"),
    "measure_fell": ("指标下降", "its measure fell"),
    "measured_first": ("首次有数据", "its measure is known now"),
    "measure_lost": ("数据已缺失", "its measure is no longer known"),
    "others_moved": ("自身未变，门槛随全体变动", "the member is unchanged, the limit moved"),
}
"""Codes of ``reason`` in `siyu.segmentation.tag_changes` -> (Chinese, English)."""

WIN_BACK_WORDS: Words = {
    "newly_churned": ("刚流失", "churned lately"),
    "newly_dormant": ("刚沉睡", "dormant lately"),
    "was_loyal": ("曾是成熟会员", "was loyal"),
    "was_won_back": ("曾被召回", "was won back before"),
    "high_spend": ("单次消费高", "spends much a visit"),
    "came_often": ("来得勤", "came often"),
    "no_return_alone": ("自己回来的可能性低", "hardly comes back unasked"),
}
"""Codes of ``reasons`` in `siyu.segmentation.win_back` -> (Chinese, English)."""
