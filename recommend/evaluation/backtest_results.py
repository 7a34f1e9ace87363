"""What a backtest found, member by member, and the figures that follow from it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.errors import DataError, ParameterError
from siyu.datasets.frames import Frame, FrameKind, from_arrow, to_arrow

from .measure_means import mean_differences, mean_measures
from .reliability import probability_errors

__all__ = ["Backtest", "stamped"]


@dataclass(frozen=True, slots=True, eq=False)
class Backtest:
    """What a backtest found, member by member.

    Attributes
    ----------
    members : pa.Table, one row a cut, list, recommender and member
        ``cut``, ``list``, ``recommender``, ``member_id``; the measures of `list_quality` and
        `list_variety`. Members who bought something that counts; without a list they have 0
        of the former and null of the latter.
    exposure : pa.Table, one row a cut, list and recommender
        What `list_exposure` says of the lists of those members.
    lists : pa.Table
        The lists themselves, of other members too: ``cut``, ``list``, ``recommender``,
        ``member_id``, ``rank``, ``product_id``, and ``probability`` (null where none was given).
    taken : pa.Table
        What counted: ``cut``, ``list``, ``member_id``, ``product_id``.
    """

    members: pa.Table
    exposure: pa.Table
    lists: pa.Table
    taken: pa.Table

    def means(self, *, segments: Frame | None = None, output: FrameKind = "pandas") -> Frame:
        """Average every measure, with 95 % intervals over members.

        Parameters
        ----------
        segments : frame with member_id and one column, optional
            See `mean_measures`.
        output : {"pandas", "polars", "pyarrow"}

        Returns
        -------
        frame, one row a cut, list, recommender, segment and measure
            ``cut``, ``list``, ``recommender``, then as `mean_measures`.
        """
        parts = []
        for key in self._keys():
            found = mean_measures(self._of(*key), segments=segments)
            parts.append(stamped(to_arrow(found)[0], *key))
        return from_arrow(pa.concat_tables(parts), output)

    def differences(
        self, reference: str, *, segments: Frame | None = None, output: FrameKind = "pandas"
    ) -> Frame:
        """Average how much better each recommender is than one of them, member by member.

        Parameters
        ----------
        reference : str
            Name of a recommender.
        segments, output
            As in `means`.

        Returns
        -------
        frame, one row a cut, list, other recommender, segment and measure
            ``cut``, ``list``, ``recommender``, then as `mean_differences`.

        Raises
        ------
        ParameterError
            If `reference` was not measured, or is the only one.
        """
        names = sorted({name for *_, name in self._keys()})
        if reference not in names or len(names) < 2:
            raise ParameterError(
                "reference", f"reference must be one of two or more of {names}, got {reference!r}"
            )
        parts = []
        for cut, which, name in self._keys():
            if name == reference:
                continue
            found = mean_differences(
                self._of(cut, which, name), self._of(cut, which, reference), segments=segments
            )
            parts.append(stamped(to_arrow(found)[0], cut, which, name))
        return from_arrow(pa.concat_tables(parts), output)

    def calibration(self, *, output: FrameKind = "pandas") -> Frame:
        """Measure the probabilities of those recommenders that give any.

        Every listed pair is a forecast, whether its member bought anything or not.

        Parameters
        ----------
        output : {"pandas", "polars", "pyarrow"}

        Returns
        -------
        frame, four rows a cut, list and recommender
            ``cut``, ``list``, ``recommender``, then as `probability_errors`.

        Raises
        ------
        DataError
            If no recommender gave probabilities.
        """
        parts = []
        for cut, which, name in self._keys():
            shown = _chosen(self.lists, cut=cut, list=which, recommender=name)
            if shown["probability"].null_count < shown.num_rows:
                taken = _chosen(self.taken, cut=cut, list=which)
                found = probability_errors(shown, taken)
                parts.append(stamped(to_arrow(found)[0], cut, which, name))
        if not parts:
            raise DataError("no recommender gave probabilities")
        return from_arrow(pa.concat_tables(parts), output)

    def _keys(self) -> list[tuple[Any, str, str]]:
        """Name what was measured, in order."""
        columns = [self.exposure[name].to_pylist() for name in ("cut", "list", "recommender")]
        return list(zip(*columns, strict=True))

    def _of(self, cut: Any, which: str, name: str) -> pa.Table:
        """Give the members' rows of one cut, list and recommender."""
        kept = _chosen(self.members, cut=cut, list=which, recommender=name)
        return kept.drop_columns(["cut", "list", "recommender"])


def stamped(table: pa.Table, cut: Any, which: str, name: str) -> pa.Table:
    """Put cut, list and recommender before the columns of a table."""
    n = table.num_rows
    keys = {
        "cut": pa.array([cut] * n, pa.timestamp("us", "UTC")),
        "list": pa.array([which] * n, pa.large_string()),
        "recommender": pa.array([name] * n, pa.large_string()),
    }
    return pa.table({**keys, **{column: table[column] for column in table.column_names}})


def _chosen(table: pa.Table, **wanted: Any) -> pa.Table:
    """Give the rows with these values."""
    kept = np.ones(table.num_rows, np.bool_)
    for column, value in wanted.items():
        is_equal = pc.equal(table[column], pa.scalar(value, table[column].type))
        kept &= is_equal.to_numpy()
    return table.filter(pa.array(kept))
