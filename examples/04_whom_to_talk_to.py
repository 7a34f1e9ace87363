"""Whom to talk to this week, about what, where and when, and whom to leave alone.

From the tables of a shop to one table a marketer can act on: a row a member, with what to do,
why, what it is about in money, and the channel and hour that reach the member.
"""

# %% A brand's community; Community.from_folder("data/") reads your own.
import pandas as pd

from siyu import label, make_community
from siyu.segmentation import (
    ChurnModel,
    TagRules,
    backtest,
    cohorts,
    funnel,
    next_stage,
    tag,
    tag_catalog,
    tag_support,
    win_back,
)

pd.set_option("display.width", 220, "display.max_columns", 20, "display.max_colwidth", 60)
pd.set_option("display.unicode.east_asian_width", True)  # Chinese letters take two places
c = make_community(800, random_state=1)
AS_OF = "2026-06-01"  # a Monday, itself excluded: nothing that comes later is looked at

# %% First the whole: where do members get stuck? Of those who joined, 获客, how many ever did
# something, 激活, came back, 留存, bought, 变现, invited others, 推荐; half had by `days_50`.
steps = label(funnel(c, as_of=AS_OF))
print(steps[["step", "n", "share", "low", "high", "days_50"]].round(2).to_string(index=False))

# %% Of those who joined in a month: the share that bought 0, 1, 2, ... months later. A month
# that is not over is left empty, for it would look like a drop.
kept = cohorts(c, as_of=AS_OF).tail(6 * 7)
triangle = kept.pivot_table(index=["cohort", "n_members"], columns="age", values="per_member")
print(triangle.iloc[-6:, :6].round(2).to_string(na_rep=""))

# %% One row a member, one column a tag: how they buy, what they like, how they are reached.
tags = tag(c, as_of=AS_OF)
print(label(tags)["stage"].value_counts().to_string())

# %% Which forecast can be trusted here? Each is tried on a window in the past, beside three
# plain rules. The chosen one then says how often members come in the next four weeks, and
# what they spend.
trial = backtest(c, as_of=AS_OF, horizon="28D")
plain = ["zero", "x/T", "recency"]
shown = trial.scores[trial.scores["model"].isin([*plain, trial.best])]
print(shown[["model", "mae", "rmse", "log_likelihood", "bias", "auc"]].round(2).to_string())
value = trial.pick().predict()[["member_id", "value"]]
churn = ChurnModel("28D", n_bags=1, n_cuts=6).fit(c, as_of=AS_OF).predict()

# %% Who fell silent lately, and what is at stake in the next 90 days. This is what could be
# lost, not what a message would earn: how many can be moved, only an experiment tells.
back = win_back(c, as_of=AS_OF, within="90D", over="90D")
print(label(back)[["member_id", "stage", "value_at_stake", "reasons"]].head(3).round(0).to_string())

# %% Everything known of a member side by side; rules may ask for any of it.
soon = next_stage(c, as_of=AS_OF, within="28D")[["member_id", "to_dormant"]]
known = tags.merge(value, on="member_id").merge(churn[["member_id", "churn"]], on="member_id")
known = known.merge(soon, on="member_id")
known = known.merge(back[["member_id", "value_at_stake", "reasons"]], on="member_id", how="left")

# %% What to do is data, not code: the first value whose condition is true wins, so whom to
# leave alone comes first. What is unknown never matches: whether members are weary of messages
# is unknown while they got none, and whoever matches nothing else is then `unknown`. This shop
# does not record who mutes it, either; `is_null: false` says that this shall count as no.
rules = TagRules.from_yaml("""
version: 1
tags:
  this_week:
    values:
      - value: hands_off
        label: {zh: 勿扰：已退出, en: leave alone}
        when: {any: [{measure: members.opt_out, ==: true}, {measure: quit_messages, ==: true}]}
      - value: pay
        label: {zh: 提醒付款, en: remind of the cart}
        when: {measure: carts_waiting, ">=": 1}
      - value: pause
        label: {zh: 暂停：消息太多, en: pause}
        when: {any: [{measure: message_weary, ==: true}, {measure: sends_28d, ">=": 5}]}
      - value: muted
        label: {zh: 换渠道：消息免打扰, en: other channel}
        when: {all: [{measure: muted, is_null: false}, {measure: muted, ==: true}]}
      - value: win_back
        label: {zh: 召回, en: win back}
        when: {all: [{measure: tags.value_at_stake, is_null: false},
                     {measure: tags.value_at_stake, ">=": 100},
                     {measure: tags.churn, ">=": 0.5}]}
      - value: slipping
        label: {zh: 预防沉睡, en: keep from falling silent}
        when: {all: [{measure: tags.to_dormant, ">=": 0.3}, {measure: tags.churn, ">=": 0.5}]}
      - value: restock
        label: {zh: 补货提醒, en: remind to restock}
        when: {all: [{measure: next_category_due, is_null: false},
                     {measure: next_category_due, between: ["-7D", "+7D"]}]}
      - value: second_order
        label: {zh: 促第二单, en: second order}
        when: {all: [{measure: one_time_buyer, ==: true}, {measure: recency, between: [7, 60]}]}
      - value: welcome
        label: {zh: 补迎新, en: welcome}
        when: {all: [{measure: onboarded, ==: false}, {measure: tenure_days, "<=": 30}]}
      - value: first_order
        label: {zh: 促首单, en: first order}
        when: {all: [{measure: stage, ==: prospect}, {measure: visits_28d, ">=": 1}]}
      - value: silent
        label: {zh: 停止群发：僵尸会员, en: stop sending}
        when: {measure: zombie, ==: true}
    otherwise: {value: in_rhythm, label: {zh: 按节奏，不打扰, en: in rhythm}}
    unknown: {value: unmet, label: {zh: 从未触达：导购联系, en: never written to}}
""")
assert rules.check().query("severity == 'error'").empty  # no value that nobody can ever have
todo = known.merge(rules.apply(c, as_of=AS_OF, tags=known), on="member_id")
SILENT = ["hands_off", "pause", "silent", "in_rhythm", "unmet"]  # nothing is sent to these

