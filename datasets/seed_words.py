"""Words for the ways to choose seeds: column -> code -> (Chinese, English)."""

__all__ = ["SEED_WORDS"]

SEED_WORDS: dict[str, dict[str, tuple[str, str]]] = {
    "method": {
        "chosen": ("本次选择", "these seeds"),
        "degree": ("好友最多", "most contacts"),
        "pagerank": ("PageRank 最高", "highest PageRank"),
        "low_constraint": ("约束最低（结构洞）", "lowest constraint"),
        "random": ("随机抽取", "drawn at random"),
    },
}
"""The words that `siyu.datasets.label` puts in the place of codes."""
