"""What the members' purchases from their lists were worth."""

import numpy as np
import pyarrow as pa

from siyu.datasets.errors import DataError
from siyu.datasets.frames import Frame, from_arrow
from siyu.datasets.ids import ids_in, lookup
from siyu.recommend.sorted_keys import run_starts, within_run

from .listed import Listed, as_pairs

__all__ = ["list_value"]


def list_value(recommended: Frame, relevant: Frame, *, k: int = 10) -> Frame:
    """Add up what listed products were worth where the member took them.

    It is not what the list earned: who would have bought anyway counts, too. It ranks lists by
    where they put what is worth much.

    Parameters
    ----------
    recommended : frame with member_id, product_id, rank
        As in `list_quality`.
    relevant : frame with member_id, product_id, value
        What each member took, and its worth to the shop, such as margin or net amount; no pair
        twice. A loss is below 0.
    k : int >= 1

    Returns
    -------
    frame like `recommended`, one row a member of `relevant`, sorted by ``member_id``
        ``value`` : sum over listed products that were taken, in the unit of `relevant`;
        ``value_share`` : that over the most that `k` products could have captured; null where
        nothing that the member took was worth more than 0.

    Raises
    ------
    DataError
        If the lists are malformed, a pair stands twice in `relevant`, or a value is unknown.

    Examples
    --------
    >>> import pandas as pd
    >>> shown = pd.DataFrame({"member_id": 1, "product_id": [7, 8], "rank": [1, 2]})
    >>> taken = pd.DataFrame({"member_id": 1, "product_id": [8, 9], "value": [1.0, 3.0]})
    >>> list_value(shown, taken, k=1)[["value", "value_share"]].values.tolist()
    [[0.0, 0.0]]
    >>> list_value(shown, taken, k=2)[["value", "value_share"]].values.tolist()
    [[1.0, 0.25]]
    """
    shown, taken = Listed.of(recommended, k), as_pairs(relevant, ("value",))
    members = ids_in(taken["member_id"])
    products = ids_in(shown.rows["product_id"], taken["product_id"])
    n_products = max(len(products), 1)
    keys = lookup(taken["member_id"], members) * n_products + lookup(taken["product_id"], products)
    value = np.asarray(taken["value"].to_numpy(), np.float64)
    if not np.isfinite(value).all():
        raise DataError("what was taken: every value must be finite")
    order = np.argsort(keys, kind="stable")
    keys, value = keys[order], value[order]
    n_repeated = len(keys) - len(np.unique(keys))
    if n_repeated:
        raise DataError(f"what was taken: a member has a product twice, {n_repeated} rows too many")
    listed = lookup(shown.rows["member_id"], members), lookup(shown.rows["product_id"], products)
    is_listed = np.isin(keys, (listed[0] * n_products + listed[1])[listed[0] >= 0])
    row = keys // n_products
    captured = np.bincount(row[is_listed], value[is_listed], minlength=len(members))
    order = np.lexsort((-value, row))
    nth = within_run(run_starts(row[order]), len(row))
    best = np.where((nth < k) & (value[order] > 0), value[order], 0.0)
    most = np.bincount(row[order], best, minlength=len(members))
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(most > 0, captured / most, np.nan)
    table = {"value": captured, "value_share": pa.array(share, from_pandas=True)}
    return from_arrow(pa.table({"member_id": members, **table}), shown.kind)
