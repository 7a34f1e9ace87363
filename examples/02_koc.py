"""Who are the KOC: members who bridge circles, are listened to, and bring buyers."""

# %% A brand's community; Community.from_folder("data/") reads your own.
import pandas as pd

from siyu import MemberGraph, koc, label, make_community, structural_holes
from siyu.graph import community_bridging, koc_by_category, koc_evidence, koc_roles

pd.set_option("display.width", 200, "display.max_columns", 20, "display.max_colwidth", 70)
c = make_community(800, random_state=1)
AS_OF = "2026-06-03"

# %% Ties from referrals, replies, group co-membership and friendships; staff left out. Who is tied
# to many has low constraint anyway; bridging is measured at equal degree.
graph = MemberGraph.from_community(c, as_of=AS_OF)
holes = structural_holes(graph).merge(community_bridging(graph), on=["member_id", "degree"])
shown = ["member_id", "degree", "constraint", "effective_size", "n_communities", "bridging"]
print(holes.nlargest(3, "bridging")[shown].round(2).to_string(index=False))

# %% The list: how good, how sure, what for, why, and why others are not on it.
ranked = koc(c, as_of=AS_OF)
shown = ["rank", "member_id", "score", "tier", "confidence", "role", "reasons"]
print(label(ranked[shown].head(8), lang="en").round(2).to_string(index=False))
print(label(ranked, lang="en")["excluded_because"].value_counts().to_string())

# %% The facts behind it, in people and money.
core = ranked[ranked["tier"] == "core"]
facts = koc_evidence(c, as_of=AS_OF, members=core)
shown = ["member_id", "n_listeners", "n_helped", "n_invitees", "n_buyers", "gmv", "spent"]
print(facts[shown].to_string(index=False))

# %% One number cannot be all of them: the best in every role.
roles = koc_roles(c, as_of=AS_OF)
named = roles[roles["role"] != "ordinary"]
print(label(named, lang="en")["role"].value_counts().to_string())

# %% And whom others follow into a category.
print(koc_by_category(c, as_of=AS_OF, k=2, categories=["tea", "pet"]).round(2).to_string())
