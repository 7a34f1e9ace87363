"""Whom to thank and whom to tell first: from chat groups and referrals to one list of people.

From the tables of a community to one table a marketer can act on: a row a member, with what to
do, why, what the member brought, who should do it, and in which group.
"""

# %% A brand's community; Community.from_folder("data/") reads your own.
import warnings

import pandas as pd

from siyu import koc, label, make_community
from siyu.datasets import SiyuWarning
from siyu.graph import choose_seeds, group_health, koc_evidence
from siyu.graph.community import overlapping_communities
from siyu.graph.fission import campaign_k, k_factor, referral_fraud, reward_cost
from siyu.graph.groups import staff_load
from siyu.graph.seeding import SeedRules, influence_graph

pd.set_option("display.width", 240, "display.max_columns", 20, "display.max_colwidth", 60)
pd.set_option("display.unicode.east_asian_width", True)  # Chinese letters take two places
warnings.simplefilter("ignore", SiyuWarning)  # the simulator plants circles of invitations
c = make_community(2000, random_state=1)
AS_OF = "2026-06-01"  # itself excluded: nothing that comes later is looked at

# %% First the groups: which of them live, which are about to die, and why.
health = group_health(c, as_of=AS_OF)
print(label(health).groupby("state").size().to_string())
dying = health[health["state"] == "dying"]
shown = ["group_id", "because", "survival", "n_members", "n_effective", "n_left", "gmv"]
print(label(dying)[shown].round(2).to_string(index=False))
print(staff_load(c, as_of=AS_OF, max_members=700).iloc[:, :6].to_string(index=False))

# %% Set aside whose referrals look faked, before anything is thanked or paid. A sign is a reason
# to look, not a verdict: this list goes to a person, and says what it has cost so far.
signs = referral_fraud(c, as_of=AS_OF)
suspects = signs[signs["suspected"]]
heads = suspects[suspects["n_invitees"] > 0]
shown = ["member_id", "signs", "n_invitees", "silent_share"]
print(label(heads[shown].head(2)).to_string(index=False))
paid = reward_cost(c, as_of=AS_OF).set_index("campaign_kind").loc["all"]
print(f"{len(suspects)} suspects; {paid['abuse_share']:.0%} of {paid['rewards']:.0f} in rewards")

# %% Does the community grow by itself, and which kind of campaign brought buyers most cheaply?
# All members stand below the line of K; who joined last month is not counted yet.
grown = k_factor(c, as_of=AS_OF, by=None).iloc[0]
print(f"K {grown['k_trusted']:.2f}, with the suspects {grown['k']:.2f}", end=" ")
print(f"[{grown['k_low']:.2f}, {grown['k_high']:.2f}], of {grown['n_members']} members")
kinds = campaign_k(c, as_of=AS_OF).dropna(subset=["campaign_kind"])
shown = ["campaign_kind", "n_bought", "cost_per_buyer", "cost_low", "cost_high"]
cheap = kinds.nsmallest(3, "cost_per_buyer")[shown]
print(label(cheap).round(0).to_string(index=False))

# %% Who bridges circles, is listened to and brings buyers: the KOC, without staff, suspects and
# who opted out. `tier` is a matter of score and of proof.
ranked = koc(c, as_of=AS_OF)
listed = ranked[ranked["rank"].notna()].drop(columns="excluded_because")
facts = koc_evidence(c, as_of=AS_OF, members=listed)
listed = listed.merge(facts[["member_id", "n_listeners", "n_buyers", "gmv"]], on="member_id")

# %% Whom to tell of a new product first: there are 15 parcels of samples. Those who were left out
# above are no seeds, but pass on what they hear; how far other choices would get stands beside.
rules = SeedRules(exclude=ranked[ranked["rank"].isna()])
seeds = choose_seeds(influence_graph(c, as_of=AS_OF), 15, rules=rules, random_state=0)
print(f"at least {seeds.certified_ratio:.0%} of what any 15 could reach")
print(label(seeds.baselines).round(0).to_string(index=False))

# %% Where to find each of them: the main group, its state, and the staff who owns it.
where = overlapping_communities(c, as_of=AS_OF)
where = where.loc[where["is_main"], ["member_id", "group_id"]]
where = where.merge(label(health)[["group_id", "state"]], on="group_id")
where = where.merge(c.groups[["group_id", "owner_id"]], on="group_id")
people = listed.merge(where, on="member_id", how="left")
people = people.merge(seeds.seeds[["member_id", "gain"]], on="member_id", how="left")

# %% What to do, in this order: a member gets all that fits, and is listed under the first.
to_save = people[people["group_id"].isin(dying["group_id"]) & (people["role"] != "sleeper")]
to_save = to_save.sort_values("trust", ascending=False).groupby("group_id").head(1)
DO = {
    "当面感谢，请试新品": people["tier"] == "core",
    "先告诉新品，寄样": people["gain"].notna(),
    "给机会：请答疑、带样": people["tier"] == "rising",
    "请带话题，救群": people["member_id"].isin(to_save["member_id"]),
    "问候，不推销": (people["role"] == "sleeper") & (people["n_buyers"] >= 2),
}
fits = pd.DataFrame(DO)
people["do"] = fits.apply(lambda row: "；".join(fits.columns[row]), axis=1)
people["place"] = fits.to_numpy().argmax(axis=1)
people = people[fits.any(axis=1)].sort_values(["place", "rank"], ignore_index=True)

# %% The table.
words = label(people)
why = words["reasons"].str.join("、")
why = why.mask((why == "") & people["gain"].notna(), "话传得远")
why = why.mask(why == "", "各项均衡")
table = pd.DataFrame(
    {
        "会员": people["member_id"],
        "怎么做": people["do"],
        "角色": words["role"],
        "为何": why,
        "把握": people["confidence"].round(2),
        "带来买家": people["n_buyers"].astype("Int64"),
        "带来金额": people["gmv"].round(0),
        "听的人": people["n_listeners"].astype("Int64"),
        "多触达": people["gain"].round(0).astype("Int64").astype("string").fillna(""),
        "主群": people["group_id"].fillna(""),
        "群状态": people["state"].fillna("不在群"),
        "谁去": people["owner_id"].fillna("门店"),
    }
)
print(table.groupby(people["place"]).head(5).to_string(index=False, na_rep=""))

# %% How much work that is.
print(table["怎么做"].str.split("；").explode().value_counts().to_string())
