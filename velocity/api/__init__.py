"""The Python API: one published snapshot as typed polars frames, read-only."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import polars as pl

from velocity.api.arguments import Day, check_scholar, one_of, window
from velocity.errors import VelocityError
from velocity.paths import data_folder
from velocity.reading import definitions, reads
from velocity.reading.reads import Actor, By, Period
from velocity.store.snapshot import Snapshot, current_snapshot

__all__ = ["Reader", "open"]


def open(data: str | os.PathLike[str] | None = None) -> Reader:  # noqa: A001 - `velocity.open`
    """Open the latest snapshot of a data folder, read-only.

    Args:
        data: the data folder; None: VELOCITY_DATA if it is set, else ./data.

    Raises:
        VelocityError: there is no data in the folder, or another version of velocity made it.
    """
    if not isinstance(data, str | os.PathLike | None):
        raise VelocityError(
            f"The data folder is a path, not {data!r}.", 'An example is velocity.open("data").'
        )
    return Reader(current_snapshot(data_folder() if data is None else Path(data)))


class Reader:
    """The figures and rows of one snapshot; `velocity.open` opens the latest one.

    A snapshot never changes: to see what a later sync published, open it again. Every method
    returns a new frame, which stays valid after `close`. Threads may share a reader. Frames hold
    everything that the command line shows, so they are for the operator alone.

    In every frame, days are local days of the programme's time zone (`timezone`), columns ending in
    `_at` are instants in UTC, `_hours` hours and `_share` shares between 0 and 1. A value that is
    not known is null. Arguments called `from_day` (included) and `to_day` (not included) are dates
    or texts such as "2026-01-05"; None means no limit. `scholar` is the id of one scholar, None
    means all of them. `actor` says whose launches count: those of a "person", those of their
    "automation", or "all".

    Every method raises VelocityError if an argument is wrong or the reader is closed.

    Attributes:
        path: the file of the snapshot, a DuckDB database.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._opened: Snapshot | None = Snapshot(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; closing again does nothing."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    @property
    def as_of(self) -> datetime | None:
        """The instant (UTC) to which the data is complete; None without any runs."""
        found: datetime | None = reads.edge(self._snapshot)["as_of"][0]
        return found

    @property
    def timezone(self) -> str:
        """The programme's time zone, such as "Europe/Berlin", for days, weeks and months."""
        return str(reads.edge(self._snapshot)["timezone"][0])

    def metrics(
        self,
        *,
        by: By = "scholar",
        period: Period = "all",
        from_day: Day | None = None,
        to_day: Day | None = None,
        scholar: str | None = None,
        actor: Actor = "person",
    ) -> pl.DataFrame:
        """Every metric: one row per group and period, with zeros where nothing happened.

        Args:
            by: "scholar", "stream" or "programme".
            period: "all" (one row for the whole window), "month", "week" (from Monday) or "day".
            from_day: first day.
            to_day: day after the last.
            scholar: only this scholar; only by "scholar".
            actor: whose launches count. GPU-hours and credits always count all of them.

        Returns:
            A column called as `by` with the id of the group; `period_start` (a day) unless the
            period is "all"; then one column per metric of docs/metrics.md, with `_median`, `_n`,
            `_events`, `_low`, `_high` and `_largest` for medians; `littles_law_residual_hours`.
            Over all the data, the group's credits at its end follow.
        """
        one_of("by", by, By)
        one_of("period", period, Period)
        if scholar is not None and by != "scholar":
            raise VelocityError(
                f'A single scholar cannot be chosen by "{by}".', 'Leave out by, or use "scholar".'
            )
        self._whose(scholar, actor)  # checks both
        groups = None if scholar is None else [scholar]
        asked: dict[str, Any] = {"by": by, "period": period, "groups": groups}
        asked |= window(from_day, to_day)
        found = reads.metrics(self._snapshot, actor=actor, **asked)
        beside = [reads.littles_law_residual(self._snapshot, **asked)]
        if period == "all" and from_day is None and to_day is None:
            beside.append(self.credits(by=by).rename({"group_id": by}))
        keys = [by] if period == "all" else [by, "period_start"]
        for frame in beside:
            found = found.join(frame, on=keys, how="left", maintain_order="left")
        return found

    def weekly(self, *, by: By = "scholar") -> pl.DataFrame:
        """Weekly series with the group's usual range: one row per group, metric and week.

        Returns:
            group_id, measure (id of the metric), week_start (a Monday), running (the week is not
            over), away (mostly days off), value (in the metric's unit), n (null for shares),
            centre, limit_low and limit_high (null without enough weeks), signal (the week is a
            shift) and phase (from 0).
        """
        return reads.weekly(self._snapshot, by=one_of("by", by, By))

    def runs(
        self,
        *,
        from_day: Day | None = None,
        to_day: Day | None = None,
        scholar: str | None = None,
        actor: Actor = "all",
    ) -> pl.DataFrame:
        """One row per run that started in the window, latest first.

        Returns:
            Whose run it is, its id, its state on W&B and its class, its start and end and where
            they come from, its experiment, flags, machine and page.
        """
        self._whose(scholar, actor)  # checks both
        scholars = None if scholar is None else [scholar]
        asked = window(from_day, to_day)
        return reads.runs(self._snapshot, scholars=scholars, actor=actor, **asked)

    def experiments(
        self,
        *,
        from_day: Day | None = None,
        to_day: Day | None = None,
        scholar: str | None = None,
        actor: Actor = "person",
    ) -> pl.DataFrame:
        """One row per experiment launched in the window, latest first.

        Returns:
            Whose it is, its id and label, its number of runs, when it started, had a result and
            ended, its outcome, its hours and the state of its loop.
        """
        asked = self._whose(scholar, actor) | window(from_day, to_day)
        return reads.experiments(self._snapshot, **asked)

    def loops(
        self,
        *,
        from_day: Day | None = None,
        to_day: Day | None = None,
        scholar: str | None = None,
        actor: Actor = "person",
    ) -> pl.DataFrame:
        """One row per feedback loop of an experiment launched in the window, latest first.

        Returns:
            Whose it is, the experiment, when it was launched, had a result and was followed, and
            the hours of each part. A column ending in `_event` is true if the time beside it has
            ended, and false if it still goes on.
        """
        asked = self._whose(scholar, actor) | window(from_day, to_day)
        return reads.loops(self._snapshot, **asked)

    def lines(
        self,
        *,
        from_day: Day | None = None,
        to_day: Day | None = None,
        scholar: str | None = None,
        actor: Actor = "person",
    ) -> pl.DataFrame:
        """One row per line (scholar and project) with loops in the window.

        Returns:
            The line, its loops, their medians in hours, and its blind ratio.
        """
        asked = self._whose(scholar, actor) | window(from_day, to_day)
        return reads.lines(self._snapshot, **asked)

    def one_setting(
        self,
        *,
        from_day: Day | None = None,
        to_day: Day | None = None,
        scholar: str | None = None,
        actor: Actor = "person",
    ) -> pl.DataFrame:
        """One row per sequence of experiments that changed one config key at a time.

        Returns:
            The line, the key, the experiments, when the first started, and their hours.
        """
        asked = self._whose(scholar, actor) | window(from_day, to_day)
        return reads.one_setting(self._snapshot, **asked)

    def idle_hosts(self, *, from_day: Day | None = None, to_day: Day | None = None) -> pl.DataFrame:
        """One row per rented host, those without a run now first.

        Returns:
            The host, its GPUs, whether it is idle now and since when, and its idle GPU-hours.
        """
        return reads.idle_hosts(self._snapshot, **window(from_day, to_day))

    def open_work(self, *, scholar: str | None = None, actor: Actor = "person") -> pl.DataFrame:
        """One row per experiment in flight at the end of the data, oldest first.

        Returns:
            Whose it is, the experiment, its age, whether that is more than usual, and when its
            result is likely.
        """
        return reads.open_work(self._snapshot, **self._whose(scholar, actor))

    def waiting_results(
        self, *, scholar: str | None = None, actor: Actor = "person"
    ) -> pl.DataFrame:
        """One row per experiment with a result and no launch after it, oldest result first.

        Returns:
            Whose it is, the experiment, its outcome, and how long the result has waited.
        """
        return reads.waiting_results(self._snapshot, **self._whose(scholar, actor))

    def credits(self, *, by: By = "scholar") -> pl.DataFrame:
        """One row per group: its credits at the end of the data.

        Returns:
            group_id, credits granted, spent and left, the burn per day, and how long they last.
        """
        return reads.ledger(self._snapshot, by=one_of("by", by, By))

    def scholars(self) -> pl.DataFrame:
        """One row per scholar: id, name, time zone and streams."""
        return reads.scholars(self._snapshot)

    def streams(self) -> pl.DataFrame:
        """One row per stream: id and name, in the order of the roster."""
        return reads.streams(self._snapshot)

    def projects(self) -> pl.DataFrame:
        """One row per project: its runs, and to when its data is complete."""
        return reads.projects(self._snapshot)

    def definitions(self) -> pl.DataFrame:
        """One row per metric: metric (its id), unit, title, text and formula, as docs/metrics.md.

        The formula is "" for a metric that is not made of others.
        """
        found = definitions.metrics().values()
        rows = [(it.id, it.unit, it.title, it.text, it.formula) for it in found]
        columns = ["metric", "unit", "title", "text", "formula"]
        return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")

    @property
    def _snapshot(self) -> Snapshot:
        if self._opened is None:
            raise VelocityError("This reader is closed.", "Open the data again: velocity.open.")
        return self._opened

    def _whose(self, scholar: str | None, actor: Actor = "person") -> dict[str, Any]:
        one_of("actor", actor, Actor)
        if scholar is not None:
            check_scholar(self._snapshot, scholar)
        return {"scholar": scholar, "actor": actor}
