"""What a list is for: which pairs count as a success, what a success is worth, how to judge.

=============  ===================================================  =================  =========
goal           a pair of member and product is relevant if          worth of a hit     judged by
=============  ===================================================  =================  =========
repurchase     the member buys it, for the first time or again      1                  ndcg
new_category   so, and had bought nothing of its category before    1                  ndcg
visit          it lies in the member's first basket of the horizon  1                  ndcg
gmv            the member buys it                                   price paid         captured
margin         the member buys it                                   price paid - cost  captured
=============  ===================================================  =================  =========

A model is trained on relevance alone, which is dated. Worth comes in afterwards: lists for gmv
and margin are ordered by probability times worth. The price paid is taken from orders before the
moment. A product's cost has no date, so it never trains a model; it only values what the model
has scored, at the moment of the list, and both sides alike where two models are compared.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from siyu.datasets.errors import ParameterError
from siyu.datasets.exact_sums import exact_sum
from siyu.recommend.sorted_keys import Bools, Ints, run_starts, within_run
from siyu.recommend.tables.purchases import Purchases

__all__ = ["GOALS", "Goal", "Hits", "captured_value", "goal_of", "value_parts", "value_score"]

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """The relevant pairs of one window, and what each is worth.

    Attributes
    ----------
    keys : int64 array, n_hits, ascending
        ``member x n_products + product``, in the codes of the purchases.
    worth : float64 array, n_hits, 0 or more
    n_products : int >= 1
    """

    keys: Ints
    worth: Numbers
    n_products: int

    @property
    def member(self) -> Ints:
        """Give the member of every hit."""
        return self.keys // self.n_products

    def contains(self, keys: Ints) -> Bools:
        """Tell which pairs, given by their keys, are hits."""
        return np.isin(keys, self.keys)


@dataclass(frozen=True, slots=True)
class Goal:
    """What a list is for.

    Attributes
    ----------
    name : one of `GOALS`
    relevant : {"bought", "new_category", "first_basket"}
        Which pairs are relevant.
    worth : {"one", "price", "margin"}
        What a hit is worth.
    metric : {"ndcg", "captured"}
        Normalised discounted gain of the relevant pairs, or `captured_value`.
    """

    name: str
    relevant: str
    worth: str
    metric: str

    @property
    def is_money(self) -> bool:
        """Tell whether lists are ordered by probability times worth."""
        return self.worth != "one"

    def hits(
        self,
        before: Purchases,
        later: Purchases,
        category: Ints | None = None,
        worth: Numbers | None = None,
    ) -> Hits:
        """Find the relevant pairs of a window.

        Parameters
        ----------
        before : Purchases
            Before the window began. To let old purchases of a category be forgotten, leave
            them out here.
        later : Purchases
            Within the window, in the same codes.
        category : int64 array, n_products, -1 where unknown
            Needed by the goal ``new_category``; a product of unknown category is then never
            relevant, because nobody can tell.
        worth : float64 array, n_products, optional
            What one purchase of each product is worth, for gmv and margin: from orders before
            the window (see `siyu.recommend.offers.worth.Worth`). Unknown and negative count 0.

        Returns
        -------
        Hits

        Raises
        ------
        ParameterError
            If the goal needs `category` or `worth`, and it is not given.

        Examples
        --------
        >>> import pandas as pd
        >>> from siyu.datasets import Community
        >>> times = pd.to_datetime(["2026-01-01", "2026-02-01", "2026-02-02"], utc=True)
        >>> orders = pd.DataFrame({"member_id": 1, "product_id": [7, 7, 8], "amount": 5.0})
        >>> bought = Purchases.of(Community(orders=orders.assign(order_time=times)))
        >>> cut = bought.basket_time[1]
        >>> before, later = bought.before(cut), bought.between(cut, 2 * cut)
        >>> goal_of("visit").hits(before, later).keys.tolist()
        [0]
        >>> goal_of("new_category").hits(before, later, np.array([0, 1])).keys.tolist()
        [1]
        """
        n_products = max(len(later.products), 1)
        if self.relevant == "first_basket":
            keys = _first_baskets(later, n_products)
        else:
            keys = later.pair_keys()
        if self.relevant == "new_category":
            if category is None:
                raise _lacking("category", self.name)
            keys = keys[_is_new_category(before, keys, category)]
        if not self.is_money:
            return Hits(keys, np.ones(len(keys)), n_products)
        if worth is None:
            raise _lacking("worth", self.name)
        return Hits(keys, np.maximum(np.nan_to_num(worth), 0.0)[keys % n_products], n_products)


_ALL = (
    Goal("repurchase", "bought", "one", "ndcg"),
    Goal("new_category", "new_category", "one", "ndcg"),
    Goal("margin", "bought", "margin", "captured"),
    Goal("gmv", "bought", "price", "captured"),
    Goal("visit", "first_basket", "one", "ndcg"),
)
GOALS: tuple[str, ...] = tuple(goal.name for goal in _ALL)


def goal_of(name: str) -> Goal:
    """Give the goal of a name.

    Parameters
    ----------
    name : one of `GOALS`

    Raises
    ------
    ParameterError
        If there is none of that name.

    Examples
    --------
    >>> goal_of("margin").metric
    'captured'
    """
    for goal in _ALL:
        if goal.name == name:
            return goal
    raise ParameterError("goal", f"goal must be one of {', '.join(GOALS)}; got {name!r}")


def value_score(log_odds: Numbers, worth: Numbers) -> Numbers:
    """Score pairs by the logarithm of probability times worth.

    Parameters
    ----------
    log_odds : float64 array, n_pairs
        Of the purchase: ``log(p / (1 - p))``, such as the raw score of trees trained on
        purchases.
    worth : float64 array, n_pairs
        What a purchase earns, in money.

    Returns
    -------
    float64 array, n_pairs
        ``log(p * worth)``; minus infinity where there is nothing to earn, or nobody knows: such
        products end the list.

    Examples
    --------
    >>> value_score(np.zeros(3), np.array([2.0, 4.0, -1.0])).round(3).tolist()
    [0.0, 0.693, -inf]
    """
    parts = value_parts(log_odds, worth)
    return np.asarray(log_odds + parts["ceiling"] + parts["worth"])


def value_parts(log_odds: Numbers, worth: Numbers) -> dict[str, Numbers]:
    """Give what is added to the log-odds, so that explanations add up to the score.

    Parameters
    ----------
    log_odds, worth
        As in `value_score`.

    Returns
    -------
    mapping of part to float64 array, n_pairs
        ``ceiling`` : ``log(1 - p)``, at most 0: odds grow beyond every bound, probabilities do
        not; ``worth`` : ``log(worth)``. ``log_odds + ceiling + worth`` is `value_score`.

    Examples
    --------
    >>> parts = value_parts(np.zeros(1), np.array([2.0]))
    >>> parts["ceiling"].round(3).tolist(), parts["worth"].round(3).tolist()
    ([-0.693], [0.693])
    """
    ceiling = -np.logaddexp(0.0, log_odds)
    earns = np.nan_to_num(worth) > 0
    logs = np.log(np.where(earns, worth, 1.0))
    return {"ceiling": ceiling, "worth": np.where(earns, logs, -np.inf)}


def captured_value(
    member: Ints, rank: Ints, gain: Numbers, possible: tuple[Ints, Numbers, int], k: int = 10
) -> Numbers:
    """Give the share of the money within reach that each member's list has captured.

    Parameters
    ----------
    member, rank : int64 arrays, one entry a listed product
        Codes, and ranks from 1.
    gain : float64 array
        What the listed product was worth if it was a hit, else 0.
    possible : (member, worth, n_members)
        All relevant pairs (see `Hits`), and how many members there are.
    k : int >= 1
        Length of the list.

    Returns
    -------
    float64 array, n_members values in [0, 1]
        Gains of the first `k` products, over the `k` largest worths of the member's relevant
        pairs; 0 where there is nothing to capture.

    Examples
    --------
    One of two products was found, worth 6 of 8:

    >>> found = np.array([0, 0]), np.array([1, 2]), np.array([6.0, 0.0])
    >>> captured_value(*found, possible=(np.array([0, 0]), np.array([2.0, 6.0]), 1), k=2).tolist()
    [0.75]
    """
    owner, worth, n = possible
    order = np.lexsort((-worth, owner))
    best = order[within_run(run_starts(owner[order]), len(order)) < k]
    reach = exact_sum(owner[best], worth[best], n)
    found = exact_sum(member, gain, n, rank <= k)
    return np.where(reach > 0, found / np.where(reach > 0, reach, 1.0), 0.0)


def _first_baskets(later: Purchases, n_products: int) -> Ints:
    """Give the pairs of each member's first basket; baskets of one instant count as one."""
    opens = run_starts(later.basket_member)
    first = np.repeat(later.basket_time[opens], np.diff(np.append(opens, len(later.basket_time))))
    lines = (later.basket_time == first)[later.line_basket] if len(first) else np.zeros(0, bool)
    return np.unique(later.line_member()[lines] * n_products + later.line_product[lines])


def _is_new_category(before: Purchases, keys: Ints, category: Ints) -> Bools:
    """Tell which pairs are of a category that the member had not bought from."""
    n_products, n_categories = max(len(before.products), 1), int(category.max(initial=0)) + 1
    had = before.pair_keys()
    met = category[had % n_products] >= 0
    owned = (had // n_products * n_categories + category[had % n_products])[met]
    mine = category[keys % n_products]
    return (mine >= 0) & ~np.isin(keys // n_products * n_categories + mine, owned)


def _lacking(name: str, goal: str) -> ParameterError:
    """Say what a goal cannot be measured without."""
    return ParameterError(name, f"the goal {goal!r} needs {name}, one number a product")
