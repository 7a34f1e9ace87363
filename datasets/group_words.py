"""Words for the codes of chat groups: column -> code -> (Chinese, English)."""

__all__ = ["GROUP_WORDS"]

GROUP_WORDS: dict[str, dict[str, tuple[str, str]]] = {
    "state": {
        "new": ("新群", "new"),
        "growing": ("成长群", "growing"),
        "stable": ("稳定群", "stable"),
        "dying": ("衰退群", "dying"),
        "dead": ("死群", "dead"),
    },
    "because": {
        "silent": ("多半不会再有人说话", "hardly anybody will speak again"),
        "began_lately": ("建群不足28天", "began less than 28 days ago"),
        "talk_falls": ("发言明显减少", "talk falls clearly"),
        "may_fall_silent": ("可能沉寂", "may fall silent"),
        "members_leave": ("退群人数多", "many members leave"),
        "members_join": ("入群人数多", "many members join"),
        "little_changes": ("变化不大", "little changes"),
    },
}
"""The words that `siyu.datasets.label` puts in the place of codes."""
