"""Whom to win back this week: lifecycle, and what is at stake with those who fell silent."""

# %% A brand's community; Community.from_folder("data/") reads your own.
from siyu import label, lifecycle, make_community, tag
from siyu.segmentation import stage_history, transition_matrix, win_back

c = make_community(800, random_state=1)
AS_OF = "2026-06-03"

# %% Every member's stage, by the member's own rhythm; label() turns codes into words.
stages = lifecycle(c, as_of=AS_OF)
print(label(stages, lang="en")["stage"].value_counts().to_string())

# %% How members passed from stage to stage in the last three months: a row adds up to 1.
months = ["2026-03-03", "2026-04-03", "2026-05-03", AS_OF]
passed = transition_matrix(stage_history(c, as_of=months))
square = passed.pivot(index="stage_before", columns="stage_after", values="share")
print(square.round(2).to_string(na_rep=""))

# %% All that is known of a member beside the stage: one row a member, one column a tag.
print(tag(c, as_of=AS_OF).shape)

# %% Who fell silent in the last 60 days, most at stake first: the chance to come back unasked,
# what the member would spend in the next 90 days by the old rhythm, and why to try.
listed = win_back(c, as_of=AS_OF, within="60D", over="90D", k=10)
columns = ["member_id", "rank", "stage", "chance_alone", "value_at_stake", "reasons"]
print(label(listed[columns], lang="en").round(2).to_string(index=False))
