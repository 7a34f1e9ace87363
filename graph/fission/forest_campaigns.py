"""How far each campaign, and each kind of campaign, was passed on."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.errors import DataError
from siyu.datasets.exact_sums import exact_sum
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.ids import encode, lookup, take
from siyu.datasets.ordering import distinct

from .forest_breadth import widest_below
from .forest_shape import ForestShape, climb
from .forest_view import ForestView
from .referral_forest import ReferralForest

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = ["Campaigns", "campaign_spread", "kind_spread"]

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Campaigns:
    """Through which campaign each member was brought.

    Attributes
    ----------
    campaign, kind : int64 arrays, n members
        Positions in `ids` and `kinds`; -1 where unknown, and for who was not brought.
    ids, kinds : pyarrow.Array
        Ascending.
    kind_of : int64 array
        The kind of each campaign of `ids`, -1 where unknown.
    """

    campaign: Ints
    kind: Ints
    ids: pa.Array
    kinds: pa.Array
    kind_of: Ints

    @classmethod
    def of(cls, known: "Community", forest: ReferralForest) -> "Campaigns":
        """Look up the campaigns of the referrals that count."""
        rows = forest.claims.rows
        campaign = np.full(len(forest), -1, dtype=np.int64)
        ids, brought = pa.array([], pa.large_string()), forest.row >= 0
        if "campaign_id" in rows.column_names:
            met = rows["campaign_id"].take(pa.array(forest.row[brought]))
            campaign[brought], ids = encode(met)
        kind_of, kinds = _kinds(known.arrow("campaigns"), ids)
        kind = np.append(kind_of, -1)[campaign]  # -1 is the last
        return cls(campaign, kind, ids, kinds, kind_of)


def campaign_spread(c: "Community", *, as_of: Any, output: FrameKind = "pandas") -> Frame:
    """Tell of every campaign how many it brought, and how far it was passed on.

    Within a campaign a tree begins with a member who brought others through it, without having
    been brought through it; so one long chain of inviters may be several trees here, one a
    campaign.

    Parameters
    ----------
    c : Community
        With referrals that name their ``campaign_id``, and perhaps campaigns and orders.
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded; without a zone it is the shop's clock.
    output : {"pandas", "polars", "pyarrow"}
        Kind of frame to return.

    Returns
    -------
    frame, one row a campaign with referrals that count, sorted by ``campaign_id``
        The last row, with a null id, holds the referrals of no campaign, if there are any.
        ``campaign_kind`` : null if unknown; ``n_trees`` : of them; ``n_inviting`` : members who
        brought somebody through the campaign; ``n_brought`` : members brought;
        ``largest`` : members of the largest tree, its beginning included; ``depth`` : the most
        generations of a tree, int >= 1; ``breadth`` : the most members in one generation of a
        tree; ``passed_on`` : share of the brought who were brought by somebody brought, 0..1;
        ``structural_virality`` : mean over the trees, see `cascade_stats`;
        ``n_won`` : of the brought, who had not bought before; ``n_buyers`` : of those, who
        bought since; ``conversion`` : n_buyers / n_won, null where that is 0;
        ``gmv`` : what they paid, net of refunds. The last four are null without orders.

    Raises
    ------
    DataError
        If there are no referrals, or none could name a campaign.

    Warns
    -----
    SiyuWarning
        As `referral_stats`.

    Examples
    --------
    >>> import warnings
    >>> from siyu.datasets import make_community
    >>> c = make_community(n_members=300, random_state=0)
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")  # the simulator plants circles and self-invites
    ...     found = campaign_spread(c, as_of="2026-07-01")
    >>> bool((found["n_trees"] <= found["n_inviting"]).all())
    True
    """
    view, campaigns = _viewed(c, as_of, "campaign_spread()")
    label, columns = _spread(view, campaigns.campaign, len(campaigns.ids))
    named = {
        "campaign_id": take(campaigns.ids, label),
        "campaign_kind": take(campaigns.kinds, np.append(campaigns.kind_of, -1)[label]),
    }
    return from_arrow(pa.table(named | columns), output)


def kind_spread(c: "Community", *, as_of: Any, output: FrameKind = "pandas") -> Frame:
    """Tell of every kind of campaign how many it brought, and how far it was passed on.

    As `campaign_spread`, with all campaigns of one kind taken for one.

    Parameters
    ----------
    c : Community
        With referrals that name their ``campaign_id``, campaigns with their ``kind``, and
        perhaps orders.
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded; without a zone it is the shop's clock.
    output : {"pandas", "polars", "pyarrow"}
        Kind of frame to return.

    Returns
    -------
    frame, one row a kind, sorted by ``campaign_kind``
        Columns as in `campaign_spread`, without ``campaign_id``. The last row, with a null kind,
        holds the referrals of no campaign, or of one of unknown kind.

    Raises
    ------
    DataError
        If there are no referrals or no campaigns, or none could name a campaign or its kind.

    Warns
    -----
    SiyuWarning
        As `referral_stats`.

    Examples
    --------
    >>> import warnings
    >>> from siyu.datasets import make_community
    >>> c = make_community(n_members=300, random_state=0)
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")  # the simulator plants circles and self-invites
    ...     found = kind_spread(c, as_of="2026-07-01")
    >>> found["campaign_kind"].dropna().tolist()
    ['bargain', 'contest', 'coupon', 'gift', 'groupbuy', 'help', 'swap']
    """
    c.require("campaigns", call="kind_spread()")
    view, campaigns = _viewed(c, as_of, "kind_spread()")
    rows = view.known.arrow("campaigns")
    if rows is not None and "kind" not in rows.column_names:
        raise DataError("kind_spread() needs campaigns.kind")
    label, columns = _spread(view, campaigns.kind, len(campaigns.kinds))
    return from_arrow(pa.table({"campaign_kind": take(campaigns.kinds, label)} | columns), output)


def _viewed(c: "Community", as_of: Any, call: str) -> tuple[ForestView, Campaigns]:
    view = ForestView.of(c, as_of, call)
    if "campaign_id" not in view.forest.claims.rows.column_names:
        raise DataError(f"{call} needs referrals.campaign_id")
    return view, Campaigns.of(view.known, view.forest)


def _kinds(campaigns: pa.Table | None, ids: pa.Array) -> tuple[Ints, pa.Array]:
    """Give the kind of each campaign as a code, and the kinds."""
    if campaigns is None or "kind" not in campaigns.column_names:
        return np.full(len(ids), -1, dtype=np.int64), pa.array([], pa.large_string())
    place = lookup(campaigns["campaign_id"], ids)
    kept = np.flatnonzero((place >= 0) & np.asarray(pc.is_valid(campaigns["kind"]).to_numpy()))
    codes, kinds = encode(campaigns["kind"].take(pa.array(kept)).cast(pa.large_string()))
    kind_of = np.full(len(ids), -1, dtype=np.int64)
    np.maximum.at(kind_of, place[kept], codes)  # the same whatever the order, should ids repeat
    return kind_of, kinds


def _spread(view: ForestView, label: Ints, n_labels: int) -> tuple[Ints, dict[str, Any]]:
    """Cut the forest into trees of one label each, and describe the trees of every label.

    Returns the labels met, -1 last for none, and a column each.
    """
    parent, depth = view.forest.parent, view.forest.depth
    brought = np.flatnonzero(parent >= 0)
    label = np.where(label < 0, n_labels, label)
    of = label[brought]
    shape, node_label, n_brought = _cut(view.forest, brought, label, n_labels)
    trees = np.arange(n_brought, len(shape.size))
    every = n_labels + 1
    n_trees = np.bincount(node_label[trees], minlength=every)
    n_of = np.bincount(of, minlength=every)
    inviting = distinct(parent[brought] * every + of) % every
    later = (depth[brought] > 1) & (label[parent[brought]] == of)
    met = np.flatnonzero(n_of)
    virality = exact_sum(node_label[trees], shape.structural_virality()[trees], every)
    columns = {
        "n_trees": n_trees,
        "n_inviting": np.bincount(inviting, minlength=every),
        "n_brought": n_of,
        "largest": _largest(node_label, shape.size, every),
        "depth": _largest(node_label, shape.height, every),
        "breadth": _largest(node_label, widest_below(shape), every),
        "passed_on": np.bincount(of[later], minlength=every) / np.maximum(n_of, 1),
        "structural_virality": virality / np.maximum(n_trees, 1),
    }
    money = _money(view, brought, of, every)
    shown = {name: values[met] for name, values in columns.items()}
    return np.where(met == n_labels, -1, met), shown | {n: v.take(met) for n, v in money.items()}


def _cut(
    forest: ReferralForest, brought: Ints, label: Ints, n_labels: int
) -> tuple[ForestShape, Ints, int]:
    """Make a forest of the members brought, each under a tree of the own label.

    Who brought others of a label without being of it stands above them once more, as the
    beginning of a tree: these nodes come last.
    """
    parent = forest.parent[brought]
    node = np.full(len(forest), -1, dtype=np.int64)
    node[brought] = np.arange(len(brought))
    same = (node[parent] >= 0) & (label[parent] == label[brought])
    key = parent * (n_labels + 1) + label[brought]
    begins = distinct(key[~same])
    above = np.where(same, node[parent], len(brought) + np.searchsorted(begins, key))
    whole = np.append(above, np.full(len(begins), -1)).astype(np.int32)
    node_label = np.append(label[brought], begins % (n_labels + 1))
    return ForestShape.of(whole, *climb(whole)[:2]), node_label, len(brought)


def _largest(label: Ints, values: npt.NDArray[Any], n: int) -> Ints:
    found = np.zeros(n, dtype=np.int64)
    np.maximum.at(found, label, values.astype(np.int64))
    return found


def _money(view: ForestView, brought: Ints, of: Ints, n: int) -> dict[str, pa.Array]:
    if view.money is None:
        kinds = {"n_won": pa.int64(), "n_buyers": pa.int64()}
        kinds |= {"conversion": pa.float64(), "gmv": pa.float64()}
        return {name: pa.nulls(n, kind) for name, kind in kinds.items()}
    won = np.bincount(of[view.money.won[brought]], minlength=n)
    buyers = np.bincount(of[view.money.bought[brought]], minlength=n)
    return {
        "n_won": pa.array(won),
        "n_buyers": pa.array(buyers),
        "conversion": pa.array(buyers / np.maximum(won, 1), mask=won == 0),
        "gmv": pa.array(exact_sum(of, view.money.gmv[brought], n)),
    }
