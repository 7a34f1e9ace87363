"""How a member is called in a report: by id only when asked, else by a keyed hash or not at all."""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Pseudonyms"]


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """Call members by id (`names`), by a short hash under `key`, or by a dash.

    Without the key nobody can try out phone numbers until one gives the same hash.

    Examples
    --------
    >>> Pseudonyms(names=True).of(["m1"]), Pseudonyms().of(["m1"])
    (['m1'], ['–'])
    >>> Pseudonyms(key="secret").of(["m1", "m1", "m2"])
    ['4475becc', '4475becc', 'e9c4f0c2']
    """

    names: bool = False
    key: str | None = None

    @property
    def told(self) -> bool:
        """Say whether members are called anything at all."""
        return self.names or self.key is not None

    def of(self, members: Iterable[object]) -> list[str]:
        """Give each member's code."""
        if self.names:
            return [str(member) for member in members]
        if self.key is None:
            return ["–" for _ in members]
        secret = self.key.encode()
        return [
            hmac.new(secret, str(member).encode(), hashlib.sha256).hexdigest()[:8]
            for member in members
        ]
