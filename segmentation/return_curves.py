"""How the chance to come back falls with silence, learned from all members' silences.

Every visit opens a silence: it ends with the member's next visit or still lasts. Measured in
the member's expected gaps at that visit, silences of all members are one survival sample, and
the product-limit estimate ``K(u)`` is the share of silences that last longer than ``u`` gaps.
Some members never return, so that ``K`` does not fall to 0 but to a floor, ``d = K(25)``. With
``S`` for the gaps of those who do return, ``K = (1 - d) S + d``, and the chance that a member
silent for ``u`` gaps is still a buyer is the posterior of that mixture::

    chance(u) = (1 - d) S(u) / ((1 - d) S(u) + d) = 1 - K(25) / K(u)

Nothing is assumed of the shape of gaps: where visits come in bursts with long pauses, pauses
are seen to end and the chance stays high; where visits are regular, it falls soon. There are
two curves, since silences after a first visit are many and end less often: one for members
without an own gap, one for the others.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["LONGEST_SILENCE", "ReturnCurves", "SilenceCounts"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

LONGEST_SILENCE = 25.0
"""In expected gaps: a member silent for so long is not believed to come back."""

_EDGES: Floats = np.append(0.0, np.geomspace(0.02, LONGEST_SILENCE, 100))
_N_BINS = len(_EDGES) - 1
# With little data: visits at random, and one silence in twenty is for good.
_PRIOR: Floats = 0.05 + 0.95 * np.exp(-_EDGES)
# How many silences, at every length, the prior counts as much as against those of everybody,
# and everybody's curve against that of either kind of member: few silences are so long that
# one return would otherwise halve the curve.
_PRIOR_STRENGTH = 20.0
_COMMON_STRENGTH = 50.0


@dataclass(frozen=True, slots=True, eq=False)
class SilenceCounts:
    """How many silences of each length ended with a visit, and how many still last.

    Both are (2, n_lengths): first row of members without an own gap, second row of the others;
    the last length is everything beyond `LONGEST_SILENCE`. Counts of disjoint groups of members
    add up to those of all.
    """

    ended: Ints
    lasting: Ints

    @classmethod
    def of(cls, gaps: Floats, n_gaps: Ints, lasts: Bools) -> "SilenceCounts":
        """Count silences.

        Parameters
        ----------
        gaps : float64 array, n_silences
            Lengths in expected gaps, 0 or more.
        n_gaps : int64 array, n_silences
            Own gaps that were known of the member.
        lasts : bool array, n_silences
            Whether the silence has not ended yet.

        Examples
        --------
        >>> counts = SilenceCounts.of(
        ...     np.array([0.5, 3.0]), np.array([0, 2]), np.array([False, True])
        ... )
        >>> counts.ended.sum(axis=1), counts.lasting.sum(axis=1)
        (array([1, 0]), array([0, 1]))
        """
        length = np.searchsorted(_EDGES, gaps, side="right") - 1
        cell = np.where(n_gaps > 0, _N_BINS + 1, 0) + np.clip(length, 0, _N_BINS)
        ended, lasting = (
            np.bincount(cell[which], minlength=2 * (_N_BINS + 1)).reshape(2, -1)
            for which in (~lasts, lasts)
        )
        return cls(ended, lasting)

    def __add__(self, other: "SilenceCounts") -> "SilenceCounts":
        return SilenceCounts(self.ended + other.ended, self.lasting + other.lasting)


@dataclass(frozen=True, slots=True, eq=False)
class ReturnCurves:
    """The share of silences that last longer, (2, n_edges), rows as in `SilenceCounts`."""

    lasting: Floats

    @classmethod
    def of(cls, counts: SilenceCounts) -> "ReturnCurves":
        """Estimate both curves, each drawn towards that of all silences, and that to a prior.

        References
        ----------
        Kaplan & Meier (1958), J. American Statistical Association 53, 457-481, on binned
        lengths; Maller & Zhou (1992), Biometrika 79(4), 731-739, for the floor as the share
        of those who never return.
        """
        everybody = _survival(
            counts.ended.sum(axis=0), counts.lasting.sum(axis=0), _PRIOR, _PRIOR_STRENGTH
        )
        rows = zip(counts.ended, counts.lasting, strict=True)
        return cls(np.array([_survival(*row, everybody, _COMMON_STRENGTH) for row in rows]))

    @classmethod
    def unlearned(cls) -> "ReturnCurves":
        """Give the curves of which nothing is known yet."""
        return cls(np.array([_PRIOR, _PRIOR]))

    def chance(self, gaps: Floats, n_gaps: Ints) -> Floats:
        """Tell the chance to come back of members silent for so many expected gaps.

        Parameters
        ----------
        gaps : float64 array, n_members
        n_gaps : int64 array, n_members
            Own gaps known of each member.

        Returns
        -------
        float64 array, n_members, 0 to 1
            Falls with silence.

        Examples
        --------
        >>> silent = np.array([0.0, 2.0, 4.0, 30.0])
        >>> ReturnCurves.unlearned().chance(silent, np.array([0, 1, 1, 1])).round(2)
        array([0.95, 0.72, 0.26, 0.  ])
        """
        first, later = (np.interp(gaps, _EDGES, row) for row in self._chances())
        chance: Floats = np.where(n_gaps > 0, later, first)
        return chance

    def limits(self, chance: float) -> tuple[float, float]:
        """Give the silences, in expected gaps, at which the chance has fallen to `chance`.

        Returns
        -------
        (float, float), each 1 to `LONGEST_SILENCE`
            Without, and with, an own gap.
        """
        first, later = (
            max(1.0, float(np.interp(-chance, -row, _EDGES))) for row in self._chances()
        )
        return first, later

    def _chances(self) -> Floats:
        return np.asarray(1.0 - self.lasting[:, -1:] / self.lasting)


def _survival(ended: Ints, lasting: Ints, prior: Floats, strength: float) -> Floats:
    """Give the share of silences that last beyond each edge; those beyond the last are open."""
    at_risk = np.cumsum((ended + lasting)[::-1])[::-1][:-1] - lasting[:-1] / 2
    usual = 1.0 - prior[1:] / prior[:-1]
    ends = (ended[:-1] + strength * usual) / (at_risk + strength)
    return np.append(1.0, np.cumprod(1.0 - ends))
