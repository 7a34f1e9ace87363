"""Words for clusters and segment profiles: column -> code -> (Chinese, English)."""

__all__ = ["CLUSTER_PHRASES", "CLUSTER_WORDS"]

CLUSTER_WORDS: dict[str, dict[str, tuple[str, str]]] = {
    "statistic": {
        "mean": ("均值", "mean"),
        "share": ("占比", "share"),
    },
    "scaling": {
        "number": ("数值", "number"),
        "lumpy": ("取值集中的数值", "number of few values"),
        "flag": ("是否", "flag"),
        "code": ("类别", "code"),
    },
    "dropped_because": {
        "constant": ("取值都相同", "all the same"),
        "no_values": ("全部未知", "all unknown"),
        "too_many_unknown": ("未知过多", "too many unknown"),
        "too_many_values": ("取值过于分散", "no value is held by many"),
        "time": ("时间，请改为天数", "a time; give days instead"),
        "no_tag": ("不是数值、是否或类别", "neither number, flag nor code"),
    },
    "cluster_measure": {
        "overdue_ratio": ("逾期倍数", "overdue ratio"),
        "expected_gap": ("预期间隔", "expected gap"),
        "cluster": ("分群", "cluster"),
    },
}
"""The words that `siyu.datasets.label` puts in the place of codes."""

CLUSTER_PHRASES: dict[str, tuple[str, str]] = {
    "higher": ("{name}高", "{name}: high"),
    "lower": ("{name}低", "{name}: low"),
    "mostly": ("{name}多为{value}", "{name}: mostly {value}"),
    "more": ("{name}偏{value}", "{name}: more often {value}"),
    "fewer": ("{name}少见{value}", "{name}: seldom {value}"),
    "many": ("{name}多", "{name}: many"),
    "few": ("{name}少", "{name}: few"),
    "mean": ("{name}均值 {inside}，其余 {outside}", "{name}: mean {inside}, others {outside}"),
    "flag_share": (
        "{name} {inside}，其余 {outside}",
        "{name}: {inside}, others {outside}",
    ),
    "code_share": (
        "{name}为{value} {inside}，其余 {outside}",
        "{name} {value}: {inside}, others {outside}",
    ),
    "between": ("、", "; "),
    "then": ("；", "; "),
    "and": (" 且 ", " and "),
    "at_least": ("{name} ≥ {value}", "{name} ≥ {value}"),
    "below": ("{name} < {value}", "{name} < {value}"),
    "is": ("{name}为{value}", "{name} is {value}"),
    "is_not": ("{name}不为{value}", "{name} is not {value}"),
    "none": ("未发现稳定分群", "no clusters found"),
    "ordinary": ("与其余会员无明显差异", "much like all others"),
    "other": ("其他", "other"),
}
"""Phrases to fill, that names and rules of clusters are made of."""
