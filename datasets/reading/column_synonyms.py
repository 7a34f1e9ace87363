"""What exports of shops, clubs and communities call the columns of each table."""

from siyu.datasets.schema import SCHEMAS

__all__ = ["plain_name", "synonyms"]

_EVERYWHERE = {
    "member_id": "会员id 成员id 成员 "
    "会员编号 会员号 会员卡号 会员 用户id 用户编号 用户 客户id 客户编号 客户 "
    "买家id 买家 买家昵称 顾客id 外部联系人id userid user customerid customer "
    "memberno membercode buyerid buyernick externaluserid externalcontactid "
    "householdid distinctid uid accountid",
    "order_id": "订单号 订单编号 订单id 主订单编号 主订单号 交易号 交易单号 订单 orderno "
    "ordernumber ordersn ordercode tid basketid transactionid invoiceno invoice "
    "orderid",
    "product_id": "商品编码 商品id 商品编号 商品代码 商品货号 货号 商家编码 规格编码 商品sku sku "
    "skuid skucode 商品 itemid itemcode item goodsid goodsno lineitemsku stockcode "
    "productcode spuid 条码",
    "store_id": "门店 门店编号 门店id 门店编码 门店名称 店铺 店铺id 店铺编号 店铺名称 所属门店 "
    "归属门店 下单网点 shopid shop store storecode locationid location outletid",
    "group_id": "群id 群聊id 客户群id 群编号 群聊 chatid roomid groupchatid",
    "campaign_id": "活动id 活动编号 活动 营销活动id campaign activityid",
    "offer_id": "优惠id 券id 优惠券id 优惠券编号 优惠券编码 券编号 券码 couponid couponcode "
    "couponupc coupon",
    "channel": "渠道 来源渠道 下单渠道 订单来源 订单渠道 销售渠道 触达渠道 推送渠道 ordersource "
    "saleschannel",
    "kind": "类型 类别 type",
    "category": "品类 商品品类 类目 商品类目 商品分类 分类 一级类目 一级分类 productcategory "
    "producttype",
    "price": "价格 售价 单价 商品价格 商品单价 销售价 unitprice lineitemprice saleprice",
    "cost": "成本 成本价 费用 花费 costprice spend",
    "discount": "优惠金额 优惠 折扣金额 折扣 订单优惠 优惠总金额 discountamount discountfee "
    "discountvalue 减免金额 让利金额 discounttotal",
    "starts_at": "开始时间 生效时间 开始日期 活动开始时间 starttime startdate validfrom",
    "ends_at": "结束时间 失效时间 结束日期 活动结束时间 endtime enddate validto",
}

