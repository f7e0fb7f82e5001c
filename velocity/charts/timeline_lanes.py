"""The lanes of a timeline: which experiment is where. Times are naive and local."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from velocity.queries import constant

Row = dict[str, Any]

#: The height of a lane, px; lanes get thinner if together they would be higher than so many.
LANE, _MOST_THICK_LANES = 34, 12
#: Runs are in the lower part of their lane.
RUNS_BELOW = 6 / 34
#: More lanes could not be told apart.
MOST_LANES = 24
_ABANDONED_AFTER = timedelta(microseconds=constant("reaction_limit_us"))


class Lanes:
    """Experiments in lanes, line by line.

    An experiment has its lane from its launch until it and the wait after it have ended. The line
    with the latest launch comes first. Lines share the lanes that can be told apart: what is
    launched while all lanes of its line are taken is left out. `as_of` is the end of the data.
    """

    def __init__(self, experiments: list[Row], as_of: datetime) -> None:
        self.as_of = as_of
        self.rows: list[Row] = []
        #: Project -> first lane, from the top down, and how many of its experiments have no lane.
        self.lines: dict[str, int] = {}
        self.left_out: dict[str, int] = {}
        self.count = 0
        by_line = by_column(experiments, "project")
        most = max(1, MOST_LANES // len(by_line))
        latest = {it: max(row["started_at"] for row in own) for it, own in by_line.items()}
        for project in sorted(by_line, key=lambda it: (latest[it], it), reverse=True):
            own = [row | {"until": _waited_until(row, as_of)} for row in by_line[project]]
            first = self.lines[project] = self.count
            spans = [
                (row["started_at"], max(row["ended_at"], row["until"] or row["ended_at"]))
                for row in own
            ]
            packed = pack(spans)
            kept = [
                row | {"lane": first + lane, "y": first + lane + RUNS_BELOW}
                for row, lane in zip(own, packed, strict=True)
                if lane < most
            ]
            self.rows += kept
            self.left_out[project] = len(own) - len(kept)
            self.count += min(most, max(packed) + 1)
        #: From lane to lane, px.
        self.pitch = min(float(LANE), _MOST_THICK_LANES * LANE / self.count)

    def with_lane(self, rows: pl.DataFrame) -> list[Row]:
        """The rows of experiments that have a lane, each with the height `y` of its runs."""
        known = {row["experiment_id"]: {"y": row["y"]} for row in self.rows}
        found = rows.filter(pl.col("experiment_id").is_in([*known])).iter_rows(named=True)
        return [row | known[row["experiment_id"]] for row in found]


def pack(spans: Sequence[tuple[datetime, datetime]]) -> list[int]:
    """The lane, from 0, of each `[start, until)` span: the lowest that is free at its start.

    Spans may be in any order. The earliest start chooses first; ties keep the given order.
    """
    free_from: list[datetime] = []
    lanes = [0] * len(spans)
    for place in sorted(range(len(spans)), key=lambda place: spans[place][0]):
        start, until = spans[place]
        lane = next((at for at, free in enumerate(free_from) if free <= start), len(free_from))
        free_from[lane : lane + 1] = [until]
        lanes[place] = lane
    return lanes


def _waited_until(row: Row, as_of: datetime) -> datetime | None:
    """Where the wait after an experiment's result ends; None without a wait."""
    result: datetime | None = row["result_at"]
    if result is None or row["loop_status"] not in {"closed", "awaiting", "abandoned"}:
        return None
    end: datetime | None = row["next_at"] if row["loop_status"] == "closed" else as_of
    if row["loop_status"] == "abandoned":
        end = min(result + _ABANDONED_AFTER, max(as_of, result))
    return end and max(end, result)


def by_column(rows: Iterable[Row], column: str) -> dict[Any, list[Row]]:
    """The rows of each value of a column, in order."""
    groups: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row[column]].append(row)
    return groups
