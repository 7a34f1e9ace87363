"""Whom to thank: members who bridge communities and bring buyers."""

# %%
from siyu import MemberGraph, koc, make_community, structural_holes

c = make_community(800, random_state=1)
AS_OF = "2026-06-03"

# %% Ties from referrals, replies, group co-membership and friendships; staff left out.
graph = MemberGraph.from_community(c, as_of=AS_OF)
holes = structural_holes(graph)
print(holes[["degree", "constraint", "effective_size", "efficiency"]].describe().round(2))

# %% The list, with what speaks for each member and why others are not on it.
ranked = koc(c, as_of=AS_OF)
print(ranked.head(5).to_string(index=False))
print(ranked["excluded_because"].value_counts().to_string())