_BY_TABLE = {
    "members": {
        "joined_at": "注册时间 入会时间 加入时间 成为会员时间 开卡时间 添加时间 创建时间 "
        "registeredat createtime createdat signupdate registrationdate joindate",
        "source": "来源 会员来源 注册来源 获客来源 addway 添加方式 注册渠道 客户来源",
        "opt_out": "退订 拒绝营销 拒收 是否退订 关闭个性化 unsubscribed optedout",
        "region": "地区 省份 城市 所在城市 区域 省 市 province city",
        "gender": "性别 sex",
        "birth_year": "出生年份 出生年 yearofbirth",
        "kind": "会员类型 客户类型 用户类型 membertype usertype",
    },
    "orders": {
        "order_time": "下单时间 订单创建时间 订单时间 付款时间 支付时间 交易时间 成交时间 购买时间 "
        "下单日期 日期 交易日期 创建时间 createdat created paidat paidtime paytime "
        "ordertime orderdate purchasedate transactiontimestamp invoicedate createtime",
        "amount": "实付金额 实付 实收金额 实收 买家实付金额 买家实际支付金额 支付金额 付款金额 "
        "订单金额 成交金额 应付金额 金额 销售额 总金额 payment paymentamount total "
        "totalprice amountpaid salesvalue paidamount totalamount payamount "
        "actualamount revenue",
        "quantity": "数量 购买数量 商品数量 件数 销量 qty lineitemquantity num count",
        "coupon_id": "优惠券id 优惠券编号 优惠券编码 券id 券码 使用优惠券 couponid couponcode "
        "discountcode coupon",
    },
    "products": {
        "brand": "品牌 商品品牌 vendor brandname",
        "launched_at": "上架时间 上市时间 上新时间 上市日期 launchdate",
        "in_stock": "有货 是否有货 是否在售 在售 instock",
        "rating": "评分 好评度 好评率 商品评分 score",
        "recommendable": "可推荐 是否可推荐",
    },
    "promotions": {
        "known_at": "公布时间 announcedat",
    },
    "events": {
        "event_time": "时间 事件时间 行为时间 发生时间 访问时间 浏览时间 time timestamp "
        "eventtimestamp occurredat createdat",
        "event": "事件 事件名称 事件类型 行为 行为类型 动作 eventname eventtype action "
        "behavior type",
        "session_id": "会话id 会话 访问id session visitid",
        "value": "值 数值 分值 评分 rating score",
    },
    "groups": {
        "owner_id": "群主 群主id owner ownerid 群主userid",
        "created_at": "创建时间 建群时间 createtime createdat",
        "kind": "群类型 群类别 grouptype",
    },
    "memberships": {
        "joined_at": "入群时间 进群时间 加入时间 jointime joinedat",
        "left_at": "退群时间 离群时间 离开时间 quittime leavetime",
        "inviter_id": "邀请人 邀请人id 邀请者 inviter invitor",
        "join_scene": "入群方式 进群方式 joinscene",
    },
    "messages": {
        "member_id": "发送人 发送者 发言人 发送人id sender senderid from fromid",
        "message_time": "发送时间 消息时间 发言时间 时间 sendtime msgtime timestamp time",
        "message_id": "消息id 消息编号 msgid",
        "reply_to_member_id": "回复对象 回复人 被回复人 replyto replytoid",
        "n_chars": "字数 消息长度 length",
        "has_link": "含链接 是否含链接 haslink",
    },
    "referrals": {
        "inviter_id": "邀请人 邀请人id 邀请者 推荐人 推荐人id 分享人 上级 上级用户 inviter "
        "referrer referrerid contactsuperioruserparent parentid",
        "invitee_id": "被邀请人 被邀请人id 被推荐人 新用户 新会员 受邀人 invitee referred "
        "referredid",
        "referral_time": "邀请时间 推荐时间 裂变时间 绑定时间 invitetime createdat createtime",
        "reward": "奖励 奖励金额 佣金 rewardamount commission",
    },
    "ties": {
        "source": "src from 起点 关注者 sourceid fromid",
        "target": "dst to 终点 被关注者 targetid toid",
        "weight": "权重 强度 次数",
        "tie_time": "时间 关系时间 timestamp time",
        "kind": "关系 关系类型 relation relationtype",
    },
    "campaigns": {
        "kind": "活动类型 campaigntype",
        "cost": "活动成本 活动费用 预算",
    },
    "offers": {
        "kind": "优惠类型 券类型 offertype coupontype",
        "public_price": "原价 市场价 划线价 公开价 listprice originalprice",
        "threshold": "门槛 使用门槛 满额 最低消费 minspend",
        "stock": "库存 数量 发放数量 inventory",
        "budget": "预算",
    },
    "offer_members": {
        "issued_at": "发放时间 领取时间 领券时间",
        "expires_at": "过期时间 失效时间",
    },
    "sends": {
        "send_time": "发送时间 推送时间 触达时间 群发时间 sentat sendat",
        "send_id": "发送id 推送id 任务id messageid",
        "experiment_id": "实验id 试验id experiment",
        "arm": "实验组 组别 分组 variant group",
        "propensity": "倾向 概率",
        "opened_at": "打开时间 阅读时间 openedtime",
        "clicked_at": "点击时间 clickedtime",
        "redeemed_at": "核销时间 使用时间 用券时间 redemptiondate",
        "quit_at": "退订时间 拉黑时间",
    },
    "assignments": {
        "experiment_id": "实验id 试验id experiment",
        "unit_kind": "单位类型 对象类型 unittype",
        "unit_id": "单位id 对象id unit",
        "arm": "实验组 组别 分组 variant",
        "assigned_at": "分组时间 分配时间",
    },
    "staff_links": {
        "staff_id": "员工id 员工 导购 导购id 客服 跟进人 followuser staffid",
        "added_at": "添加时间 createtime",
        "removed_at": "删除时间 解除时间",
        "add_way": "添加方式 来源 addway",
        "state": "状态 渠道参数",
    },
    "identities": {
        "id_kind": "id类型 身份类型 标识类型 idtype",
        "id": "标识 身份标识 账号",
    },
}


def plain_name(name: str) -> str:
    """Strip a column name of everything that differs between spellings.

    Examples
    --------
    >>> plain_name("Order ID"), plain_name("实付金额(元)")
    ('orderid', '实付金额')
    """
    bare = name.strip().lower()
    for unit in ("(元)", "（元）", "(分)", "（分）", "(¥)", "（¥）", "[元]", "(yuan)", "(cny)"):
        bare = bare.replace(unit, "")
    return "".join(char for char in bare if char.isalnum())


def synonyms(table: str) -> dict[str, tuple[str, ...]]:
    """Give the plain names each column of a table is known by, the most telling ones first.

    Examples
    --------
    >>> synonyms("orders")["order_time"][:2]
    ('ordertime', '下单时间')
    """
    own = _BY_TABLE.get(table, {})
    words = {}
    for column in SCHEMAS[table].columns:
        given = f"{own.get(column.name, '')} {_EVERYWHERE.get(column.name, '')}".split()
        words[column.name] = tuple(dict.fromkeys([plain_name(column.name), *given]))
    return words
