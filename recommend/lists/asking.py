"""What is asked of a model: checked, and put into the codes of its shop."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from siyu.datasets.community import Community
from siyu.datasets.errors import DataError, ParameterError, warn
from siyu.datasets.ids import encode, lookup
from siyu.recommend.parameters import whole_number
from siyu.recommend.sorted_keys import Bools, Ints, run_starts
from siyu.recommend.tables.member_columns import MemberFeatures

from .batches import Wanted
from .launches import favour_launches
from .leads import find_leads
from .limits import Limits
from .list_rules import ListRules
from .model import Model, ids_like
from .similar import find_similar

__all__ = [
    "buyer_code",
    "check_rules",
    "leads",
    "model_at",
    "product_code",
    "similar",
    "wanted_for",
]


def check_rules(rules: Any, *, has_community: bool) -> ListRules:
    """Refuse what are no rules, and rules that the state of the fit cannot answer.

    Raises
    ------
    ParameterError
        As said.
    """
    if rules is None:
        return ListRules()
    if not isinstance(rules, ListRules):
        raise ParameterError("rules", f"rules must be ListRules, got {type(rules).__name__}")
    if not has_community and (rules.offers is not None or rules.prefer != "price"):
        raise ParameterError(
            "rules",
            "rules for offers need the community to check them on: give community and as_of; "
            "the state of the fit holds the offers that ran then",
        )
    return rules


def wanted_for(model: Model, asked: pa.Array, k: Any, only_new: bool, rules: ListRules) -> Wanted:  # noqa: FBT001
    """Bind what is asked for to a model's shop.

    Parameters
    ----------
    model : Model
    asked : pa.Array, sorted member ids
    k : int >= 1
    only_new : bool
    rules : ListRules

    Raises
    ------
    ParameterError
        If `k` is no whole number of 1 or more.
    """
    shop = model.shop
    length = min(whole_number("k", k), shop.market.n_products)
    limits = None
    if not rules.is_plain or model.terms.has_places:
        limits = Limits.of(rules, model.terms, shop.market, shop.bought.members, asked)
    return favour_launches(model, Wanted(length, bool(only_new), shop.offered, limits))


def model_at(
    model: Model,
    community: Community | None,
    as_of: Any,
    member_features: MemberFeatures | None,
    rules: Any = None,
) -> tuple[Model, ListRules]:
    """Look at another moment, if one is given; check the rules.

    Raises
    ------
    ParameterError
        If only one of community and moment is given, or the rules are none.
    """
    if (community is None) != (as_of is None):
        raise ParameterError("as_of", "give both community and as_of, or neither")
    checked = check_rules(rules, has_community=community is not None)
    if community is None:
        return model, checked
    c, moment = community.before(as_of), community.moment(as_of)
    return model.at(c, moment, member_features, (checked.offers, checked.prefer)), checked


def leads(
    model: Model,
    what: tuple[Any, Any],
    how: tuple[Any, bool, ListRules],
    progress: Callable[[int, int], None] | None,
) -> pa.Table:
    """Find leads.

    Parameters
    ----------
    model : Model
    what : (product id, category), one of them None
    how : (n, only_new, rules)
    progress : callable, optional

    Raises
    ------
    ParameterError
        If neither or both of product and category are given, or `n` is below 1.
    DataError
        If nobody bought the product, or any of the category.

    Warns
    -----
    SiyuWarning
        If the rules say how lists are put together.
    """
    product_id, category = what
    n, only_new, rules = how
    if (product_id is None) == (category is None):
        raise ParameterError("product_id", "give one of product_id and category")
    n = whole_number("n", n)
    baskets = model.shop.bought.basket_member
    codes = baskets[run_starts(baskets)]
    asked = model.shop.bought.members.take(pa.array(codes))
    wanted = wanted_for(model, asked, 1, only_new, _without_order(rules))
    if category is None:
        return find_leads(model, codes, product_code(model, product_id), wanted, n, progress)
    some = wanted.offered & _products_of_category(model, category)
    return find_leads(model, codes, None, replace(wanted, offered=some), n, progress)


def _without_order(rules: ListRules) -> ListRules:
    """Leave out what says how a list is put together: a lead is one row."""
    nothing: dict[str, Any] = {"min_new_share": 0, "launch_share": 0, "diversity": 0, "max_per": {}}
    idle = [name for name in nothing if getattr(rules, name)]
    if idle:
        warn(f"leads are no lists: {', '.join(idle)} of the rules say nothing of them")
    return replace(rules, **nothing)


def similar(model: Model, product_ids: Any, k: Any) -> pa.Table:
    """Find products like others.

    Raises
    ------
    ParameterError
        If `k` is below 1, or the ids are of another type.
    """
    products = model.shop.market.products
    if product_ids is not None:
        products = ids_like(product_ids, "product_ids", products.type)
    return find_similar(model, products, whole_number("k", k))


def product_code(model: Model, product_id: Any) -> int:
    """Find a product that can be scored.

    Raises
    ------
    DataError
        If nobody bought it before the moment.
    """
    market = model.shop.market
    code = lookup(ids_like([product_id], "product_id", market.products.type), market.products)
    if not len(code) or code[0] < 0:
        raise DataError(
            f"product {product_id!r} was never bought before {_moment(model)}: it has no score; "
            "similar_products tells what it is like, and leads of its category who may want it"
        )
    return int(code[0])


def buyer_code(model: Model, member_id: Any) -> int:
    """Find a member who has a personal list.

    Raises
    ------
    DataError
        If there is none, and why.
    """
    shop = model.shop
    asked = ids_like([member_id], "member_id", shop.addressed.type)
    reasons = (
        (shop.opted_out, "has opted out, and the list is the same for all who did"),
        (shop.staff, "is staff, and gets no list"),
    )
    for group, why in reasons:
        if (lookup(asked, group) >= 0).any():
            raise DataError(f"member {member_id!r} {why}: nothing in it is personal")
    code: Ints = lookup(asked, shop.bought.members)
    if not len(code) or code[0] < 0 or code[0] not in shop.bought.basket_member:
        raise DataError(
            f"member {member_id!r} has no purchases before {_moment(model)}: the list is popular "
            "products, or what the member looked at, and nothing in it is personal"
        )
    return int(code[0])


def _moment(model: Model) -> str:
    return str(np.datetime64(model.shop.market.moment, "us").item())


def _products_of_category(model: Model, category: Any) -> Bools:
    """Find the products of a category.

    Raises
    ------
    DataError
        If there is none that was bought.
    """
    catalogue, market = model.terms.catalogue, model.shop.market
    of, names = encode(catalogue["category"])
    wanted = lookup(pa.array([str(category)], pa.large_string()), names)[0]
    found = np.zeros(market.n_products, np.bool_)
    code = lookup(catalogue["product_id"], market.products)
    found[code[(of == wanted) & (code >= 0)]] = wanted >= 0
    if not found.any():
        raise DataError(f"no product of category {category!r} was bought before {_moment(model)}")
    return found
