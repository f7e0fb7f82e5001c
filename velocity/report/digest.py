"""Composes the digest from `velocity.reading.reads`: plain text and series, without a format."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from velocity import formats, sentences
from velocity.charts import STREAM_MEASURES, trend
from velocity.errors import VelocityError
from velocity.reading import reads, series
from velocity.reading.definitions import definition
from velocity.reading.frames import charged
from velocity.reading.periods import last_whole_day
from velocity.report.groups import make_groups_digest
from velocity.report.parts import (
    Digest,
    Figure,
    Line,
    Section,
    Share,
    Trend,
    no_later,
    serial_bar,
    serial_figure,
    week_id,
)
from velocity.sentences import signals, tiles
from velocity.sentences.answer import as_read
from velocity.sentences.weeks import restated

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from velocity.reading.access import Scope
    from velocity.store import Snapshot

_STUCK_HOURS = 24
#: The lines of a section that fit on the page; the rest is counted.
_MOST = 6
_WEEK = timedelta(weeks=1)
#: A posted digest does not name a stream with fewer active people: it would describe them.
_FEWEST = 4
_CHARTS = (
    "experiments_concluded",
    "failure_share",
    "serial_share",
    "machine_hours_median",
    "reaction_hours_median",
)


def make_digest(
    snapshot: Snapshot,
    *,
    scope: Scope,
    week: date | None = None,
    stream: str | None = None,
    posted: bool = False,
) -> Digest:
    """Returns the digest of a week; it names no person.

    Viewers who see the fixed groups but not everything get the digest of the groups.

    Args:
        snapshot: the source of the figures.
        scope: what the viewer may see.
        week: its Monday; None means the latest complete week.
        stream: id, for the digest of one stream.
        posted: whether it goes to a channel; then streams with fewer than 4 active people are not
            named.

    Raises:
        VelocityError: there is no run or no such stream, the week is not over, or the digest to
            post is of a stream with fewer than 4 active people.
    """
    if scope.fixed_groups and not scope.everything:
        if stream is not None:
            raise VelocityError(
                "There is no digest of one stream if leads may not see people.",
                "Leave --stream out: the digest covers groups (access.leads_see_individuals).",
            )
        return make_groups_digest(snapshot, scope=scope, week=week)
    trust = reads.trust(snapshot, scope=scope).row(0, named=True)
    if trust["as_of"] is None or trust["first_day"] is None:
        raise VelocityError("There are no runs to report on.", "Run `velocity sync` first.")
    zone = str(trust["timezone"])
    week = no_later(week, series.last_complete_week(last_whole_day(trust["as_of"], zone)))
    names = dict(reads.streams(snapshot, scope=scope).select("stream", "name").iter_rows())
    if stream is not None:
        if stream not in names:
            raise VelocityError(
                f"There is no stream '{stream}'.", "docs/configuration.md explains streams."
            )
        names = {stream: names[stream]}
    if posted:
        people = reads.active_people(snapshot, from_day=week, to_day=week + _WEEK, scope=scope)
        enough = people.filter(pl.col("people") >= _FEWEST)["stream"].to_list()
        names = {it: name for it, name in names.items() if it in enough}
        if stream is not None and not names:
            raise VelocityError(
                f"Fewer than {_FEWEST} people were active in '{stream}' in {week_id(week)}, so its "
                "digest is not posted.",
                "Post the programme's digest, or write this one to a file with --out.",
            )
    return _Week(snapshot, scope, week, stream, names, trust).digest()


@dataclass(frozen=True)
class _Week:
    """The reads of one digest; `names` holds the streams that may be named."""

    snapshot: Snapshot
    scope: Scope
    week: date
    stream: str | None
    names: Mapping[str, str]
    trust: Mapping[str, Any]

    @property
    def by(self) -> reads.By:
        return "programme" if self.stream is None else "stream"

    @property
    def groups(self) -> list[str] | None:
        return None if self.stream is None else [self.stream]

    @cached_property
    def now(self) -> dict[str, Any] | None:
        figures = reads.metrics(
            self.snapshot,
            by=self.by,
            from_day=self.week,
            to_day=self.week + _WEEK,
            groups=self.groups,
            scope=self.scope,
        )
        return next(figures.iter_rows(named=True), None)

    @cached_property
    def whole(self) -> pl.DataFrame:
        """The weekly series of the programme, or of the one stream."""
        weekly = reads.weekly(self.snapshot, by=self.by, groups=self.groups, scope=self.scope)
        return series.recent(weekly, self.week, series.PROGRAMME_MEASURES)

    @cached_property
    def streams(self) -> pl.DataFrame:
        """The weekly series of the streams that may be named."""
        weekly = reads.weekly(self.snapshot, by="stream", groups=self.groups, scope=self.scope)
        named = weekly.filter(pl.col("group_id").is_in(list(self.names)))
        return series.recent(named, self.week, [it.id for it in STREAM_MEASURES])

    @cached_property
    def stuck(self) -> pl.DataFrame:
        stuck = reads.stuck(self.snapshot, min_hours=_STUCK_HOURS, scope=self.scope)
        if self.stream is not None:
            stuck = stuck.filter(pl.col("stream") == self.stream)
        named = pl.col("stream").is_in(list(self.names))
        return stuck.with_columns(pl.when(named).then("stream_name").alias("stream_name"))

    def digest(self) -> Digest:
        answer = sentences.stand_up(
            figures=self.now,
            weekly=self.streams,
            programme=self.whole if self.stream is None else self.whole.clear(),
            stuck=self.stuck,
            names=self.names,
            week=self.week,
        )
        return Digest(
            week=week_id(self.week),
            about="Programme" if self.stream is None else self.names[self.stream],
            days=formats.span(self.week, self.week + timedelta(days=6)),
            as_of=formats.instant(self.trust["as_of"], str(self.trust["timezone"])),
            headline=as_read(answer.sentence),
            support=as_read(answer.support),
            news=(
                Section("What changed", self._changed()),
                Section("What is stuck", self._what_is_stuck()),
            ),
            figures=self._figures(),
            shares=self._shares(),
            trends=tuple(self._trend(it) for it in _CHARTS),
            footing=(
                Section("Restated since last week", self._restated()),
                Section("Data trust", self._trusted()),
            ),
        )

    def _changed(self) -> tuple[Line, ...]:
        frames = [self.streams] if self.stream is not None else [self.streams, self.whole]
        found, checked = series.signal_rows(frames, self.week, self.names)
        lines = _at_most([_signal(row, self.names) for row in found])
        lines = lines or [Line(signals.no_signal_words(checked))]
        return (*lines, Line(signals.checked_words(checked)))

    def _what_is_stuck(self) -> tuple[Line, ...]:
        if self.stuck.is_empty():
            return (Line("Nothing has been stuck for more than a day."),)
        by_stream = self.stuck.group_by("stream_name", "what", maintain_order=True).agg(
            pl.struct("scholar", "entity", "project").n_unique().alias("lines"),
            pl.col("waited_hours").max(),
        )
        lines = [
            Line(
                f"{formats.plural(row['lines'], 'line')}, the longest for "
                f"{formats.duration(row['waited_hours'])}",
                name=row["stream_name"] or "Elsewhere",
                strong=row["what"],
            )
            for row in by_stream.iter_rows(named=True)
        ]
        return tuple(_at_most(lines))

    def _figures(self) -> tuple[Figure, ...]:
        now = self.now
        if now is None:
            return ()
        ledgers = reads.ledger(self.snapshot, by=self.by, scope=self.scope)
        left = charged(ledgers, self.stream or "programme")
        concluded, loop = tiles.concluded(now, None), tiles.loop(now, None)
        left_over = tiles.credits_left(now, left)
        spent = [] if left_over.value == formats.NOT_KNOWN else [left_over.change]
        return (
            Figure(concluded.label, concluded.value, (concluded.second, concluded.note)),
            serial_figure(now),
            Figure(
                loop.label, loop.value, (*(_halves(now) or [loop.second.rstrip(".")]), loop.note)
            ),
            Figure(left_over.label, left_over.value, (*spent, left_over.second, left_over.note)),
        )

    def _restated(self) -> tuple[Line, ...]:
        since = self.trust["as_of"] - _WEEK
        rows = reads.restated(self.snapshot, by=self.by, since=since, scope=self.scope)
        if self.stream is not None:
            rows = rows.filter(pl.col("group_id") == self.stream)
        lines = [Line(words) for words in restated(rows)]
        return tuple(_at_most(lines)) or (Line("No past week was restated."),)

    def _trusted(self) -> tuple[Line, ...]:
        trust = self.trust
        return (
            Line(
                f"{formats.share_exact(trust['attributed_share'])} of "
                f"{formats.plural(trust['runs'], 'run')} attributed; "
                f"{formats.plural(trust['stale_runs'], 'stale run')}, "
                f"{formats.plural(trust['clock_runs'], 'flagged clock')}, "
                f"{formats.plural(trust['rejected_rows'], 'row')} set aside."
            ),
            Line("Figures steer experiments; they do not compare people."),
        )

    def _trend(self, measure: str) -> Trend:
        metric = definition(measure)
        return Trend(metric.title, metric.unit, trend(self.whole, measure))

    def _shares(self) -> tuple[Share, ...]:
        now = self.now
        if now is None:
            return ()
        if now["reaction_share"] is None:
            return serial_bar(now)
        words = "Hours of closed loops", "machine", "reaction"
        loops = Share(*words, 1 - now["reaction_share"], ("machine", "reaction"))
        return (*serial_bar(now), loops)


def _signal(row: Mapping[str, Any], names: Mapping[str, str]) -> Line:
    value, usual = signals.signal_figures(row)
    title = definition(row["measure"]).title
    return Line(usual, name=names.get(row["group_id"], "Programme"), strong=f"{title}: {value}.")


def _halves(now: Mapping[str, Any]) -> list[str]:
    """Returns the medians of both halves of the loop, with their limits."""
    return [
        f"{part} "
        + formats.median(
            *(now[f"{part}_hours_{it}"] for it in ("median", "low", "high")),
            largest=now[f"{part}_hours_largest"],
        )
        for part in ("machine", "reaction")
        if now[f"{part}_hours_events"] >= formats.MEDIAN_EVENTS
    ]


def _at_most(lines: list[Line]) -> list[Line]:
    """Returns the lines that fit on the page, and the number of the others."""
    if len(lines) <= _MOST:
        return lines
    return [*lines[:_MOST], Line(f"and {formats.count(len(lines) - _MOST)} more.")]
