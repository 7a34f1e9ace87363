"""Whom a campaign treated, whom it held out, and from when on either is watched."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from siyu.datasets.clock import INSTANT, instants
from siyu.datasets.community import Community
from siyu.datasets.errors import DataError
from siyu.datasets.ids import encode, lookup
from siyu.datasets.ordering import opens_run
from siyu.recommend.sorted_keys import Bools, Ints

from .past_sends import Reached

__all__ = ["CampaignUnits", "Units"]

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """The members of one campaign, ascending, each once.

    Attributes
    ----------
    member : int64 array, n_units
    since : int64 array, n_units, microseconds
        When the member was put in an arm, or the campaign began if that was later; without a
        held-out arm, when the campaign first reached the member.
    is_held_out : bool array, n_units
    propensity : float64 array, n_units
        Chance of the arm that the member is in; NaN where unknown.
    """

    member: Ints
    since: Ints
    is_held_out: Bools
    propensity: Numbers

    @classmethod
    def sorted(cls, member: Ints, since: Ints, is_held_out: Bools, propensity: Numbers) -> "Units":
        """Keep the earliest row of every member."""
        order = np.lexsort((np.nan_to_num(propensity), is_held_out, since, member))
        kept = order[opens_run(member[order])]
        return cls(member[kept], since[kept], is_held_out[kept], propensity[kept])


@dataclass(frozen=True, slots=True, eq=False)
class CampaignUnits:
    """Sends and assignments, ready to be asked for one campaign.

    Attributes
    ----------
    reached : Reached
    campaigns : pa.Array, sorted ids of all campaigns that sent something
    campaign : int64 array, a code each row of ``reached.sends``, -1 for none
    held_out : names of the arms that got nothing
    """

    reached: Reached
    campaigns: pa.Array
    campaign: Ints
    held_out: tuple[str, ...]

    @classmethod
    def of(cls, c: Community, call: str, held_out: tuple[str, ...]) -> "CampaignUnits":
        """Read the sends.

        Raises
        ------
        DataError
            If there are no sends, or they name no campaign.
        """
        reached = Reached.of(c, call)
        if "campaign_id" not in reached.sends.column_names:
            raise DataError(f"{call} needs the column campaign_id in the table sends")
        campaign, ids = encode(reached.sends["campaign_id"])
        return cls(reached, ids, campaign, held_out)

    def starts(self, c: Community, code: int) -> int:
        """Give when a campaign began: as told, else with its first message."""
        listed = c.arrow("campaigns")
        if listed is not None and "starts_at" in listed.column_names:
            at = lookup(self.campaigns.slice(code, 1), listed["campaign_id"].combine_chunks())[0]
            told = listed["starts_at"][int(at)] if at >= 0 else None
            if told is not None and told.is_valid:
                return int(told.cast(pa.int64()).as_py())
        sends = self.reached.sends["send_time"].filter(pa.array(self.campaign == code))
        return int(pc.min(sends).cast(pa.int64()).as_py())

    def of_campaign(self, c: Community, code: int) -> tuple[Units, bool]:
        """Give the units of a campaign, and whether some were held out.

        Members assigned to the experiments that the campaign's messages name; else arms that
        the sends themselves tell, where a row of a held-out arm is a message not sent; else
        everybody reached.
        """
        sends = self.reached.sends
        mine = self.campaign == code
        assigned = self._assigned(c, sends.filter(pa.array(mine)), self.starts(c, code))
        if assigned is not None and assigned.is_held_out.any():
            return assigned, True
        rows = np.flatnonzero(mine[self.reached.send])
        send = self.reached.send[rows]
        held = np.zeros(len(rows), np.bool_)
        chance = np.full(len(rows), np.nan)
        if "arm" in sends.column_names:
            held = _among(sends["arm"], self.held_out)[send]
        if "propensity" in sends.column_names:
            chance = sends["propensity"].cast(pa.float64()).to_numpy()[send]
        units = Units.sorted(self.reached.member[rows], self.reached.time[rows], held, chance)
        return units, bool(held.any())

    def messages(self, code: int, member: Ints) -> Ints:
        """Give the sends of a campaign that really reached some members (sorted codes), once."""
        rows = np.flatnonzero(self.campaign[self.reached.send] == code)
        at = np.searchsorted(member, self.reached.member[rows])
        at = np.minimum(at, max(len(member) - 1, 0))
        mine = member[at] == self.reached.member[rows] if len(member) else np.zeros(len(rows), bool)
        return np.unique(self.reached.send[rows[mine]])

    def _assigned(self, c: Community, sends: pa.Table, start: int) -> Units | None:
        """Read the assignments of the experiments that a campaign's sends name."""
        rows = c.arrow("assignments")
        if rows is None or "experiment_id" not in sends.column_names:
            return None
        experiments = pc.unique(sends["experiment_id"]).drop_null()
        fits = lookup(rows["experiment_id"], experiments) >= 0
        fits &= _among(rows["unit_kind"], ("member",))
        rows = rows.take(pa.array(np.flatnonzero(fits)))
        member = lookup(_as_members(rows["unit_id"], self.reached.members), self.reached.members)
        since = np.full(rows.num_rows, start)
        if "assigned_at" in rows.column_names:
            told = instants(rows["assigned_at"].fill_null(pa.scalar(0, INSTANT)))
            since = np.maximum(since, told)
        chance = np.full(rows.num_rows, np.nan)
        if "propensity" in rows.column_names:
            chance = rows["propensity"].cast(pa.float64()).to_numpy()
        known = member >= 0
        held = _among(rows["arm"], self.held_out)
        return Units.sorted(member[known], since[known], held[known], chance[known])


def _as_members(units: pa.ChunkedArray, members: pa.Array) -> pa.ChunkedArray:
    """Give ids of assigned members the type of member ids."""
    if not len(members) or units.type == members.type:
        return units
    try:
        return units.cast(members.type)
    except pa.ArrowInvalid as error:
        raise DataError(
            f"assignments.unit_id of members must be member ids, which are {members.type}: {error}"
        ) from error


def _among(values: pa.ChunkedArray, names: tuple[str, ...]) -> Bools:
    """Tell which texts are among some names; null is not."""
    return lookup(values, pa.array(names, pa.large_string())) >= 0
