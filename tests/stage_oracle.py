"""The lifecycle rule once more, told member by member in plain Python, for comparison."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from siyu.segmentation.rhythm import Rhythm
from siyu.segmentation.stages import StageRules

_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)
Told = tuple[str, datetime | None, datetime | None]


def stage_of(
    moments: list[datetime], as_of: datetime, zone: str, rhythm: Rhythm, rules: StageRules
) -> Told:
    """Give stage, since and next_due of one member with these moments of purchases."""
    seen = sorted(m for m in moments if m < as_of)
    if not seen:
        return "prospect", None, None
    state = _Walk(rhythm, rules)
    for moment in seen:
        state.purchase(moment, moment.astimezone(ZoneInfo(zone)).date().toordinal())
    state.silent_until(as_of)
    return state.stage, state.since, state.last + timedelta(days=state.gap())


class _Walk:
    def __init__(self, rhythm: Rhythm, rules: StageRules) -> None:
        self.rhythm, self.rules = rhythm, rules
        self.limits = rules.limits(rhythm.returning)
        self.gaps: list[int] = []
        self.visits_in_run, self.is_first_run = 0, True
        self.day: int | None = None
        self.stage, self.since, self.last = "prospect", _LONG_AGO, _LONG_AGO

    def gap(self) -> float:
        known = self.rhythm.strength * self.rhythm.gap_days
        return (known + sum(self.gaps)) / (self.rhythm.strength + len(self.gaps))

    def _limit(self, longest: tuple[float, float]) -> timedelta:
        value = longest[1] if self.gaps else longest[0]
        return timedelta(days=value if self.limits.in_days else value * self.gap())

    def silent_until(self, moment: datetime) -> None:
        for stage, limit in (
            ("dormant", self._limit(self.limits.dormant)),
            ("churned", self._limit(self.limits.churned)),
        ):
            if self.last + limit < moment:
                self.stage, self.since = stage, self.last + limit

    def purchase(self, moment: datetime, day: int) -> None:
        if day == self.day:
            self.last = moment
            return
        if self.day is not None:
            self.silent_until(moment)
            if self.stage == "churned":
                self.visits_in_run, self.is_first_run = 0, False
            else:
                self.gaps.append(day - self.day)
        self.visits_in_run += 1
        stage = self._stage_of_visit()
        if stage != self.stage or self.visits_in_run == 1:
            self.stage, self.since = stage, moment
        self.day, self.last = day, moment

    def _stage_of_visit(self) -> str:
        if self.is_first_run and self.visits_in_run == 1:
            return "new"
        if not self.is_first_run and self.visits_in_run <= self.rules.won_back_visits:
            return "won_back"
        return "loyal" if self.visits_in_run >= self.rules.loyal_from else "growing"
