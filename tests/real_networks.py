"""Real chat, meeting and friend networks, read as communities.

Each function takes the folder of its data set. Tables keep what the source tells and no more: what
it does not tell (orders, texts, times of friendships) is absent, never made up.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from siyu.datasets import Community

__all__ = ["irc_community", "lastfm_community", "meetup_community"]


def irc_community(path: Path, *, group: str = "channel", answers: str = "marked") -> Community:
    """Read the IRC chat: a channel (or a file, the window of one day) is a group.

    A line answers the author of the latest line that hand-made marks link it to. In the train
    files marks begin at line 1000: with ``answers="marked or addressed"`` a line that bears no
    mark answers whom it opens with by name. Times have minutes; the number of the line is added
    in milliseconds, so that lines keep their order. The undated channel (linux) is left out.

    Parameters
    ----------
    path : Path
        The folder ``irc_chat``.
    group : {"channel", "doc_id"}
    answers : {"marked", "marked or addressed"}
    """
    lines = pd.read_parquet(path / "messages.parquet")
    lines["channel"] = lines["channel"].astype(str)
    linked = _marked_answers(lines, pd.read_parquet(path / "reply_links.parquet"))
    lines = lines.merge(linked, how="left", on=["doc_id", "line"])
    lines = lines[lines["ts"].notna()]
    answered = lines["answered"].astype("Int64")
    if answers != "marked":
        unmarked = lines["is_marked"].isna()
        answered = answered.mask(unmarked, lines["addressee_id"].astype("Int64"))
    messages = pd.DataFrame(
        {
            "member_id": lines["member_id"].astype("int64"),
            "message_time": lines["ts"] + pd.to_timedelta(lines["line"].astype("int64"), unit="ms"),
            "group_id": lines[group],
            "message_id": lines["doc_id"].astype("int64") * 100_000 + lines["line"],
            "reply_to_member_id": answered,
            "n_chars": lines["n_chars"].astype("float64"),
            "has_link": lines["has_url"],
        }
    )
    groups = messages[["group_id"]].drop_duplicates()
    return Community(tz="UTC", messages=messages, groups=groups)


def meetup_community(path: Path) -> Community:
    """Read Meetup of Montana: groups, memberships as of 2016, and answers to invitations.

    An answer to an invitation (RSVP, yes or no) is an event ``rsvp`` of its group at the time it
    was first given. Members who had left before the data were collected are unknown.

    Parameters
    ----------
    path : Path
        The folder ``meetup_montana``.
    """
    memberships = pd.read_parquet(path / "memberships.parquet")
    groups = pd.read_parquet(path / "groups.parquet")
    meetings = pd.read_parquet(path / "events.parquet")[["event_id", "group_id"]]
    answers = pd.read_parquet(path / "rsvps.parquet").merge(meetings, on="event_id")
    joined = memberships.groupby("member_id")["joined_ts"].min()
    return Community(
        tz="America/Denver",
        members=joined.rename("joined_at").reset_index(),
        groups=pd.DataFrame(
            {
                "group_id": groups["group_id"],
                "owner_id": groups["organiser_id"],
                "created_at": groups["created_ts"],
            }
        ),
        memberships=memberships.rename(columns={"joined_ts": "joined_at"}),
        events=pd.DataFrame(
            {
                "member_id": answers["member_id"],
                "event_time": answers["ts"],
                "event": "rsvp",
                "group_id": answers["group_id"],
            }
        ),
    )


def lastfm_community(path: Path) -> Community:
    """Read the friendships of Last.fm, both ways round; nothing in it has a time.

    Parameters
    ----------
    path : Path
        The folder ``lastfm_hetrec``.
    """
    friends = pd.read_parquet(path / "friends.parquet")
    listeners = pd.read_parquet(path / "listens.parquet")["member_id"].unique()
    both = np.concatenate([friends[["src", "dst"]].to_numpy(), friends[["dst", "src"]].to_numpy()])
    ids = np.union1d(listeners, both.ravel())
    return Community(
        tz="UTC",
        members=pd.DataFrame({"member_id": ids}),
        ties=pd.DataFrame({"source": both[:, 0], "target": both[:, 1], "kind": "friend"}),
    )


def _marked_answers(lines: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    """Give for each marked line the author of the latest other line that it answers, if any."""
    who = lines[["doc_id", "line", "member_id"]]
    found = links.merge(who, on=["doc_id", "line"]).merge(
        who.rename(columns={"line": "reply_to_line", "member_id": "answered"}),
        how="left",
        on=["doc_id", "reply_to_line"],
    )
    other = (found["line"] != found["reply_to_line"]) & (found["member_id"] != found["answered"])
    found["answered"] = found["answered"].where(other).astype("Int64")
    found["reply_to_line"] = found["reply_to_line"].where(other, -1)
    latest = found.sort_values(["doc_id", "line", "reply_to_line"])
    latest = latest.drop_duplicates(["doc_id", "line"], keep="last")
    return latest[["doc_id", "line", "answered"]].assign(is_marked=True)
