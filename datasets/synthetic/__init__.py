"""A documented simulator of a private-domain brand, with planted truth.

`make_community` (module `community_maker`) draws a brand's whole member community: every table
of `siyu.datasets.schema.SCHEMAS`, and in ``c.truth`` what real tables never tell. This page is
the generating process, part by part; numbers in brackets are knobs of `CommunityOptions`, the
others are constants of the modules named. All of it is invented: it has the mechanisms of a
private-domain shop, not the figures of any.

Clock
-----
``seasons``: days [730] end with 2026-06-30 in Asia/Shanghai, whatever the wall clock says; inside,
time is whole seconds since the first local midnight. The shop has a pace for every day (mean 1):
weekends +15 %, the 13th of each month (member day) +60 %, 1-20 June +50 % with a peak on 16-18,
1-11 November +60 % with a peak on 9-11, a wave before the Spring Festival and a lull in it
[season_strength 1]. Members' gaps are drawn in business time, which runs at that pace; so seasons
crowd orders and leave everybody's long-run rhythm alone.

People
------
``roster``: one social community per 100 members. Two thirds of the members come by themselves (a
fifth within 20 days of the launch, then growing, with the seasons) and join one of the youngest
communities. The others are brought: each member invites Poisson(0.35 x sharing) others, each a
lognormal time later (median 40 days, sigma 1.1), who invite in turn; four in five stay in the
inviter's community. `sharing` is gamma (shape 0.4, mean 1; doubled for brokers), `influence`
lognormal (sigma 0.7): others reply to the influential, trust them, and buy when brought by them.
Two members in a hundred [broker_share] are brokers, and two accounts in a hundred [fraud_share]
belong to rings of 8 to 30: stars, cycles, and stars whose centre brings itself. Ring accounts
join in a burst, minutes apart, within a fission campaign, share devices, and never buy or talk.

``members``: own mean gap between purchase days, lognormal (median 30 days [gap_median], sigma
0.6 [gap_spread]); own gamma shape of the gaps, 1 to 4 [gap_shape]; price sensitivity Beta(2, 3);
taste over 12 categories, Dirichlet around one of six archetypes which three in five share with
their community; coupon response, higher for the price-sensitive, zero for a quarter; openness of
five channels (usual rates: chat 45 %, Moments 60 %, service account 12 %, subscription account
3 %, SMS 8 %), logit-normal with a common part; tolerance in messages per 28 days, lognormal
(median 8, sigma 0.6); own hours, night owls (12 %), keepers of the member day (20 %), talk,
spammers (0.4 %), opt-out (3 % [opt_out_share]).

Orders
------
``lifecycle``, ``purchases``: about 70 % ever buy (brought members more). The first order comes on
the day of joining (a quarter) or a lognormal wait later (median 10 days, sigma 1.2). A life lasts
an exponential time with the member's own mean (200 days plus gamma, mean 500 in all); 18 % buy
just once. After a life a third comes back, 2 to 8 own gaps later (75 to 400 days); up to three
lives. Within a life, orders are a renewal process with the own gaps: one a day at most.

``baskets``, ``catalogue``: 1 + Poisson lines; the category by taste; the product on offer
(chance 0.05 + 0.45 x sensitivity), else one of two favourites of the category (62 %), else by
popularity (Zipf 0.9), tilted to the cheap end for the price-sensitive. 240 goods, lognormal
prices, launched over time, and two service lines (not recommendable). 36 price cuts and 12
displays a month, member-day and festival cuts, all planned 7 to 28 days ahead (``known_at``).

``orders``: amount + discount = quantity x list price, to the cent. 3.5 % of the lines come back
about a week later as lines of the same order at the time of the refund: four in five whole
(negative amount and quantity), the others money only (quantity 0).

Messages sent
-------------
``offers``, ``messaging``: weekly content shows one of four product offers of the month with the
logged chances 0.4, 0.3, 0.2, 0.1; how often is the experiment "dose" (weekly, every second, every
fourth week, by thirds, hashed). Coupon waves run on the 11th of each month, on 16 June and 9
November, each an experiment "coupon-NN" with a control arm (0.2), a small coupon (8 off 79; 0.4)
and a large one (30 off 129; 0.4); in every second wave the chances depend on whether the member
ordered in the last 60 days (0.3, 0.45, 0.25) or not (0.15, 0.25, 0.6). Every third wave is for one
category. Assignment hashes member and wave; everybody assigned stands in ``assignments``, the
treated also in ``sends`` and ``offer_members``. Living groups get a broadcast a week; its arms
(experiment "poster", by group) differ in nothing: a placebo.

An opened coupon causes an order with chance response x depth (0.45 small, 1 large) x match of a
category coupon (0.4 to 1 by taste) x state (1 while buying, 0.35 for the silent and for prospects
who would never buy, 0 for those whose next life is to begin anyway); such an order of a silent
member begins a life (of a day for three in five). Else the next own order in the week that
reaches the threshold uses the coupon, which only makes it cheaper. Stock is respected; every
third large coupon is scarce. The chance to open falls with the messages of the last 28 days
(4 % each); after each send the member quits with chance 0.015 x (messages / tolerance) cubed, at
most 0.6; quitters get nothing more, leave half of their groups, and 35 % leave the brand.

Groups and ties
---------------
``groups``, ``memberships``: each community has a home group (sharing or empowerment) that grows
30-120 days, is stable (60 days plus exponential, mean 600), dies (30-90 days), and is dead;
mixed sales groups live longer; flash groups come with the festivals for 16 days. Staff own every
group. ``conversation``: members open talk at their own rate times the liveliness of the group;
openings draw replies with the author's influence, half from friends; some are answered back.

``social``: power-law degrees (exponent 2.5, mean near 12 after closing triangles). Ordinary
members tie within their community, but for 10 % [tie_noise] of their ties; brokers spread theirs
over their own and 2-4 other communities at the same degree, and join groups there. Friendships
are dated, directed by who added whom; mention, trust and nominate run along them towards
influence. Some staff ties stand among them, as in real exports.

Truth
-----
``c.truth`` maps names to frames: "members" (all traits above, community, broker, ring, quit_at,
left_at), "tastes", "lives" (intervals of buying), "lifecycle" (stage intervals: prospect, new,
growing, loyal, dormant, churned, won_back; dormant begins when the member *has* fallen silent,
which nobody can see at the time), "groups" (state intervals), "rings" (accounts and parts),
"sends" (did the send cause an order), "uplift" (what each coupon of a wave would do to each
member assigned: the chance of a caused order, opening included). An interval without ``until``
lasts to the end.

Known limits: tastes and rhythms do not drift, peers do not make each other buy, product offers
in content do not cause orders, and communities differ in little but taste.
"""

__all__: list[str] = []
