"""Whom to win back this week: lifecycle, RFM class and behaviour tags of every member."""

# %% A brand's community; Community.from_folder("data/") reads your own.
from siyu import label, make_community, rfm, tag

c = make_community(800, random_state=1)
AS_OF = "2026-06-03"

# %% One row a member, one column a tag. Codes; label() turns them into words.
tags = tag(c, as_of=AS_OF)
print(label(tags, lang="en")["stage"].value_counts().to_string())

# %% Members who went quiet, with what they used to spend a purchase day.
value = rfm(c, as_of=AS_OF)[["member_id", "recency", "frequency", "monetary"]]
quiet = tags.loc[tags["stage"] == "dormant", ["member_id", "stage"]].merge(value, on="member_id")
print(quiet.sort_values("monetary", ascending=False).head(5).to_string(index=False))
