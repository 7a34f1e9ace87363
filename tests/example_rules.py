"""A rule set as a brand might write it, and the smallest one there is."""

from typing import Any

from siyu.segmentation.rules.rule_set import as_rules

RULES = as_rules(
    """
version: 1
tags:
  worth:
    label: {zh: 价值, en: worth}
    values:
      - value: high
        label: {zh: 高, en: high}
        when:
          any:
            - {measure: spend, past: 90D, ">=": 60}
            - {measure: orders, past: 60D, category: [tea, nuts], ">=": 2}
      - value: low
        label: {zh: 低, en: low}
        when: {measure: frequency, ">=": 1}
    otherwise: {value: none, label: {zh: 无, en: none}}
  social:
    label: {zh: 社交, en: social}
    values:
      - value: sharer
        label: {zh: 爱分享, en: sharer}
        when:
          any:
            - {measure: shares, ago: [120D, 10D], ">": 1}
            - {measure: invitees, ">": 0}
      - value: talker
        label: {zh: 爱说话, en: talker}
        when:
          all:
            - {measure: messages, past: 12W, ">=": 2}
            - {measure: opens, past: 90D, "<": 9}
            - not: {measure: worth, "==": none}
"""
)


def one_tag(when: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Make a rule set of one tag with one value, ``a``."""
    return {"version": 1, "tags": {"t": {"values": [{"value": "a", "when": when}], **more}}}
