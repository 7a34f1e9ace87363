"""Stores, staff, and which member is in touch with whom: ``staff_links`` and ``identities``."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from siyu.datasets.randomness import stable_hash

from .arrays import Bools, Ints
from .columns import ids, taken, words
from .roster import Roster
from .seasons import DAY, NEVER, Span

__all__ = ["N_STORES", "REGIONS", "Contacts", "draw_contacts", "identities", "store_ids"]

REGIONS = ("shanghai", "hangzhou", "suzhou", "nanjing", "hefei", "wuhan")
N_STORES = 2 * len(REGIONS)
_ADD_WAYS = ("qr", "card", "group", "contact", "shared", "assigned")
_ADD_SHARES = (0.45, 0.1, 0.2, 0.1, 0.1, 0.05)
_MEMBERS_PER_STAFF = 800


@dataclass(frozen=True, slots=True)
class Contacts:
    """Places and staff links. Staff have the codes after the customers'."""

    store: Ints
    """Home store of every customer."""
    staff_store: Ints
    """Store of every member of staff."""
    staff: Ints
    """The staff a customer was first linked to, as a place among the staff; -1 for none."""
    added: Ints
    removed: Ints
    """When the link ended for reasons of its own."""

    @property
    def n_staff(self) -> int:
        """Number of staff."""
        return len(self.staff_store)

    def linked(self, when: int) -> Bools:
        """Tell which customers are in touch with staff at a moment."""
        return (self.added < when) & (when < self.removed)

    def table(
        self, rng: np.random.Generator, span: Span, member_ids: pa.Array, quit_at: Ints
    ) -> pa.Table:
        """Build ``staff_links``; one linked member in twelve has a second link.

        A link ends when the member quits after a message, or by itself.
        """
        first = np.flatnonzero(self.staff >= 0)
        second = first[rng.random(len(first)) < 1 / 12]
        later = self.added[second] + rng.integers(DAY, 90 * DAY, len(second))
        other = (self.staff[second] + rng.integers(1, self.n_staff, len(second))) % self.n_staff
        member = np.r_[first, second]
        added = np.r_[self.added[first], later]
        staff = np.r_[self.staff[first], other] + len(self.staff)
        removed = np.minimum(self.removed, quit_at)[member]
        way = rng.choice(len(_ADD_WAYS), len(member), p=_ADD_SHARES)
        order = np.lexsort((staff, member, added))
        order = order[(added[order] < span.seconds) & (added[order] < removed[order])]
        state = np.where(way == 0, self.store[member], -1)
        return pa.table(
            {
                "member_id": taken(member_ids, member[order]),
                "staff_id": taken(member_ids, staff[order]),
                "added_at": span.instants(added[order]),
                "removed_at": span.instants(removed[order]),
                "add_way": words(_ADD_WAYS, way[order]),
                "state": ids("store_", state[order], 2),
            }
        )


def store_ids() -> pa.Array:
    """Write the ids of all stores; two stores a region, one after the other."""
    return ids("st", np.arange(N_STORES), 2)


def draw_contacts(rng: np.random.Generator, span: Span, roster: Roster) -> Contacts:
    """Draw home stores (three in five share their community's), staff and first links.

    One staff per 800 customers, two at least. 72 % of the honest customers are linked, a
    lognormal time (median one day) after joining; links end by themselves after an
    exponential time of mean 2,500 days.
    """
    n = len(roster)
    follows = (rng.random(n) < 0.6) & (roster.community >= 0)
    store = np.where(follows, roster.community % N_STORES, rng.integers(0, N_STORES, n))
    n_staff = max(2, -(-n // _MEMBERS_PER_STAFF))
    wait = np.exp(np.log(DAY) + 1.5 * rng.standard_normal(n))
    added = span.seen(roster.joined + 60 + np.minimum(wait, 400 * DAY).astype(np.int64))
    linked = (rng.random(n) < np.where(roster.is_fraud, 0.15, 0.72)) & (added != NEVER)
    lasts = rng.exponential(2_500 * DAY, n).astype(np.int64) + 3_600
    added = np.where(linked, added, NEVER)
    removed = np.where(linked, span.seen(np.where(linked, added, 0) + lasts), NEVER)
    staff = np.where(linked, rng.integers(0, n_staff, n), -1)
    return Contacts(store, np.arange(n_staff) % N_STORES, staff, added, removed)


def identities(member_ids: pa.Array, n_customers: int, salt: str) -> pa.Table:
    """Build ``identities``: a hashed union id for every customer, a hashed phone for most."""
    customers = member_ids.slice(0, n_customers)
    union, phone = (_hex(stable_hash(customers, f"{salt}:{kind}")) for kind in ("union", "phone"))
    known = stable_hash(customers, f"{salt}:has-phone") % np.uint64(5) != 0
    phones = pa.array(np.flatnonzero(known))
    kind = np.r_[np.zeros(n_customers, np.int64), np.ones(len(phones), np.int64)]
    return pa.table(
        {
            "member_id": pa.concat_arrays([customers, customers.take(phones)]),
            "id_kind": words(("unionid", "phone"), kind),
            "id": pa.concat_arrays([union, phone.take(phones)]),
        }
    )


def _hex(words64: np.ndarray[tuple[int], np.dtype[np.uint64]]) -> pa.Array:
    """Write 64-bit words as 16 hexadecimal letters."""
    shifts = np.arange(60, -1, -4, dtype=np.uint64)
    digits = (words64[:, None] >> shifts) & np.uint64(15)
    letters = np.frombuffer(b"0123456789abcdef", np.uint8)[digits.astype(np.int64)]
    offsets = np.arange(len(words64) + 1, dtype=np.int64) * 16
    data = pa.py_buffer(np.ascontiguousarray(letters).tobytes())
    return pa.Array.from_buffers(
        pa.large_string(), len(words64), [None, pa.py_buffer(offsets), data]
    )
