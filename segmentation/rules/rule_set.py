"""Tag rules as data: own tags of a brand, read from YAML, JSON or a dict, never run as code."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from siyu.datasets.community import Community, kind_of
from siyu.datasets.errors import ParameterError, warn
from siyu.datasets.frames import Frame, FrameKind, from_arrow, to_arrow
from siyu.datasets.labels import Lang

from .deciding import decide, lacking_measures
from .explaining import explanation
from .findings import findings_in, findings_table, findings_with_members
from .measuring import Population
from .parsing import tags_of
from .people import alone, people_of
from .plain_data import from_json, from_python, from_yaml
from .problems import Problems
from .rule_text import is_json, text_of
from .spelling import unheard_words
from .tree import RuleTag, measures_of
from .writing import data_of

__all__ = ["TagRules", "as_rules", "rule_columns", "unknown_measures"]


@dataclass(frozen=True, slots=True)
class TagRules:
    """A brand's own tags, as data: which value a member has is told by conditions on measures.

    Make one with `from_yaml`, `from_json` or `from_dict`. Each tag has values in order: the
    first whose condition is true wins. A comparison with an unknown value is unknown, and an
    unknown condition does not match; ``is_null`` asks for what is unknown. Members of whom
    every condition is false get ``otherwise``; those of whom none is true and one is unknown
    get ``unknown``. Where the tag has no such outcome they get null.

    Parameters
    ----------
    tags : tuple of RuleTag
    lines : mapping of path to line
        Where each part stands in the file, for findings.

    Examples
    --------
    >>> rules = TagRules.from_yaml('''
    ... version: 1
    ... tags:
    ...   spender:
    ...     label: {zh: 消费档, en: spender}
    ...     values:
    ...       - value: big
    ...         label: {zh: 大额, en: big}
    ...         when: {measure: spend, past: 90D, ">=": 500}
    ...     otherwise: {value: small, label: {zh: 小额, en: small}}
    ... ''')
    >>> from siyu.datasets import make_community
    >>> tags = rules.apply(make_community(60, random_state=0), as_of="2026-06-03")
    >>> sorted(tags["spender"].unique())
    ['big', 'small']
    """

    tags: tuple[RuleTag, ...]
    lines: Mapping[str, int] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def from_yaml(cls, source: str | Path) -> "TagRules":
        """Read rules from YAML text, or from a file.

        Parameters
        ----------
        source : str or Path
            A Path, or one line of text that ends in ``.yaml`` or ``.yml``, is a file.

        Returns
        -------
        TagRules

        Raises
        ------
        RuleError
            With everything that is wrong, where it stands, and what may be meant.
        ParameterError
            If the file cannot be read.
        """
        data, lines = from_yaml(text_of(source))
        return cls._of(data, lines)

    @classmethod
    def from_json(cls, source: str | Path) -> "TagRules":
        """Read rules from JSON text, or from a file (``.json``); as `from_yaml`."""
        return cls._of(from_json(text_of(source)), {})

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "TagRules":
        """Read rules from nested dict and list, as YAML or JSON readers give them."""
        return cls._of(from_python(data), {})

    def to_dict(self) -> dict[str, Any]:
        """Give the rules as nested dict and list: `from_dict` reads them back as they were."""
        return data_of(self.tags)

    def apply(
        self,
        data: Community | Frame,
        *,
        as_of: Any,
        tags: Frame | None = None,
        output: FrameKind | None = None,
    ) -> Frame:
        """Give every customer the value of every tag of the rules.

        Parameters
        ----------
        data : Community, or frame of schema `orders`
        as_of : Timestamp, datetime or str
            The moment to look from, itself excluded; without a zone it is the shop's clock.
        tags : frame with ``member_id`` and tags, optional
            What `tag` gave at the same `as_of` (more columns may be joined to it, and asked for
            as ``tags.<column>``). Default: the built-in tags are computed if rules ask for them.
        output : {"pandas", "polars", "pyarrow"}, optional
            Kind of frame; default the kind of `data`, pandas for a Community.

        Returns
        -------
        frame, n_members rows sorted by ``member_id``
            One column of codes for each tag of the rules, null where nothing applies. Words
            for codes: `label`.

        Raises
        ------
        DataError
            If a measure's values are of another type than what it is compared with, or
            ids of `tags` are of another type, null or repeated.

        Warns
        -----
        SiyuWarning
            Once, if measures are unknown of all members because a table or column is absent
            or was not recorded (``problems`` is a frame of measure and reason).
        """
        people = people_of(data, as_of, tags, measures_of(self.tags))
        columns = decide(self.tags, people).columns
        self._warn("apply", people)
        return from_arrow(
            pa.table({"member_id": people.members, **columns}), output or kind_of(data)
        )

    def explain(
        self, data: Community | Frame, member_id: Any, *, as_of: Any, tags: Frame | None = None
    ) -> Frame:
        """Tell why one member has the values of the rules.

        Parameters
        ----------
        data, as_of, tags
            As in `apply`.
        member_id : str or int

        Returns
        -------
        frame, one row a condition, in the order of the rules, each before what is inside it
            ``tag``, ``value`` : what it is the condition of; ``path`` : where it stands;
            ``verdict`` : true, false or unknown of this member; ``decides`` : whether this
            condition gave the member the value; of comparisons ``measure``, ``operator``,
            ``actual_zh``, ``actual_en`` : what was measured, ``threshold_zh``,
            ``threshold_en`` : what it is compared with; ``condition_zh``, ``condition_en`` :
            the condition in words.

        Raises
        ------
        DataError
            If nobody of this id is among the customers.
        """
        people = people_of(data, as_of, tags, measures_of(self.tags))
        decision = decide(self.tags, alone(people, member_id))
        return from_arrow(explanation(self.tags, decision), kind_of(data))

    def check(
        self,
        data: Community | Frame | None = None,
        *,
        as_of: Any = None,
        tags: Frame | None = None,
        output: FrameKind = "pandas",
    ) -> Frame:
        """Find what is odd: values that can never be reached, overlaps, unreachable defaults.

        Without data the conditions alone are compared, as sets of values of their measures,
        each measure taken as free of the others: what is called dead is dead, whatever the
        data; an overlap may turn out to hold no member. With data members are counted too.

        Parameters
        ----------
        data, as_of, tags, output
            As in `apply`; without `data` nothing is counted.

        Returns
        -------
        frame, one row a finding
            ``tag``, ``value`` : what it is about; ``finding`` : contradiction, dead,
            unreachable, share_above_one, overlap, no_label or not_decided (too complex); with
            data also members (count of each outcome), several (members of whom a later value
            is true too; `other` won), nobody, unheard (a word no row and no member has: perhaps
            misspelt); ``severity`` : error, warning or notice;
            ``other`` : the value above it; ``n_members`` : null without data; ``path``,
            ``line`` : where it stands; ``told_zh``, ``told_en`` : words.

        Raises
        ------
        ParameterError
            If `data` is given without `as_of`.

        Examples
        --------
        >>> never = {"all": [{"measure": "orders", ">": 5}, {"measure": "orders", "<": 3}]}
        >>> spender = {"values": [{"value": "odd", "when": never}]}
        >>> rules = TagRules.from_dict({"version": 1, "tags": {"spender": spender}})
        >>> rules.check().loc[2, ["value", "finding", "severity"]].tolist()
        ['odd', 'contradiction', 'error']
        """
        found = findings_in(self.tags)
        if data is not None:
            if as_of is None:
                raise ParameterError("as_of", "as_of must be given with data")
            people = people_of(data, as_of, tags, measures_of(self.tags))
            decision = decide(self.tags, people)
            for tag in self.tags:
                found += findings_with_members(tag, decision.truths[tag.name])
                found += unheard_words(tag, people, decision)
            self._warn("check", people)
        return from_arrow(findings_table(found, Problems(self.lines).line_of), output)

    def label(self, frame: Frame, lang: Lang = "zh") -> Frame:
        """Put words in the place of codes, in the columns of the tags of these rules.

        Parameters
        ----------
        frame : frame of `apply`, or any with such columns
            Other columns stay as they are (`siyu.datasets.label` knows those of `tag`).
        lang : {"zh", "en"}

        Returns
        -------
        frame like `frame`
        """
        if lang not in ("zh", "en"):
            raise ParameterError("lang", f"lang must be 'zh' or 'en', got {lang!r}")
        table, kind = to_arrow(frame)
        for tag in self.tags:
            if tag.name in table.column_names:
                words = {o.code: o.en if lang == "en" else o.zh for o in tag.outcomes()}
                coded = table[tag.name].cast(pa.string()).combine_chunks().dictionary_encode()
                spoken = [words.get(code, code) for code in coded.dictionary.to_pylist()]
                column = pa.array(spoken, pa.string()).take(coded.indices)
                table = table.set_column(table.column_names.index(tag.name), tag.name, column)
        return from_arrow(table, kind)

    @classmethod
    def _of(cls, data: Any, lines: Mapping[str, int]) -> "TagRules":
        problems = Problems(lines)
        tags = tags_of(data, problems)
        problems.raise_if_any()
        return cls(tags, lines)

    def _warn(self, call: str, people: Population) -> None:
        lacking = lacking_measures(self.tags, people)
        if lacking.num_rows:
            told = "; ".join(f"{row['measure']} ({row['reason']})" for row in lacking.to_pylist())
            warn(f"{call}(): unknown of everybody: {told}", from_arrow(lacking, "pandas"))


def as_rules(rules: Any) -> TagRules:
    """Take rules in any form: TagRules, dict, YAML or JSON text, or a path of such a file.

    Parameters
    ----------
    rules : TagRules, dict, str or Path

    Returns
    -------
    TagRules

    Raises
    ------
    ParameterError
        If it is none of these.
    RuleError
        If the rules cannot be read.

    Examples
    --------
    >>> when = {"measure": "age", "<": 30}
    >>> rules = {"version": 1, "tags": {"young": {"values": [{"value": "yes", "when": when}]}}}
    >>> [tag.name for tag in as_rules(rules).tags]
    ['young']
    """
    if isinstance(rules, TagRules):
        return rules
    if isinstance(rules, Mapping):
        return TagRules.from_dict(rules)
    if isinstance(rules, str | Path):
        return TagRules.from_json(rules) if is_json(rules) else TagRules.from_yaml(rules)
    kind = type(rules).__name__
    raise ParameterError("rules", f"rules must be TagRules, a dict, text or a path, got {kind}")


def rule_columns(rules: TagRules, c: Community, tags: pa.Table, end: int) -> pa.Table:
    """Decide every tag of the rules: the kernel of `TagRules.apply`, for any chunk of members.

    Parameters
    ----------
    rules : TagRules
    c : Community
        Already cut at `end`; may hold the rows of other members too.
    tags : pyarrow.Table
        ``member_id`` (sorted, once each) of the members to tag, and their built-in tags.
    end : int
        Microseconds.

    Returns
    -------
    pyarrow.Table
        ``member_id`` and one text column of codes for each tag.
    """
    people = Population(c, end, tags["member_id"].combine_chunks(), tags)
    return pa.table({"member_id": people.members, **decide(rules.tags, people).columns})


def unknown_measures(rules: TagRules, c: Community, tags: pa.Table, end: int) -> pa.Table:
    """List the measures of the rules that are unknown of everybody, for a warning.

    Parameters are those of `rule_columns`.

    Returns
    -------
    pyarrow.Table
        ``measure``, ``reason`` : what is absent or was not recorded.
    """
    people = Population(c, end, tags["member_id"].combine_chunks(), tags)
    return lacking_measures(rules.tags, people)
