"""Words for the codes of recommended offers: column -> code -> (Chinese, English)."""

__all__ = ["OFFER_WORDS"]

OFFER_WORDS: dict[str, dict[str, tuple[str, str]]] = {
    "reason": {
        "due_again": ("差不多该补货了", "about due again"),
        "bought_often": ("常买", "bought often"),
        "bought_before": ("买过", "bought before"),
        "members_like_you": ("口味相近的会员在买", "bought by members like you"),
        "your_taste": ("符合你的口味", "to your taste"),
        "goes_with_yours": ("常与你买的商品一起买", "goes with what you buy"),
        "friends_bought": ("好友和群友在买", "bought by friends and group mates"),
        "popular_nearby": ("同店热销", "popular in your store or region"),
        "popular": ("近期热销", "popular lately"),
        "looked_at": ("浏览过", "looked at"),
        "same_members": ("常被同一批会员购买", "bought by the same members"),
        "same_kind": ("同品类或同品牌", "same category or brand"),
    },
    "source": {
        "model": ("模型排序", "model"),
        "fallback": ("基础规则", "fallback"),
        "cold_start": ("新会员推荐", "cold start"),
        "non_personal": ("非个性化热销榜", "not personal"),
    },
    "offer_column": {
        "member_id": ("会员", "member"),
        "rank": ("名次", "rank"),
        "product_id": ("商品", "product"),
        "offer_id": ("优惠", "offer"),
        "campaign_id": ("活动", "campaign"),
        "score": ("得分", "score"),
        "probability": ("概率", "probability"),
        "source": ("来源", "source"),
        "reason": ("理由", "reason"),
    },
    "family": {
        "own": ("买过本商品", "own purchases of it"),
        "rhythm": ("复购节奏", "own rhythm"),
        "alike": ("相似会员与关联商品", "members and products alike"),
        "circle": ("好友与群友的购买", "what friends and group mates bought"),
        "group": ("同类商品偏好", "its category and brand"),
        "popular": ("商品热度", "how it sells"),
        "price": ("价格与折扣", "price and discount"),
        "member": ("到店习惯", "the member's habits"),
        "extra": ("标签等附加信息", "tags and other columns"),
        "worth": ("一次购买的价值", "what a purchase brings"),
        "base": ("平均水平", "the average"),
    },
}
"""The words that `siyu.datasets.label` puts in the place of codes."""
