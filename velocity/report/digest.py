"""What the digest says, from `velocity.reading.reads`: plain text and series, before any format."""

from __future__ import annotations

from datetime import timedelta
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
#: One page has room for no more; the rest is counted.
_MOST = 6
_WEEK = timedelta(weeks=1)
#: A posted digest does not name a stream with fewer active people: it would be about them.
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
    """The digest of a week; the same snapshot, week and scope give the same digest.

    It names no person, whoever asks. Those who see the fixed groups and not everything get that of
    the groups.

    Args:
        snapshot: where the figures come from.
        scope: what the viewer may see.
        week: its Monday; default: the latest that is complete.
        stream: id, for the digest of one stream.
        posted: whether it goes to a channel: then streams with fewer than 4 active people are not
            named.

    Raises:
        VelocityError: there is no run, no such stream, or the week is not over; or the digest of a
            stream with fewer than 4 active people would be posted.
    """
    if scope.fixed_groups and not scope.everything:
        if stream is not None:
            raise VelocityError(
                "There is no digest of one stream where leads may not see people.",
                "Leave --stream out: the digest is of groups (access.leads_see_individuals).",
            )
        return make_groups_digest(snapshot, scope=scope, week=week)
    trust = reads.trust(snapshot, scope=scope).row(0, named=True)
    if trust["as_of"] is None or trust["first_day"] is None:
        raise VelocityError("There is no run to report on.", "Run `velocity sync` first.")
    zone = str(trust["timezone"])
    latest = series.last_complete_week(last_whole_day(trust["as_of"], zone))
    week = no_later(week, latest)
    names = dict(reads.streams(snapshot, scope=scope).select("stream", "name").iter_rows())
    if stream is not None:
        if stream not in names:
            raise VelocityError(
                f"There is no stream '{stream}'.", "docs/configuration.md says where streams are."
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
    return _Week(snapshot, scope, week, stream=stream, names=names, trust=trust).digest()


class _Week:
    """Reads of one digest."""

    def __init__(
        self,
        snapshot: Snapshot,
        scope: Scope,
        week: date,
        *,
        stream: str | None,
        names: Mapping[str, str],
        trust: Mapping[str, Any],
    ) -> None:
        self._snapshot, self._scope, self._week = snapshot, scope, week
        self._stream, self._names, self._trust = stream, names, trust
        self._by: reads.By = "programme" if stream is None else "stream"
        groups = None if stream is None else [stream]
        figures = reads.metrics(
            snapshot,
            by=self._by,
            from_day=week,
            to_day=week + _WEEK,
            groups=groups,
            scope=scope,
        )
        self._now = next(figures.iter_rows(named=True), None)
        whole = reads.weekly(snapshot, by=self._by, groups=groups, scope=scope)
        self._whole = series.recent(whole, week, series.PROGRAMME_MEASURES)
        streams = reads.weekly(snapshot, by="stream", groups=groups, scope=scope)
        streams = streams.filter(pl.col("group_id").is_in(list(names)))
        self._streams = series.recent(streams, week, [it.id for it in STREAM_MEASURES])
        stuck = reads.stuck(snapshot, min_hours=_STUCK_HOURS, scope=scope)
        if stream is not None:
            stuck = stuck.filter(pl.col("stream") == stream)
        named = pl.col("stream").is_in(list(names))
        self._stuck = stuck.with_columns(pl.when(named).then("stream_name").alias("stream_name"))

    def digest(self) -> Digest:
        answer = sentences.stand_up(
            figures=self._now,
            weekly=self._streams,
            programme=self._whole if self._stream is None else self._whole.clear(),
            stuck=self._stuck,
            names=self._names,
            week=self._week,
        )
        return Digest(
            week=week_id(self._week),
            about="Programme" if self._stream is None else self._names[self._stream],
            days=formats.span(self._week, self._week + timedelta(days=6)),
            as_of=formats.instant(self._trust["as_of"], str(self._trust["timezone"])),
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
        frames = [self._streams] if self._stream is not None else [self._streams, self._whole]
        found, checked = series.signal_rows(frames, self._week, self._names)
        lines = _at_most([_signal(row, self._names) for row in found])
        lines = lines or [Line(signals.no_signal_words(checked))]
        return (*lines, Line(signals.checked_words(checked)))

    def _what_is_stuck(self) -> tuple[Line, ...]:
        if self._stuck.is_empty():
            return (Line("Nothing has been stuck for more than a day."),)
        by_stream = self._stuck.group_by("stream_name", "what", maintain_order=True).agg(
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
        now = self._now
        if now is None:
            return ()
        ledgers = reads.ledger(self._snapshot, by=self._by, scope=self._scope)
        left = charged(ledgers, self._stream or "programme")
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
        since = self._trust["as_of"] - _WEEK
        rows = reads.restated(self._snapshot, by=self._by, since=since, scope=self._scope)
        if self._stream is not None:
            rows = rows.filter(pl.col("group_id") == self._stream)
        lines = [Line(words) for words in restated(rows)]
        return tuple(_at_most(lines)) or (Line("No past week was restated."),)

    def _trusted(self) -> tuple[Line, ...]:
        trust = self._trust
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
        rows = trend(self._whole, measure)
        metric = definition(measure)
        return Trend(
            metric.title,
            metric.unit,
            tuple(rows["week_start"]),
            tuple(rows["value"]),
            tuple(rows["limit_low"]),
            tuple(rows["limit_high"]),
            signal=bool(rows["signal"].last()) if rows.height else False,
        )

    def _shares(self) -> tuple[Share, ...]:
        now = self._now
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
    """The medians of both halves of the loop, with their limits."""
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
    """As many lines as a page has room for, and how many more there are."""
    if len(lines) <= _MOST:
        return lines
    return [*lines[:_MOST], Line(f"and {formats.count(len(lines) - _MOST)} more.")]
