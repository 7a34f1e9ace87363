"""A fitted model: how it looks at a shop, how it ranks, and the shop as it was at the fit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.community import Community
from siyu.datasets.errors import ParameterError
from siyu.datasets.ids import lookup
from siyu.recommend.offers.offer_rules import OfferRules
from siyu.recommend.ranking.ranker import Ranker
from siyu.recommend.ranking.training import Recipe
from siyu.recommend.tables.member_columns import MemberFeatures, compute_columns
from siyu.recommend.tables.purchases import Purchases
from siyu.recommend.tables.shop import Shop

from .terms import Terms, terms_at

__all__ = ["Model", "ids_like", "shop_at", "who_is_asked"]

_TEXT = ("string", "large_string", "string_view")


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """All that a fit leaves behind.

    Attributes
    ----------
    recipe : Recipe
    ranker : Ranker
    shop : Shop
        At the moment of the fit, or of the lists.
    terms : Terms
        Of the same moment.
    """

    recipe: Recipe
    ranker: Ranker
    shop: Shop
    terms: Terms

    def at(
        self,
        c: Community,
        moment: int,
        member_features: MemberFeatures | None = None,
        offers: tuple[OfferRules | None, str] = (None, "price"),
    ) -> "Model":
        """Look at another moment, or by other rules for offers, with the same ranker."""
        bought = Purchases.of(c, activity=self.recipe.activity)
        shop = shop_at(c, bought, moment, self.recipe, member_features)
        return replace(self, shop=shop, terms=terms_at(c, bought, moment, self.recipe.goal, offers))


def shop_at(
    c: Community,
    bought: Purchases,
    moment: int,
    recipe: Recipe,
    member_features: MemberFeatures | None,
) -> Shop:
    """Look at a community that is cut at `moment`.

    Raises
    ------
    ParameterError
        If the recipe reads columns of the caller and there is no callable to give them.
    """
    extra = None
    if recipe.columns.names:
        if member_features is None:
            listed = ", ".join(recipe.columns.names)
            raise ParameterError(
                "member_features",
                f"the model learned from the member columns {listed}: "
                "give the callable that computes them",
            )
        extra = compute_columns(member_features, c, moment)
    market, facts = recipe.market(c, bought, moment, extra)
    return Shop.of(c, market, bought, facts)


def ids_like(values: Sequence[Any] | pa.Array, name: str, like: pa.DataType) -> pa.Array:
    """Take ids that the caller gives: distinct, sorted, of the community's type.

    Raises
    ------
    ParameterError
        If they are of another type, or no sequence.
    """
    if isinstance(values, str | bytes | Mapping) or hasattr(values, "columns"):
        raise ParameterError(
            name, f"{name} must be a sequence of ids of type {like}, got a {type(values).__name__}"
        )
    try:
        given = values if isinstance(values, pa.Array) else pa.array(values)
        if isinstance(given, pa.ChunkedArray):
            given = given.combine_chunks()
        if pa.types.is_dictionary(given.type):
            given = given.dictionary_decode()
        given = given.drop_null()
        if len(given) and not _may_be(given.type, like):
            raise ParameterError(name, f"{name} must be ids of type {like}, got {given.type}")
        distinct = pc.unique(given.cast(like)) if len(given) else pa.array([], like)
    except (pa.ArrowException, TypeError, OverflowError) as error:
        raise ParameterError(name, f"{name} must be ids of type {like}: {error}") from error
    return distinct.take(pc.array_sort_indices(distinct))


def _may_be(kind: pa.DataType, like: pa.DataType) -> bool:
    """Tell whether values can be ids of a type; neither flags nor moments are whole numbers."""
    if pa.types.is_integer(like):
        return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))
    return str(kind) in _TEXT


def who_is_asked(shop: Shop, members: Sequence[Any] | pa.Array) -> tuple[pa.Array, str]:
    """Sort out the members that the caller asks for; say what was odd about them."""
    everyone = shop.addressed
    asked = ids_like(members, "members", everyone.type)
    is_staff = lookup(asked, shop.staff) >= 0
    asked = asked.filter(pa.array(~is_staff))
    n_unknown = int((lookup(asked, everyone) < 0).sum())
    told = []
    if is_staff.any():
        told.append(f"{int(is_staff.sum())} of the members asked for are staff and get no list")
    if n_unknown:
        told.append(f"{n_unknown} of the members asked for are not known and get a newcomer's list")
    return asked, "; ".join(told)
