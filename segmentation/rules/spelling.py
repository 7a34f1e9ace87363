"""Words of rules that occur nowhere in the data: perhaps misspelt."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from .deciding import Decision
from .findings import Finding
from .measuring import Population
from .problems import near
from .sources import absent, filter_needs
from .tree import Compare, RuleTag, compares
from .vocabulary import term_of

__all__ = ["unheard_words"]


def unheard_words(tag: RuleTag, people: Population, decision: Decision) -> list[Finding]:
    """Find filters and words of the rules of a tag that no row and no member has.

    Parameters
    ----------
    tag : RuleTag
    people : Population
    decision : Decision
        Of these people.

    Returns
    -------
    list of Finding
        Each word once a value of the tag, with the word that may be meant.
    """
    found: list[Finding] = []
    for i, value in enumerate(tag.values):
        told: dict[str, tuple[str, ...]] = {}
        for leaf in compares(value.when):
            told |= _unheard_filters(leaf, people) | _unheard_operands(leaf, decision)
        path = f"tags.{tag.name}.values[{i}]"
        for word, known in told.items():
            hint = near(word, known)
            meant = hint if hint.startswith("; did") else ""
            words = f"数据中没有“{word}”{meant}", f"nothing in the data is '{word}'{meant}"
            found.append(Finding(tag.name, "unheard", path, value.outcome.code, None, None, *words))
    return found


def _unheard_filters(leaf: Compare, people: Population) -> dict[str, tuple[str, ...]]:
    """Map each filter value that no row has to the values there are."""
    term = term_of(leaf.measure.name, {})
    unheard: dict[str, tuple[str, ...]] = {}
    for held in leaf.measure.filters if term is not None else ():
        need = filter_needs(held, term.source) if term is not None else ""
        if held.column == "coupon" or absent(people.c, [need]):
            continue
        heard = _values_of(people, need)
        unheard |= {word: heard for word in held.values if word not in heard}
    return unheard


def _values_of(people: Population, need: str) -> tuple[str, ...]:
    table, column = need.split(".")
    rows = people.c.arrow(table)
    met = pa.array([], pa.string()) if rows is None else pc.unique(rows[column]).drop_null()
    return tuple(met.cast(pa.string()).to_pylist())


def _unheard_operands(leaf: Compare, decision: Decision) -> dict[str, tuple[str, ...]]:
    """Map each word that no member has to the words they have; codes are known anyway."""
    reading, term = decision.known.readings[leaf.measure], term_of(leaf.measure.name, {})
    coded = term is None or term.codes is not None
    if coded or reading.kind != "word" or leaf.operator == "contains":
        return {}
    return {word: reading.words for word in _words(leaf) if word not in reading.words}


def _words(leaf: Compare) -> Iterator[str]:
    return (operand for operand in leaf.operands if isinstance(operand, str))
