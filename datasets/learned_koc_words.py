"""Words for the codes of the learned KOC list: column -> code -> (Chinese, English)."""

__all__ = ["LEARNED_KOC_WORDS"]

LEARNED_KOC_WORDS: dict[str, dict[str, tuple[str, str]]] = {
    "reasons": {
        "brought_lately": ("近期带来新人", "brought people lately"),
        "well_connected": ("人脉广", "is well connected"),
        "tries_much": ("常尝新", "tries much"),
        "time_as_member": ("入会时间", "time as a member"),
        "followed_before": ("曾带动同款", "was followed before"),
        "followed_lately": ("近期带动同款", "was followed lately"),
    },
    "ranking": {
        "learned": ("学习模型", "learned model"),
        "koc_score": ("透明 KOC 分", "transparent KOC score"),
        "degree": ("联系人数", "degree"),
        "named_by": ("被关注人数", "named by how many"),
        "pagerank": ("PageRank 值", "PageRank"),
        "low_constraint": ("低约束度", "low constraint"),
        "bridging": ("桥接证据", "bridging"),
        "past_invitees": ("累计邀请人数", "past invitees"),
        "recent_invitees": ("近 90 天邀请人数", "invitees of the last 90 days"),
        "past_outcome": ("累计同类结果", "past outcome"),
        "recent_outcome": ("上一期同类结果", "outcome of the last window"),
        "recent_shares": ("近 90 天分享次数", "shares of the last 90 days"),
        "own_adoptions": ("上一期自己尝新数", "own adoptions in the last window"),
    },
    "metric": {
        "precision": ("前 k 名命中率", "precision at k"),
        "lift": ("前 k 名提升度", "lift at k"),
        "average_precision": ("平均精度", "average precision"),
        "ndcg": ("NDCG（按名次折减）", "NDCG, discounted by rank"),
    },
}
"""The words that `siyu.datasets.label` puts in the place of codes."""