# %% Which condition decided, of the member with most at stake.
listed = todo[todo["this_week"] == "win_back"].nlargest(1, "value_at_stake")
first = listed["member_id"].iloc[0]
told = rules.explain(c, first, as_of=AS_OF, tags=known).dropna(subset="actual_zh")
print(told.loc[told["value"] == "win_back", ["condition_zh", "actual_zh"]].to_string(index=False))

# %% Why, and what to say: each value rests on one tag. `tag_catalog` has the action that the
# tag suggests, `tag_support` the evidence: how much of it there is, and how far to trust it.
RESTS_ON = {
    "hands_off": "quit_messages",
    "pay": "carts_waiting",
    "pause": "sends_28d",
    "muted": "muted",
    "win_back": "overdue_ratio",
    "slipping": "overdue_ratio",
    "restock": "next_category_due",
    "second_order": "one_time_buyer",
    "welcome": "onboarded",
    "first_order": "visits_28d",
    "silent": "zombie",
}  # two values rest on no tag:
OTHERS = {"in_rhythm": "不发消息", "unmet": "到店或下单时由导购添加"}
todo["tag"] = todo["this_week"].map(RESTS_ON)
todo = todo.merge(tag_catalog()[["tag", "name_zh", "action_zh"]], on="tag", how="left")
proof = tag_support(c, as_of=AS_OF, tags=sorted(set(RESTS_ON.values())))
words = label(proof[["tag", "value", "support_unit", "level"]])
told = words["value"].str.replace(r" \d\d:\d\d$", "", regex=True)  # the day is enough
told = told.str.replace(r"(\.\d)\d+$", r"\1", regex=True)  # and so is one decimal
told += "（依据 " + proof["support"].astype(str) + " " + words["support_unit"]
proof["told"] = told + "，" + words["level"] + "）"
todo = todo.merge(proof[["member_id", "tag", "told"]], on=["member_id", "tag"], how="left")
todo["why"] = todo["name_zh"] + "：" + todo["told"]
reasons = label(todo[["reasons"]])["reasons"].str.join("、")
todo["why"] = todo["why"].mask(todo["this_week"] == "win_back", reasons)
todo["why"] = todo["why"].mask(todo["this_week"] == "hands_off", "会员不愿收消息")

# %% Where and when: the channel whose messages the member opens, else the one where the member
# buys, else the staff in person; the hour of opening, else of being active, but none at night.
# Whoever is left alone needs neither.
named = label(todo)
quiet = todo["this_week"].isin(SILENT)
where = named["reach_channel"].fillna(named["favourite_channel"]).fillna("导购")
hour = todo["best_send_hour"].fillna(todo["active_hour"]).clip(9, 21).astype("string") + "点"
CATEGORIES = {
    "tea": "茶", "coffee": "咖啡", "snacks": "零食", "dairy": "乳品", "fruit": "水果",
    "grain_oil": "粮油", "skincare": "护肤", "haircare": "洗护", "cleaning": "清洁",
    "baby": "母婴", "pet": "宠物", "health": "保健",
}  # the shop's own words  # fmt: skip
about = todo["next_category"].fillna(todo["favourite_category"]).map(CATEGORIES)

# %% The table of the week: in the order of the rules, most money first.
worth = todo["value_at_stake"].where(todo["this_week"] == "win_back")
table = pd.DataFrame(
    {
        "会员": todo["member_id"],
        "动作": rules.label(todo[["this_week"]])["this_week"],
        "阶段": named["stage"],
        "为何": todo["why"],
        "90天在险": worth.round(0),
        "28天预计消费": todo["value"].round(0),
        "28天不来概率": todo["churn"].round(2),
        "品类": about.mask(quiet),
        "渠道": where.mask(quiet),
        "时段": hour.mask(quiet).fillna(""),
        "怎么做": todo["action_zh"].fillna(todo["this_week"].map(OTHERS)),
    }
)
place = todo["this_week"].map({value: i for i, value in enumerate([*RESTS_ON, *OTHERS])})
order = pd.DataFrame({"quiet": quiet, "place": place, "money": -worth.fillna(todo["value"])})
table = table.loc[order.sort_values(["quiet", "place", "money"], kind="stable").index]
print(table.groupby("动作", sort=False).head(3).to_string(index=False, na_rep=""))

# %% How much work that is.
print(table["动作"].value_counts().to_string())
