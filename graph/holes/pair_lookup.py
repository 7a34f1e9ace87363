"""Where a pair stands among pairs: a table of one guess a bucket, and another for the rest."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["PairLookup"]

Keys = npt.NDArray[np.int64]

_SPREAD = 0x9E3779B97F4A7C15  # 2**64 / golden ratio: spreads keys over the buckets
_BLOCK = 1 << 16
_ROOM = 2  # buckets a key, at least: most absent keys meet an empty bucket and are done


@dataclass(frozen=True, slots=True, eq=False)
class PairLookup:
    """Distinct int64 keys, and a table that guesses the position of each.

    An empty bucket proves that a key is absent; a bucket that holds the key gives its position.
    Keys that lost their bucket to another stand in a smaller table, spread in another way,
    where only the keys are looked up that met a bucket of another key.

    Examples
    --------
    >>> PairLookup.of(np.array([3, 8, 21])).find(np.array([5, 8]))
    (array([1]), array([1]))
    """

    keys: Keys
    table: npt.NDArray[np.int32]
    spread: int
    lost: Keys  # positions of the keys that are not in the table
    rest: "PairLookup | None"

    @classmethod
    def of(cls, keys: Keys, spread: int = _SPREAD) -> "PairLookup":
        """Fill the table; of keys that share a bucket one stays."""
        bits = max((_ROOM * len(keys) - 1).bit_length(), 1)
        table = np.full(1 << bits, -1, dtype=np.int32)
        for block in _blocks(keys):
            table[_buckets(keys[block], spread, bits)] = np.arange(block.start, block.stop)
        kept = np.zeros(len(keys), dtype=bool)
        kept[table.compress(table >= 0)] = True
        lost = np.flatnonzero(~kept)
        rest = cls.of(keys.take(lost), spread * _SPREAD % 2**64) if len(lost) else None
        return cls(keys, table, spread, lost, rest)

    def find(self, wanted: Keys) -> tuple[Keys, Keys]:
        """Give which of `wanted` are keys, in no order, and their positions among the keys."""
        # take() rather than [...]: on millions of keys it saves a third of the time.
        if len(self.keys) == 0:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        guess = self.table.take(_buckets(wanted, self.spread, len(self.table).bit_length() - 1))
        is_right = self.keys.take(guess) == wanted  # no guess, -1: the last key, and never right
        which = np.flatnonzero(is_right)
        found = guess.take(which).astype(np.int64)
        if self.rest is None:
            return which, found
        wrong = np.flatnonzero((guess >= 0) > is_right)
        late, among_lost = self.rest.find(wanted.take(wrong))
        return (
            np.concatenate([which, wrong.take(late)]),
            np.concatenate([found, self.lost.take(among_lost)]),
        )


def _blocks(keys: Keys) -> Iterator[slice]:
    """Cut keys into blocks, so that what is made of them on the way stays small."""
    for start in range(0, len(keys), _BLOCK):
        yield slice(start, min(start + _BLOCK, len(keys)))


def _buckets(keys: Keys, spread: int, bits: int) -> Keys:
    spread_out = keys.view(np.uint64) * np.uint64(spread)
    spread_out >>= np.uint64(64 - bits)
    return spread_out.view(np.int64)
