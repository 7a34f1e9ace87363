"""What to offer: products each member is likely to take in the next four weeks."""

# %%
from siyu import OfferRecommender, make_community

c = make_community(800, random_state=1)
AS_OF = "2026-06-03"

# %% Trained on windows before AS_OF; falls back to a simple list, and says so, if that wins.
rec = OfferRecommender(horizon="28D", random_state=0).fit(c, as_of=AS_OF)
offers = rec.recommend(k=5)
print(offers.head(5).to_string(index=False))

# %% Only products the member never bought, and why the first of them.
fresh = rec.recommend(k=3, only_new=True)
print(fresh.head(3).to_string(index=False))
