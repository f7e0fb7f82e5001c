"""What a scholar finds in the morning: results, failures, and what runs or waits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from velocity.reading.periods import last_whole_day

Row = dict[str, Any]
#: Days of launches that Today covers.
TODAY_DAYS = 14
_DAY_MINUTES = 24 * 60


@dataclass(frozen=True)
class Today:
    """What a scholar finds in the morning; rows of `reads.loops`, oldest first."""

    finished: list[Row]  # results since the last working window ended, without a launch after them
    failed: list[Row]  # failures without a launch after them
    running: list[Row]  # experiments in flight
    waiting: list[Row]  # the other results without a launch after them
    free: list[str]  # projects of the last two weeks with nothing in flight
    since: datetime  # local end of the last working window
    evening: bool  # whether this working window ends within three hours

    @classmethod
    def of(
        cls,
        loops: pl.DataFrame,
        decisions: pl.DataFrame,
        *,
        as_of: datetime,
        zone: str,
        who: Mapping[str, Any],
    ) -> Today:
        """What the scholar finds at `as_of`, the end of the data.

        `loops` are `reads.loops` of the scholar, of which those of the last two weeks count, and
        `decisions` their `reads.needs_decision`: results marked as read are left out. `zone` is the
        programme's time zone, and `who` the scholar's row of `reads.scholars`.
        """
        marked = decisions.filter("marked_read")["experiment_id"]
        day = pl.col("started_at").dt.convert_time_zone(zone).dt.date()
        loops = loops.filter(
            day >= last_whole_day(as_of, zone) - timedelta(days=TODAY_DAYS),
            ~pl.col("experiment_id").is_in(marked.implode()),
        )
        local = as_of.astimezone(ZoneInfo(who["timezone"]))
        begins, ends = who["awake_start_min"] or 0, who["awake_end_min"] or 0
        closes = timedelta(minutes=ends % _DAY_MINUTES)  # a window may end after midnight
        since = datetime.combine(local.date(), time(), local.tzinfo) + closes
        since = since if since <= local else since - timedelta(days=1)
        rows = loops.reverse()
        waiting, running = rows.filter(status="awaiting"), rows.filter(status="open")
        failed = pl.col("outcome") == "failure"
        new = pl.col("result_at") >= since.astimezone(UTC)
        minute = local.hour * 60 + local.minute
        left = (ends - minute) % _DAY_MINUTES
        awake = (minute - begins) % _DAY_MINUTES < (ends - begins) % _DAY_MINUTES
        return cls(
            finished=waiting.filter(~failed & new).to_dicts(),
            failed=waiting.filter(failed).to_dicts(),
            running=running.to_dicts(),
            waiting=waiting.filter(~failed & ~new).to_dicts(),
            free=sorted({*rows["project"]} - {*running["project"]}),
            since=since,
            evening=awake and 0 < left <= 180,  # noqa: PLR2004 - three hours
        )
