"""What the page of a stream is about: its queue, its scholars, and their figures in it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from velocity.reading import reads
from velocity.reading.periods import monday_of
from velocity.reading.series import TREND_WEEKS
from velocity.sentences.events import events
from velocity.sentences.mentor import Facts
from velocity.ui.covered import Covered

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from velocity.charts.events import Event
    from velocity.sentences.answer import Row
    from velocity.ui.view import View

_WEEK = timedelta(weeks=1)
#: Launches this long before the days are read too: they may still wait or run.
_EARLIER = timedelta(weeks=5)
_KEY = ["group_id", "measure", "week_start"]
_PARTS = ["volume", "medians", "side_by_side", "compute"]


def without_hours(view: View) -> View:
    """The view of a mentor: days and durations, nobody's times of day."""
    scope = replace(view.scope, hours=())
    return replace(view, viewer=replace(view.viewer, scope=scope, scholar=None))


@dataclass(frozen=True)
class Stream(Covered):
    """One stream over the days of a view, each figure read when it is first asked for.

    Scholars count with their work in this stream only, which is what its mentors may see.

    Args:
        view: of a mentor.
        id: of the stream.
    """

    id: str

    @property
    def name(self) -> str:
        """Its name."""
        return self.view.stream_names[self.id]

    @cached_property
    def decisions(self) -> pl.DataFrame:
        """The lines whose result or failure has had no launch after it."""
        return self.view.needs_decision(streams=[self.id])

    @property
    def queue(self) -> pl.DataFrame:
        """The lines that need a decision, the furthest beyond their own usual first."""
        return self.decisions.filter("needs_decision")

    @cached_property
    def people(self) -> dict[str, str]:
        """Id -> name of the stream's scholars and of those who worked in it lately, by name.

        Mentors know the names of the roster's members of their streams, and ids of the others.
        """
        worked = {*self.weeks.filter(measure="serial_share")["group_id"], *self.now}
        known = self.view.read(reads.scholars)
        names = dict(known.select("scholar", "name").iter_rows())
        names |= dict(self.decisions.select("scholar", "name").iter_rows())
        worked |= {*known.filter(pl.col("streams").list.contains(self.id))["scholar"]}
        worked |= {*self.decisions["scholar"].drop_nulls()}
        named = {it: names.get(it, it) for it in worked}
        return dict(sorted(named.items(), key=lambda it: (it[1].casefold(), it[0])))

    @cached_property
    def order(self) -> dict[str, str]:
        """Id -> name of the scholars in the order of the queue, then of the others by name."""
        asked = self.queue.filter("named")["scholar"]
        return {it: self.people[it] for it in asked if it in self.people} | self.people

    @cached_property
    def now(self) -> dict[str, Row]:
        """The figures of each scholar in the stream over the days."""
        window = self.days.window
        return _rows(self._figures("scholar", window.first, window.end)(), "scholar")

    @cached_property
    def before(self) -> dict[str, Row]:
        """The same over the days before; empty without any."""
        before = self.days.before
        if before is None:
            return {}
        return _rows(self._figures("scholar", before.first, before.end)(), "scholar")

    @cached_property
    def whole(self) -> tuple[Row | None, Row | None]:
        """The stream's figures of the days, and of the days before."""
        window, before = self.days.window, self.days.before
        now = self._figures("stream", window.first, window.end)
        then = before and self._figures("stream", before.first, before.end)
        return _rows(now(), "stream").get(self.id), (
            _rows(then(), "stream").get(self.id) if then else None
        )

    def _figures(self, by: str, first: date, end: date) -> Callable[[], pl.DataFrame]:
        whose: dict[str, Any] = {"within": self.id} if by == "scholar" else {"groups": [self.id]}
        over = {"from_day": first, "to_day": end, "parts": _PARTS}
        return self.view.soon(reads.metrics, by=by, **over, **whose)

    @cached_property
    def weeks(self) -> pl.DataFrame:
        """Thirteen weeks of each scholar; of the days of one week, the same days of each."""
        window = self.days.window
        length = window.days if self.days.is_week else 7
        first, last = monday_of(self.view.trust["first_day"]), monday_of(window.last)
        starts = [first + _WEEK * at for at in range((last - first) // _WEEK + 1)]
        found = self.view.read(
            reads.to_date,
            by="scholar",
            within=self.id,
            starts=starts,
            lengths=sorted({length, 7}),
            running_from=monday_of(self.today + timedelta(days=1)),
        )
        # Only a whole week can be a shift.
        whole = found.filter(days=7).select(*_KEY, "signal", whole="value")
        return (
            found.filter(pl.col("week_start") >= last - TREND_WEEKS * _WEEK, days=length)
            .drop("days", "signal")
            .join(whole, on=_KEY, how="left")
            .with_columns(pl.col("signal").fill_null(value=False))
        )

    @cached_property
    def events(self) -> dict[str, tuple[Event, ...]]:
        """What happened to each scholar, by the roster; nothing that concerns other streams."""
        rows = self.view.read(reads.notes, by="scholar", groups=[*self.people])
        rows = rows.filter(
            ~pl.col("about").is_in(["stream", "grant", "move"]) | (pl.col("target") == self.id)
        )
        return {str(it): events(part) for (it,), part in rows.group_by("group_id")}

    def facts(self, scholar: str) -> Facts:
        """What the sheet of a scholar is about."""
        view = self.view
        first = min(self.days.window.first, self.days.window.end - timedelta(days=14)) - _EARLIER
        over: dict[str, Any] = {"scholar": scholar, "from_day": first}
        begun = {it: view.soon(it, **over) for it in (reads.experiments, reads.loops)}
        chains = view.windowed(reads.chains, **self._whose(scholar))
        settings = view.read(reads.one_setting, scholar=scholar)
        loops = begun[reads.loops]().select(
            "experiment_id", "next_at", "machine_hours", "reaction_working_hours", "url"
        )
        experiments = begun[reads.experiments]().filter(stream=self.id)
        experiments = experiments.join(
            loops, on="experiment_id", how="left", maintain_order="left"
        ).with_columns(pl.col("machine_hours").fill_null(pl.col("active_hours")))
        lines = experiments.select(pl.concat_str("entity", "project", separator="/")).to_series()
        old = view.read(reads.open_work, scholar=scholar).filter("older_than_usual")
        return Facts(
            name=self.people[scholar],
            days=self.days,
            now=self.now.get(scholar),
            before=self.before.get(scholar),
            decisions=self.decisions.filter(scholar=scholar),
            experiments=experiments,
            old=old.join(
                experiments.select("experiment_id", "label"), on="experiment_id", how="inner"
            ),
            chains=chains.filter(pl.col("line").is_in(lines.implode()), scholar=scholar),
            settings=settings.filter(stream=self.id),
            zone=view.zone,
        )

    def _whose(self, scholar: str) -> dict[str, str]:
        """The group whose chains are read: mentors see the stream's, scholars their own."""
        if self.view.scope.sees_stream(self.id):
            return {"by": "stream", "group_id": self.id}
        return {"by": "scholar", "group_id": scholar}


def _rows(figures: pl.DataFrame, by: str) -> dict[str, Row]:
    return {row[by]: row for row in figures.iter_rows(named=True)}
