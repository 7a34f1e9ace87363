"""What each tag of tastes says, needs, and is good for."""

from .tag_entry import Tag

__all__ = ["TASTE_TAGS"]


TASTE_TAGS: tuple[Tag, ...] = (
    Tag(
        "favourite_category",
        "name",
        "",
        ("orders.product_id", "products.category"),
        (
            "近期权重最高的品类（半衰期 180 天）",
            "category bought most, recent purchases counting more (half-life 180 days)",
        ),
        (
            "内容与上新按品类推送",
            "content and novelties of that category",
        ),
        "lines",
    ),
    Tag(
        "favourite_category_share",
        "share",
        "weighted purchase lines",
        ("orders.product_id", "products.category"),
        (
            "该品类占比，购买少时向全体收缩",
            "its share, drawn towards all members' while purchases are few",
        ),
        (
            "高者深耕该品类，低者多样推荐",
            "depth if high, variety if low",
        ),
        "lines",
    ),
    Tag(
        "favourite_category_lift",
        "number",
        "times",
        ("orders.product_id", "products.category"),
        (
            "该品类近期购买量与按全体占比应有量之比，两者各加一行",
            "bought of it, recent purchases counting more, over what it would be at everybody's "
            "share, one line added to both",
        ),
        (
            "高于 2 即鲜明偏好，可入品类社群",
            "above 2 is a marked taste: invite to the category's group",
        ),
        "lines",
    ),
    Tag(
        "favourite_brand",
        "name",
        "",
        ("orders.product_id", "products.brand"),
        (
            "近期权重最高的品牌（半衰期 180 天）",
            "brand bought most, recent purchases counting more (half-life 180 days)",
        ),
        (
            "品牌上新与联名优先通知",
            "tell first about the brand's novelties",
        ),
        "lines",
    ),
    Tag(
        "favourite_brand_share",
        "share",
        "weighted purchase lines",
        ("orders.product_id", "products.brand"),
        (
            "该品牌占比，购买少时向全体收缩",
            "its share, drawn towards all members' while purchases are few",
        ),
        (
            "高者做品牌会员，低者做品类推荐",
            "brand membership if high, category offers if low",
        ),
        "lines",
    ),
    Tag(
        "favourite_brand_lift",
        "number",
        "times",
        ("orders.product_id", "products.brand"),
        (
            "该品牌近期购买量与按全体占比应有量之比，两者各加一行",
            "bought of it, recent purchases counting more, over what it would be at everybody's "
            "share, one line added to both",
        ),
        (
            "高者邀为品牌体验官",
            "ask to try the brand's products if high",
        ),
        "lines",
    ),
    Tag(
        "n_categories",
        "count",
        "categories",
        ("orders.product_id", "products.category"),
        (
            "购买过的不同品类数",
            "different categories bought",
        ),
        (
            "仅一类者做关联品类首购",
            "a first purchase in a second category for those with one",
        ),
        "lines",
    ),
    Tag(
        "variety_seeking",
        "number",
        "0 to 1",
        ("orders.product_id", "products.category"),
        (
            "任取两行属于不同品类的概率，购买少时向全体收缩",
            "chance that two of their lines differ in category, drawn towards everybody's "
            "while lines are few",
        ),
        (
            "高者多样推荐，低者做常购清单",
            "variety if high, a regular list if low",
        ),
        "lines",
    ),
    Tag(
        "next_category",
        "name",
        "",
        ("orders.product_id", "products.category"),
        (
            "按自身节奏已到期（沉默一至两个周期）的品类中购买天数最多者；均未到期则取最先到期者"
            "（购买三天以上的品类）",
            "of the categories due by their own rhythm (silent for one to two gaps) the one bought "
            "on most days; if none is due, the first that will be (bought on three days or more)",
        ),
        ("按品类发补货提醒", "remind to restock that category"),
        "visits",
    ),
    Tag(
        "next_category_due",
        "time",
        "",
        ("orders.product_id", "products.category"),
        (
            "该品类最近一次购买加上其自身平均间隔",
            "its last purchase plus its own mean gap",
        ),
        (
            "到期前三天提醒",
            "remind three days before",
        ),
        "visits",
    ),
    Tag(
        "new_product_share",
        "share",
        "purchase lines",
        ("orders.product_id", "products.launched_at"),
        (
            "上市 60 天内商品的购买行占比，购买少时向全体收缩",
            "share of lines with products launched less than 60 days before, drawn towards "
            "everybody's",
        ),
        (
            "新品首发名单按此排序",
            "order the launch list by it",
        ),
        "lines",
    ),
    Tag(
        "new_product_lift",
        "number",
        "times",
        ("orders.product_id", "products.launched_at"),
        (
            "新品占比与全体占比之比",
            "that share over everybody's",
        ),
        (
            "高于 1.5 者邀请试用",
            "invite to trials above 1.5",
        ),
        "lines",
    ),
    Tag(
        "new_product_lover",
        "flag",
        "",
        ("orders.product_id", "products.launched_at"),
        (
            "新品占比确定高于全体",
            "the share of new products is surely above everybody's",
        ),
        (
            "新品首发与试用优先",
            "first to hear of launches and trials",
        ),
        "lines",
    ),
    Tag(
        "repeat_share",
        "share",
        "products",
        ("orders.product_id",),
        (
            "30 天前首购的商品中，后来又买过的占比，商品少时向全体收缩",
            "share of products first bought 30 days ago or more that were bought again, "
            "drawn towards everybody's",
        ),
        (
            "高者推订阅，低者先问体验",
            "subscriptions if high, ask about the product if low",
        ),
        "products",
    ),
    Tag(
        "favourite_channel",
        "name",
        "",
        ("orders.channel",),
        (
            "近期购买最多的渠道",
            "channel bought through most of late",
        ),
        (
            "在该渠道发优惠",
            "make offers there",
        ),
        "lines",
    ),
    Tag(
        "favourite_channel_share",
        "share",
        "weighted purchase lines",
        ("orders.channel",),
        (
            "该渠道占比，购买少时向全体收缩",
            "its share, drawn towards all members' while purchases are few",
        ),
        (
            "高者单渠道触达即可",
            "one channel is enough if high",
        ),
        "lines",
    ),
    Tag(
        "multi_channel",
        "flag",
        "",
        ("orders.channel",),
        (
            "至少两个渠道各占五分之一以上",
            "two channels or more with a fifth of the lines each",
        ),
        (
            "打通权益，线上线下联动",
            "same privileges everywhere, link shop and app",
        ),
        "lines",
    ),
    Tag(
        "favourite_store",
        "name",
        "",
        ("orders.store_id",),
        (
            "近期购买最多的门店",
            "store bought in most of late",
        ),
        (
            "由该店导购跟进",
            "hand over to the staff of that store",
        ),
        "lines",
    ),
    Tag(
        "store_loyalty",
        "share",
        "weighted purchase lines",
        ("orders.store_id",),
        (
            "常去门店占比，购买少时向全体收缩",
            "its share, drawn towards all members' while purchases are few",
        ),
        (
            "高者邀到店活动，低者推就近门店",
            "events in the store if high, the nearest store if low",
        ),
        "lines",
    ),
    Tag(
        "store_loyal",
        "flag",
        "",
        ("orders.store_id",),
        (
            "常去门店占比不低于八成，且至少三行",
            "80 % or more of the weight in one store, three lines at least",
        ),
        (
            "门店会员日与专属导购",
            "the store's own member days and staff",
        ),
        "lines",
    ),
)
