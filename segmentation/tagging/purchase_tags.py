"""Tags of what members buy: baskets, discounts, refunds, stock, favourites."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.affinity import affinity_matrix, decay, top_keys
from siyu.datasets.ids import lookup, take
from siyu.datasets.member_rows import MemberRows

from .facts import Facts
from .purchase_norms import HALF_LIFE_DAYS, PurchaseNorms, favourite_columns

__all__ = ["favourite_tags", "purchase_tags"]

Floats = npt.NDArray[np.float64]
Columns = dict[str, pa.Array]

_FAVOURITES = {
    "channel": "favourite_channel",
    "store_id": "favourite_store",
    "category": "favourite_category",
}


def purchase_tags(facts: Facts, norms: PurchaseNorms) -> Columns:
    """Tag how members buy; a tag whose columns are absent is left out.

    Parameters
    ----------
    facts : Facts
    norms : PurchaseNorms
        Of the whole population.

    Returns
    -------
    dict of tag to array, one value a member; null without purchases
    """
    lines, bought = facts.lines, facts.purchases
    if lines is None or bought is None:
        return {}
    paid = lines.numbers("amount")
    tags = {"refund_share": _ratio(lines.sum(np.maximum(-paid, 0.0)), bought.sum("amount"))}
    if bought.has("order_id"):
        known = bought.where(bought.table["order_id"].is_valid().to_numpy())
        tags["basket_size"] = _ratio(known.count(), known.distinct("order_id"))
    if bought.has("discount"):
        discount = bought.numbers("discount")
        on_offer = np.where(np.isnan(discount), np.nan, discount != 0)
        tags["discount_share"] = _known(bought.mean(on_offer))
    if bought.has("coupon_id"):
        tags["coupon_share"] = _known(bought.share(bought.table["coupon_id"].is_valid().to_numpy()))
    if bought.has("product_id") and bought.has("quantity"):
        tags["stock_up"] = _known(bought.mean(_twice_as_usual(bought, norms)))
    return tags


def favourite_tags(facts: Facts, norms: PurchaseNorms) -> Columns:
    """Tag where and what members like to buy, purchases of late counting more.

    Parameters and Returns are those of `purchase_tags`. Shares are drawn towards those of all
    members, which count as much as one purchase line of today.
    """
    bought = facts.purchases
    if bought is None:
        return {}
    weight = decay(bought.times, facts.end, HALF_LIFE_DAYS)
    tags = {}
    for column, values in favourite_columns(facts.c, bought.table).items():
        usual = norms.favourites[column]
        shape = (len(facts.members), len(usual.keys))
        matrix = affinity_matrix(bought.codes, lookup(values, usual.keys), weight, shape)
        best = top_keys(matrix, usual.share)
        tags[_FAVOURITES[column]] = take(usual.keys, best.key)
        if column == "category":
            tags["favourite_category_share"] = _known(best.share)
    return tags


def _twice_as_usual(bought: MemberRows, norms: PurchaseNorms) -> Floats:
    """Tell which lines hold twice the usual quantity of the product; NaN where unknown."""
    at = lookup(bought.table["product_id"], norms.products)
    usual = np.append(norms.usual_quantity, np.nan)[at]
    quantity = bought.numbers("quantity")
    known = ~np.isnan(usual) & ~np.isnan(quantity)
    return np.where(known, quantity >= 2 * usual, np.nan)


def _ratio(part: npt.NDArray[np.generic], whole: npt.NDArray[np.generic]) -> pa.Array:
    """Divide; null where there is nothing to divide by."""
    empty = whole == 0
    return pa.array(part / np.where(empty, 1, whole), mask=empty)


def _known(values: Floats) -> pa.Array:
    return pa.array(values, mask=np.isnan(values))
