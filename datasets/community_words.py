"""Words for what becomes of communities: column -> code -> (Chinese, English)."""

__all__ = ["COMMUNITY_WORDS"]

COMMUNITY_WORDS: dict[str, dict[str, tuple[str, str]]] = {
    "community_event": {
        "kept": ("保持", "kept"),
        "grown": ("壮大", "grown"),
        "shrunk": ("缩小", "shrunk"),
        "born": ("新出现", "born"),
        "died": ("消失", "died"),
        "split": ("分裂", "split"),
        "merged": ("并入", "merged"),
        "moved": ("成员转入", "members moved"),
    },
}
"""The words that `siyu.datasets.label` puts in the place of codes."""
