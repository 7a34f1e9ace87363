"""A fitted recommender in a folder, and its lists in one file: ``siyu fit``, ``siyu rank``."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc

from siyu.datasets import Community
from siyu.datasets.frames import to_arrow
from siyu.datasets.labels import words_of
from siyu.id_file import read_ids
from siyu.steps import fit_recommender, member_features
from siyu.table_file import check_file, for_people, language, write_table

if TYPE_CHECKING:
    from siyu.recommend import OfferRecommender

__all__ = ["fit_model", "write_offers"]


def fit_model(
    c: Community, out: Path, *, as_of: Any, kind: str = "product", random_state: int = 0
) -> "OfferRecommender":
    """Train on the past of `as_of` and write the model with the state of that moment.

    Parameters
    ----------
    c : Community
    out : Path
        A folder: made, or replaced if it holds a model.
    as_of : Timestamp, datetime or str
        Itself excluded.
    kind : {"product", "coupon"}
    random_state : int

    Returns
    -------
    OfferRecommender

    Raises
    ------
    DataError
        If the tables name no products (or no coupons).
    FileError
        If the folder cannot be written.
    """
    recommender = fit_recommender(c, as_of=as_of, kind=kind, random_state=random_state)
    recommender.save(out)
    return recommender


def write_offers(  # noqa: PLR0913
    model: Path,
    out: Path,
    *,
    c: Community | None = None,
    as_of: Any = None,
    k: int = 10,
    only_new: bool = False,
    members: Path | None = None,
    words: str | None = None,
) -> tuple[int, int]:
    """Make every member's list and write it.

    Parameters
    ----------
    model : Path
        A folder that `fit_model` wrote.
    out : Path
        Ends with ``.parquet`` or ``.csv``.
    c, as_of : Community and moment, both or neither
        Look at this community just before this moment, in the place of the state of the fit.
    k : int >= 1
        Offers a member.
    only_new : bool
        Only what the member has never bought.
    members : Path, optional
        A text file with the id of one member a line; default everyone.
    words : {"zh", "en"}, optional
        For people: words in the place of codes and in the first line, three decimals.

    Returns
    -------
    (n_members, n_rows)

    Raises
    ------
    ParameterError
        If `out` ends otherwise, `words` is no language, or the file of ids cannot be read.
    ModelFileError
        If the folder is no whole model.
    """
    from siyu.recommend import OfferRecommender

    check_file(out)
    lang = language(words)
    recommender = OfferRecommender.load(model)
    asked = None
    if members is not None:
        of_coupons = recommender.kind == "coupon"
        seen = recommender.coupons_.state_.scene if of_coupons else recommender.model_.shop
        asked = read_ids(members, seen.bought.members.type, "members")
    table, _ = to_arrow(
        recommender.recommend(
            c, as_of=as_of, members=asked, k=k, only_new=only_new, member_features=member_features
        )
    )
    n_members, n_rows = len(pc.unique(table["member_id"])), table.num_rows
    if lang is not None:
        table = for_people(table, words_of("offer_column", lang), lang)
    write_table(out, table)
    return n_members, n_rows
