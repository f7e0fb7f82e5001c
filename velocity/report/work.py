"""The days of a text or page, and the work of some scholars over them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import polars as pl

from velocity.charts.weeks import Event
from velocity.reading import reads
from velocity.reading.periods import Window, last_whole_day, monday_of
from velocity.reading.series import TREND_WEEKS
from velocity.reading.viewed import ViewedDays
from velocity.sentences.answer import Row
from velocity.sentences.compared import Compared, Days
from velocity.sentences.mentor_facts import Facts
from velocity.sentences.weeks import events

_WEEK = timedelta(weeks=1)
#: Launches this long before the days are read too: they may still wait or run.
_EARLIER = timedelta(weeks=5)
_KEY = ["group_id", "measure", "week_start"]
_PARTS = ["volume", "medians", "side_by_side", "compute"]
#: Work elsewhere in the same days would add to one of these.
_COUNTED = [
    "experiments_started",
    "experiments_concluded",
    "runs_started",
    "runs_failed",
    "run_hours",
]
_ALL_PARTS = ["volume", "automation", "loops", "medians", "compute"]


@dataclass(frozen=True)
class Covered:
    """The days of a view whose rows are read, and those before."""

    view: ViewedDays

    @cached_property
    def days(self) -> Days:
        """The days, and those before."""
        return Days(self.view.window, self.view.before)

    def begin_figures(self, window: Window | None, **asked: Any) -> Callable[[], list[Row]]:
        """Starts to read `reads.overview` over a window; call the result for the rows."""
        if window is None:
            return list
        over = {"from_day": window.first, "to_day": window.end}
        found = self.view.soon(reads.overview, **over, **asked)
        return lambda: list(found().iter_rows(named=True))

    @property
    def today(self) -> date:
        """The last whole day of the data."""
        return last_whole_day(self.view.as_of, self.view.zone)

    @property
    def known_on(self) -> date:
        """The day of the end of the data, which midnight ends: what waits, waits then."""
        last = self.view.as_of - timedelta(microseconds=1)
        return last.astimezone(ZoneInfo(self.view.zone)).date()

    @property
    def running_from(self) -> date:
        """The Monday of the week that is still running at the end of the data."""
        return monday_of(self.today + timedelta(days=1))

    def mondays(self, last: date) -> list[date]:
        """The Mondays from the first week with data to that of the day `last`."""
        first = monday_of(self.view.trust["first_day"])
        return [first + _WEEK * at for at in range((monday_of(last) - first) // _WEEK + 1)]


@dataclass(frozen=True)
class Groups(Covered):
    """The figures of some groups, over the days and those before."""

    _kinds: ClassVar[Sequence[reads.By]] = ("programme", "stream")

    @cached_property
    def now(self) -> dict[str, Row]:
        """The figures of each group; the programme is "programme"."""
        return _by_id(self._now_rows, self._kinds)

    @cached_property
    def before(self) -> dict[str, Row]:
        """The same of the days before; empty without any."""
        return _by_id(self._before_rows, self._kinds)

    def of(self, group: str) -> Compared:
        """The figures of one group."""
        return Compared(self.days, self.now.get(group), self.before.get(group))

    def begin(self) -> None:
        """Starts to read the figures, while the caller does something else."""
        for window in (self.days.window, self.days.before):
            self._begin(window)

    @cached_property
    def _now_rows(self) -> list[Row]:
        return self._begin(self.days.window)()

    @cached_property
    def _before_rows(self) -> list[Row]:
        return self._begin(self.days.before)()

    def _begin(self, window: Window | None) -> Callable[[], list[Row]]:
        return self.begin_figures(window, kinds=self._kinds, parts=_ALL_PARTS)


@dataclass(frozen=True)
class Work(Groups):
    """The work of some scholars over the days of a view, each figure read when first asked for.

    In a stream, scholars count with their work in it only, which is what its mentors may see. Named
    scholars count with all of their work. The view is that of a mentor or research manager: it has
    days and durations, nobody's times of day.
    """

    _kinds = ("scholar",)

    stream: str | None = None  # its id; None for named scholars
    named: tuple[str, ...] = ()  # ids of the named scholars; empty for a stream

    @property
    def _asked(self) -> dict[str, list[str]]:
        """The lines of `reads.needs_decision` that it is about."""
        return {"scholars": [*self.named]} if self.stream is None else {"streams": [self.stream]}

    @cached_property
    def decisions(self) -> pl.DataFrame:
        """The lines whose result or failure has had no launch after it."""
        return self.view.needs_decision(**self._asked)

    @cached_property
    def queue(self) -> pl.DataFrame:
        """The lines that need a decision, the furthest beyond their own usual first."""
        return self.decisions.filter("needs_decision")

    @cached_property
    def people(self) -> dict[str, str]:
        """Id -> name of the named scholars, or of the stream's and who worked in it these days.

        They are in the order of their names. Mentors know the names of the roster's members of
        their streams, and ids of the others.
        """
        known = self.view.read(reads.scholars)
        names = dict(known.select("scholar", "name").iter_rows())
        names |= dict(self.decisions.select("scholar", "name").iter_rows())
        if self.stream is None:
            worked = {it for it in self.named if it in names}
        else:
            both = [*self.now.items(), *self.before.items()]
            worked = {it for it, row in both if any(row[column] for column in _COUNTED)}
            worked |= {*known.filter(pl.col("streams").list.contains(self.stream))["scholar"]}
            worked |= {*self.decisions["scholar"].drop_nulls()}
        named = {it: names.get(it, it) for it in worked}
        return dict(sorted(named.items(), key=lambda it: (it[1].casefold(), it[0])))

    @cached_property
    def order(self) -> dict[str, str]:
        """Id -> name of the scholars in the order of the queue, then of the others by name."""
        asked = self.queue.filter("named")["scholar"]
        return {it: self.people[it] for it in asked if it in self.people} | self.people

    @cached_property
    def before(self) -> dict[str, Row]:
        """The figures of the days before, of scholars who can be compared with them.

        They had begun, were not away by weeks, and have not come from another stream since then.
        """
        days, rows = self.days.before, _by_id(self._before_rows, self._kinds)
        if days is None:
            return rows
        within = pl.col("week_start").is_between(monday_of(days.first), days.last)
        compared = {*self._stretches.filter(within, ~pl.col("away"))["group_id"]}
        if self.stream is not None:
            since = pl.col("day").is_between(days.first, self.days.window.last, "right")
            compared -= {*self._notes.filter(since, about="move")["group_id"]}
        return {it: row for it, row in rows.items() if it in compared}

    def _begin(self, window: Window | None) -> Callable[[], list[Row]]:
        """The figures of each scholar, and with them those of streams if it is about one."""
        if self.stream is None:
            return self.begin_figures(window, kinds=self._kinds, groups=[*self.named], parts=_PARTS)
        kinds = [*self._kinds, "stream"]
        return self.begin_figures(window, kinds=kinds, within=self.stream, parts=_PARTS)

    @cached_property
    def whole(self) -> Compared:
        """The stream's figures; none without a stream."""
        rows = self._now_rows, self._before_rows
        now, before = [_by_id(it, ["stream"]).get(self.stream or "") for it in rows]
        return Compared(self.days, now, before)

    @cached_property
    def _stretches(self) -> pl.DataFrame:
        """The weeks of each scholar, whole and as many of their days as the page shows."""
        found = self.view.read(
            reads.to_date,
            by="scholar",
            within=self.stream,
            starts=self.mondays(self.days.window.last),
            lengths=sorted({self._length, 7}),
            running_from=self.running_from,
        )
        if self.stream is None:
            found = found.filter(pl.col("group_id").is_in(self.named))
        return found

    @property
    def _length(self) -> int:
        return self.days.window.days if self.days.is_week else 7

    @cached_property
    def weeks(self) -> pl.DataFrame:
        """Up to thirteen weeks of each scholar; of the days of one week, the same days of each."""
        first = monday_of(self.days.window.last) - TREND_WEEKS * _WEEK
        # Only a whole week can be a shift.
        whole = self._stretches.filter(days=7).select(*_KEY, "signal", whole="value")
        return (
            self._stretches.filter(pl.col("week_start") >= first, days=self._length)
            .drop("days", "signal")
            .join(whole, on=_KEY, how="left")
            .with_columns(pl.col("signal").fill_null(value=False))
        )

    def is_all_of(self, scholar: str) -> bool:
        """Whether all of a scholar's work in these days is in the stream, if it is about one."""
        here = self.now.get(scholar)
        if here is None or not self.view.scope.sees_whole(scholar):
            return False
        if self.stream is None:
            return True
        found = self.view.windowed(
            reads.overview, kinds=self._kinds, groups=[scholar], parts=["volume"]
        )
        return all(found[it].to_list() == [here[it]] for it in _COUNTED)

    @cached_property
    def _notes(self) -> pl.DataFrame:
        rows = self.view.read(reads.notes, by="scholar")
        if self.stream is None:
            return rows
        of_streams = pl.col("about").is_in(["stream", "grant", "move"])
        return rows.filter(~of_streams | (pl.col("target") == self.stream))

    @cached_property
    def events(self) -> dict[str, tuple[Event, ...]]:
        """What happened to each scholar, by the roster; nothing that concerns other streams."""
        return {str(it): events(part) for (it,), part in self._notes.group_by("group_id")}

    def facts(self, scholar: str) -> Facts:
        """What the sheet of a scholar is about."""
        view = self.view
        first = min(self.days.window.first, self.days.window.end - timedelta(days=14)) - _EARLIER
        over: dict[str, Any] = {"scholar": scholar, "from_day": first}
        begun = {it: view.soon(it, **over) for it in (reads.experiments, reads.loops)}
        chains = view.windowed(reads.chains, **self._whose(scholar))
        settings = view.read(reads.one_setting, scholar=scholar)
        concluded = view.windowed(reads.concluded).filter(scholar=scholar)
        loops = begun[reads.loops]().select(
            "experiment_id", "next_at", "machine_hours", "reaction_working_hours", "url"
        )
        experiments = self._own(begun[reads.experiments]())
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
            decisions=self._decisions_of(scholar),
            experiments=experiments,
            old=old.join(
                experiments.select("experiment_id", "label"), on="experiment_id", how="inner"
            ),
            chains=chains.filter(pl.col("line").is_in(lines.implode()), scholar=scholar),
            settings=self._own(settings),
            concluded=self._own(concluded),
            silent=self._own(view.silent.filter(scholar=scholar)),
            weeks=self._stretches.filter(group_id=scholar, days=7),
            zone=view.zone,
            hidden=not self.decisions["named"].all(),
        )

    def _decisions_of(self, scholar: str) -> pl.DataFrame:
        """The lines of `decisions` that are the scholar's."""
        if self.decisions["named"].all():
            return self.decisions.filter(scholar=scholar)
        # A line that is not named yet has no scholar in its row.
        return self.view.needs_decision(**{**self._asked, "scholars": [scholar]})

    def _own(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows of a scholar that count."""
        return rows if self.stream is None else rows.filter(stream=self.stream)

    def _whose(self, scholar: str) -> dict[str, str]:
        """The group whose chains are read: mentors see the stream's, others the scholar's."""
        if self.stream is not None and self.view.scope.sees_stream(self.stream):
            return {"by": "stream", "group_id": self.stream}
        return {"by": "scholar", "group_id": scholar}


def _by_id(rows: Sequence[Row], kinds: Sequence[str]) -> dict[str, Row]:
    return {row["group_id"]: row for row in rows if row["kind"] in kinds}
