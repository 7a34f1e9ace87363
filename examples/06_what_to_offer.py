"""What to offer whom this week: from orders and offers to one list, a row a member.

From the tables of a community to one table a marketer can act on: which product, under which
offer, with which coupon, why, what to expect of it, and who should speak to the member.
"""

# %% A brand's community; Community.from_folder("data/") reads your own.
import warnings

import pandas as pd

from siyu import OfferRecommender, label, make_community
from siyu.datasets import SiyuWarning
from siyu.recommend import (
    CouponModel,
    ListRules,
    OfferRules,
    StockRules,
    allocate_stock,
    check_offers,
    leads,
    price_fairness,
    product_values,
    quits_after_sends,
    recently_sent,
)

pd.set_option("display.width", 240, "display.max_columns", 20, "display.max_colwidth", 60)
pd.set_option("display.unicode.east_asian_width", True)  # Chinese letters take two places
warnings.simplefilter("ignore", SiyuWarning)  # says below who ranks, and why
c = make_community(600, random_state=0)
AS_OF = "2026-06-12"  # itself excluded: nothing that comes later is looked at

# %% First the offers: which of them may be shown this week, and why not the others.
rules = OfferRules(min_time_left="1D", min_rating=4.0, max_refund_rate=0.1)
offers = check_offers(c, as_of=AS_OF, rules=rules)
running = offers[offers["time_left"] > pd.Timedelta(0)].drop_duplicates("offer_id")
running = running.assign(days_left=running["time_left"].dt.days)
shown = ["offer_id", "allowed", "blocked_because", "benefit", "benefit_share", "days_left"]
print(label(running[shown]).round(2).to_string(index=False, na_rep=""))

# %% Who buys what next. The trees rank where they beat the plain model on weeks not seen; trained
# for "binary" alone they take half the time of the default.
rec = OfferRecommender(goal="margin", objective="binary", random_state=0).fit(c, as_of=AS_OF)
print(rec.source_)
print(rec.validation_.round(3).to_string(index=False))

# %% Lists: a third new, three of a category at most, and no product sent within a week.
sent = recently_sent(c, as_of=AS_OF, within="7D").dropna(subset="product_id")
wishes = ListRules(min_new_share=0.3, max_per={"category": 3}, exclude=sent)
lists = rec.recommend(c, as_of=AS_OF, k=3, rules=wishes)
lists = lists[lists["source"].isin(["model", "fallback"])]  # personal lists alone
worth = product_values(c, as_of=AS_OF)[["product_id", "value"]]
lists = lists.merge(worth, on="product_id").dropna(subset=["probability", "value"])

# %% The deals of the week: 20 pieces each go to those of whom most is expected.
goods = running[running["allowed"] & (running["price"] < running["public_price"])]
goods = goods[["product_id", "offer_id", "price"]]  # coupons are another matter
wishes = ListRules(products=goods["product_id"].tolist())
deals = rec.recommend(c, as_of=AS_OF, k=2, rules=wishes).drop(columns="offer_id")
deals = deals.merge(goods.rename(columns={"price": "offer_price"}), on="product_id")
deals = deals.merge(worth, on="product_id").dropna(subset=["probability", "value"])
stock = StockRules(k=1, as_of=pd.Timestamp(AS_OF, tz=c.tz))
plan = allocate_stock(deals, c.offers.assign(stock=20), rules=stock)
print(plan.offers[plan.offers["wanted"] > 0].round(2).to_string(index=False))
print(f"margin to expect {plan.value:.2f}, with stock for all {plan.value_without_limit:.2f}")

# %% Nobody may be worse off than somebody in the same group.
print(f"{len(price_fairness(c, as_of=AS_OF, lists=plan.lists))} products on different terms")

# %% Coupons: who will use the one that they hold. That is no uplift: it plans a budget.
coupons = CouponModel(ranker="never", random_state=0).fit(c, as_of=AS_OF)
held = coupons.recommend(k=1)
expected = coupons.campaign_scores().groupby("campaign_id")["probability"].agg(["size", "sum"])
print(expected.round(1).rename(columns={"size": "members", "sum": "redemptions"}).to_string())

# %% What a message costs: who quits within a day of one, beyond those who quit anyway.
quits = quits_after_sends(c, as_of=AS_OF).query("record == 'staff' and n_sends > 0")
shown = ["sent", "n_sends", "n_quits", "excess", "excess_low", "excess_high"]
print(quits[shown].round(4).to_string(index=False))

# %% Whom sales should call about skin care: those who never bought any of it.
bought = c.before(AS_OF).orders.merge(c.products[["product_id", "category"]], on="product_id")
know_it = ListRules(exclude=bought.loc[bought["category"] == "skincare", ["member_id", "category"]])
called = leads(rec, category="skincare", n=3, rules=know_it, community=c, as_of=AS_OF)
print(label(called)[["rank", "member_id", "product_id", "reason"]].to_string(index=False))

# %% One row a member: the best product, what else to show, deal and coupon, who speaks to them.
best = lists[lists["rank"] == 1]
further = lists[lists["rank"] > 1].groupby("member_id")["product_id"].agg("、".join)
people = best.merge(further.rename("further"), on="member_id", how="left")
people = people.merge(c.products[["product_id", "category"]], on="product_id")
deal = plan.lists[["member_id", "product_id", "offer_price"]]
deal = deal.rename(columns={"product_id": "deal_id"})
people = people.drop(columns="offer_id").merge(deal, on="member_id", how="left")
coupon = held.rename(columns={"offer_id": "coupon_id", "probability": "redeems"})
people = people.merge(coupon[["member_id", "coupon_id", "redeems"]], on="member_id", how="left")
links = c.before(AS_OF).staff_links
links = links[links["removed_at"].isna()].drop_duplicates("member_id", keep="last")
people = people.merge(links[["member_id", "staff_id"]], on="member_id", how="left")
people["to_expect"] = people["probability"] * people["value"]
people = people.sort_values(["to_expect", "member_id"], ascending=[False, True], ignore_index=True)

# %% The table.
table = pd.DataFrame(
    {
        "会员": people["member_id"],
        "首推": people["product_id"],
        "品类": people["category"],
        "为何": label(people)["reason"],
        "概率": people["probability"].round(3),
        "预期毛利": people["to_expect"].round(2),
        "还可看": people["further"].fillna(""),
        "本周专享": people["deal_id"].fillna(""),
        "专享价": people["offer_price"].round(2),
        "手上的券": people["coupon_id"].fillna(""),
        "用券概率": people["redeems"].round(3),
        "谁去": people["staff_id"].fillna("门店"),
    }
)
print(table.head(12).to_string(index=False, na_rep=""))

# %% How much work that is.
work = table.assign(专享=table["本周专享"] != "", 有券=table["手上的券"] != "").groupby("谁去")
print(work.agg({"会员": "size", "预期毛利": "sum", "专享": "sum", "有券": "sum"}).to_string())
