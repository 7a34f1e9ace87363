"""Everything that is wrong with a rule set, with the place where it stands."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from siyu.datasets.errors import Problem, SchemaError

__all__ = ["Problems", "RuleError", "near"]

_MOST_SHOWN = 60
_MOST_PROBLEMS = 200


class RuleError(SchemaError):
    """A rule set cannot be read; `problems` lists everything that is wrong with it.

    Of each `Problem`, ``column`` is the path inside the rule set (``tags.a.values[0].when``),
    ``first_row`` the line of the file, counted from 1, if there is one.
    """

    code = "E102"

    def __str__(self) -> str:
        lines = "\n".join(f"  - {_told(problem)}" for problem in self.problems)
        return f"{self.table} cannot be read [{self.code}]:\n{lines}"


@dataclass(slots=True)
class Problems:
    """Collects problems while a rule set is read; `lines` says where each path stands."""

    lines: Mapping[str, int] = field(default_factory=dict)
    found: list[Problem] = field(default_factory=list)

    def add(self, path: str, rule: str, value: object = None) -> None:
        """Note a problem of the part at a path; `value` is what stands there."""
        example = "" if value is None else shown(value)
        self.found.append(Problem(path, rule, 1, self.line_of(path), example))
        if len(self.found) == _MOST_PROBLEMS:  # near matches of very many names take long
            self.found.append(Problem("", "there may be more; mend these first", 1))
            self.raise_if_any()

    def raise_if_any(self) -> None:
        """Raise `RuleError` with all problems, in the order of the file."""
        if self.found:
            raise RuleError("the rule set", tuple(self.found))

    def line_of(self, path: str) -> int | None:
        """Give the line of a path, or of what it stands in."""
        while path not in self.lines:
            cut = max(path.rfind("."), path.rfind("["))
            if cut < 0:
                return None
            path = path[:cut]
        return self.lines[path]


def near(word: str, among: Iterable[str]) -> str:
    """Say which known word is meant; all of them if there are few and none is near.

    Examples
    --------
    >>> near("dorment", ["new", "dormant"])
    "; did you mean 'dormant'?"
    >>> near("x", ["new", "dormant"])
    '; there are: new, dormant'
    """
    known = list(among)
    close = difflib.get_close_matches(word, known, n=1)
    if not close:
        folded = {name.casefold(): name for name in known}
        close = [folded[word.casefold()]] if word.casefold() in folded else []
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; there are: {', '.join(known)}" if known else ""


def shown(value: object) -> str:
    """Show a value of a rule set, cut short."""
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= _MOST_SHOWN else text[: _MOST_SHOWN - 1] + "…"


def _told(problem: Problem) -> str:
    line = "" if problem.first_row is None else f"line {problem.first_row}: "
    value = f", got {problem.example}" if problem.example else ""
    return f"{line}{problem.column or 'the rule set'}: {problem.rule}{value}"
