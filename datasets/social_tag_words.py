"""Words for the tags of speaking, sharing, visiting and messages: their names and codes."""

from .fission_words import CAMPAIGN_KINDS

__all__ = ["SOCIAL_CODES", "SOCIAL_NAMES", "SOCIAL_UNITS"]

Words = dict[str, tuple[str, str]]

_SPEAKING: Words = {
    "core_speaker": ("核心发言", "core speaker"),
    "speaker": ("发言", "speaker"),
    "lurker": ("潜水", "lurker"),
    "outside": ("不在群", "in no group"),
}

_DEPTHS: Words = {
    "shallow": ("浏览浅", "shallow"),
    "medium": ("浏览适中", "medium"),
    "deep": ("浏览深", "deep"),
}

_CHANNELS: Words = {
    "wecom": ("企业微信", "WeCom chat"),
    "moments": ("朋友圈", "Moments"),
    "service_account": ("服务号", "service account"),
    "subscription_account": ("订阅号", "subscription account"),
    "sms": ("短信", "text message"),
}

_SALES_CHANNELS: Words = {
    "miniprogram": ("小程序", "mini program"),
    "store": ("门店", "store"),
    "livestream": ("直播", "live show"),
}

_SOURCES: Words = {
    "referral": ("会员推荐", "brought by a member"),
    "store_qr": ("门店扫码", "code in the store"),
    "advert": ("广告", "advert"),
    "search": ("搜索", "search"),
    "livestream": ("直播", "live show"),
    "event": ("线下活动", "event"),
}

SOCIAL_NAMES: Words = {
    "visit_depth": ("访问深度", "visit depth"),
    "visit_depth_band": ("访问深度档", "band of visit depth"),
    "visits_28d": ("近 28 天访问", "visits in 28 days"),
    "browse_to_buy": ("访问成交率", "visits that end in a purchase"),
    "cart_left_share": ("弃购率", "carts left"),
    "cart_abandoner": ("爱弃购", "cart abandoner"),
    "carts_waiting": ("待付加购", "carts waiting"),
    "n_shares": ("分享次数", "shares"),
    "share_pace": ("分享频率", "pace of sharing"),
    "n_group_buys": ("拼团次数", "team purchases"),
    "check_in_days": ("签到天数", "check-in days"),
    "check_in_habit": ("签到习惯", "check-in habit"),
    "taking_part_pace": ("参与活动频率", "pace of taking part"),
    "task_return_d1": ("任务次日回访", "back the day after a task"),
    "task_return_d7": ("任务七日回访", "back in the week after a task"),
    "points_balance": ("积分余额", "points balance"),
    "muted": ("消息免打扰", "muted"),
    "speaking": ("群内角色", "voice in groups"),
    "speaking_pace": ("发言频率", "pace of speaking"),
    "n_groups": ("所在群数", "groups"),
    "n_answered": ("回答过的人数", "members answered"),
    "answerer": ("热心解答", "answerer"),
    "reply_rate": ("获回复率", "reply rate received"),
    "link_share": ("链接占比", "messages with a link"),
    "spam_poster": ("疑似小广告", "suspected link poster"),
    "sends_28d": ("近 28 天触达", "messages sent in 28 days"),
    "open_rate": ("打开率", "open rate"),
    "open_rate_wecom": ("企业微信打开率", "open rate, WeCom chat"),
    "open_rate_moments": ("朋友圈打开率", "open rate, Moments"),
    "open_rate_service_account": ("服务号打开率", "open rate, service account"),
    "open_rate_subscription_account": ("订阅号打开率", "open rate, subscription account"),
    "open_rate_sms": ("短信打开率", "open rate, text message"),
    "reach_channel": ("最佳触达渠道", "best channel to reach"),
    "reach_open_rate": ("最佳渠道打开率", "open rate of that channel"),
    "best_send_hour": ("最佳发送时段", "best hour to send"),
    "message_weary": ("消息疲劳", "message-weary"),
    "quit_messages": ("已退订", "quit messages"),
    "quit_risk": ("退订风险", "risk of quitting"),
    "n_invited": ("邀请人数", "members invited"),
    "invitee_buy_share": ("邀请成交率", "invited who bought"),
    "referred": ("被邀请", "referred"),
    "referred_by_campaign": ("裂变方式", "kind of campaign that brought them"),
    "acquisition_source": ("来源渠道", "acquisition source"),
    "onboarded": ("完成迎新", "onboarding done"),
    "onboarding_steps": ("迎新步数", "first steps taken"),
    "coupon_redeem_share": ("领券核销率", "coupons redeemed"),
    "coupon_hoarder": ("领券不用", "holds coupons, uses none"),
    "days_inactive": ("静默天数", "days inactive"),
    "zombie": ("僵尸会员", "zombie"),
    "trust_proxy": ("信任代理指标", "proxy of trust"),
}
"""Tag -> words."""

SOCIAL_CODES: dict[str, Words] = {
    "speaking": _SPEAKING,
    "visit_depth_band": _DEPTHS,
    "favourite_channel": _SALES_CHANNELS,
    "reach_channel": _CHANNELS,
    "referred_by_campaign": CAMPAIGN_KINDS,
    "acquisition_source": _SOURCES,
}
"""Tag -> code -> words."""

SOCIAL_UNITS: Words = {
    "app_visits": ("访问", "app visits"),
    "carts": ("加购", "carts"),
    "events": ("互动", "events"),
    "task_days": ("任务日", "task days"),
    "messages": ("发言", "messages"),
    "turns": ("发言轮次", "turns to speak"),
    "groups": ("群", "groups"),
    "sends": ("触达消息", "messages sent"),
    "opens": ("打开", "opens"),
    "referrals": ("邀请", "referrals"),
    "members": ("会员登记", "entries of the member"),
    "step_kinds": ("可见的步骤", "kinds of steps recorded"),
    "coupons": ("优惠券", "coupons"),
    "parts": ("组成项", "parts known"),
}
"""What evidence is counted in -> words."""
