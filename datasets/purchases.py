"""Which order lines are purchases, and which are refunds, gifts or corrections."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

__all__ = ["is_purchase"]


def is_purchase(lines: pa.Table) -> npt.NDArray[np.bool_]:
    """Tell which order lines are purchases: amount not negative, quantity above 0 or unknown.

    Parameters
    ----------
    lines : pyarrow.Table of schema ``orders``
        ``amount`` is read, and ``quantity`` where it is there.

    Returns
    -------
    bool array, n_lines

    Examples
    --------
    >>> is_purchase(pa.table({"amount": [9.0, -9.0, 5.0], "quantity": [1.0, -1.0, 0.0]}))
    array([ True, False, False])
    """
    bought: npt.NDArray[np.bool_] = lines["amount"].to_numpy() >= 0
    if "quantity" in lines.column_names:
        bought &= ~(lines["quantity"].to_numpy() <= 0)
    return bought
