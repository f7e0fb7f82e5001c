"""Composes the digest from `velocity.reading.reads`: plain text and series, without a format."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from velocity import formats, sentences
from velocity.charts.multiples import STREAM_MEASURES
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
from velocity.sentences import tiles
from velocity.sentences.answer import as_read
from velocity.sentences.medians import Median
from velocity.sentences.shifts import checked_words, no_shift_words, shift_figures
from velocity.sentences.weeks import restated

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from velocity.reading.access import Scope
    from velocity.store import Snapshot

_STUCK_HOURS = 24
#: The number of lines of a section that fit on the page; the others are only counted.
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
    return _digest(snapshot, scope=scope, week=week, stream=stream, names=names, trust=trust)


def _digest(
    snapshot: Snapshot,
    *,
    scope: Scope,
    week: date,
    stream: str | None,
    names: Mapping[str, str],
    trust: Mapping[str, Any],
) -> Digest:
    """Returns the digest; `names` holds the streams that it may name."""
    by: reads.By = "programme" if stream is None else "stream"
    groups = None if stream is None else [stream]
    figures = reads.metrics(
        snapshot, by=by, from_day=week, to_day=week + _WEEK, groups=groups, scope=scope
    )
    now = next(figures.iter_rows(named=True), None)
    whole = reads.weekly(snapshot, by=by, groups=groups, scope=scope)
    whole = series.recent(whole, week, series.PROGRAMME_MEASURES)
    streams = reads.weekly(snapshot, by="stream", groups=groups, scope=scope)
    streams = streams.filter(pl.col("group_id").is_in(list(names)))
    streams = series.recent(streams, week, [it.id for it in STREAM_MEASURES])
    programme = whole if stream is None else whole.clear()
    stuck = reads.stuck(snapshot, min_hours=_STUCK_HOURS, scope=scope)
    moved = reads.restated(snapshot, by=by, since=trust["as_of"] - _WEEK, scope=scope)
    if stream is not None:
        stuck, moved = stuck.filter(stream=stream), moved.filter(group_id=stream)
    named = pl.col("stream").is_in(list(names))
    stuck = stuck.with_columns(pl.when(named).then("stream_name").alias("stream_name"))
    ledger = charged(reads.ledger(snapshot, by=by, scope=scope), stream or "programme")
    answer = sentences.stand_up(
        figures=now, weekly=streams, programme=programme, stuck=stuck, names=names, week=week
    )
    return Digest(
        week=week_id(week),
        about="Programme" if stream is None else names[stream],
        days=formats.span(week, week + timedelta(days=6)),
        as_of=formats.instant(trust["as_of"], str(trust["timezone"])),
        headline=as_read(answer.sentence),
        support=as_read(answer.support),
        news=(
            Section("What changed", _changed([streams, programme], week, names)),
            Section("What is stuck", _stuck(stuck)),
        ),
        figures=() if now is None else _figures(now, ledger),
        shares=() if now is None else _shares(now),
        trends=tuple(_trend(whole, it) for it in _CHARTS),
        footing=(
            Section("Restated since last week", _restated(moved)),
            Section("Data trust", _trusted(trust)),
        ),
    )


def _changed(
    frames: Sequence[pl.DataFrame], week: date, names: Mapping[str, str]
) -> tuple[Line, ...]:
    shifts = series.Shifts.of(frames, week, names)
    lines = _at_most([_shift(row, names) for row in shifts.rows])
    lines = lines or [Line(no_shift_words(shifts))]
    return (*lines, Line(checked_words(shifts)))


def _stuck(stuck: pl.DataFrame) -> tuple[Line, ...]:
    by_stream = stuck.group_by("stream_name", "what", maintain_order=True).agg(
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
    return tuple(_at_most(lines)) or (Line("Nothing has been stuck for more than a day."),)


def _figures(now: dict[str, Any], ledger: dict[str, Any] | None) -> tuple[Figure, ...]:
    concluded, loop = tiles.concluded(now, None), tiles.loop(now, None)
    left_over = tiles.credits_left(now, ledger)
    spent = [] if left_over.value == formats.NOT_KNOWN else [left_over.change]
    return (
        Figure(concluded.label, concluded.value, (concluded.second, concluded.note)),
        serial_figure(now),
        Figure(loop.label, loop.value, (*(_halves(now) or [loop.second.rstrip(".")]), loop.note)),
        Figure(left_over.label, left_over.value, (*spent, left_over.second, left_over.note)),
    )


def _restated(rows: pl.DataFrame) -> tuple[Line, ...]:
    lines = [Line(words) for words in restated(rows)]
    return tuple(_at_most(lines)) or (Line("No past week was restated."),)


def _trusted(trust: Mapping[str, Any]) -> tuple[Line, ...]:
    return (
        Line(
            f"{formats.share_exact(trust['attributed_share'])} of "
            f"{formats.plural(trust['runs'], 'run')} attributed; "
            f"{formats.plural(trust['stale_runs'], 'stale run')}, "
            f"{formats.plural(trust['clock_runs'], 'flagged clock')}, "
            f"{formats.plural(trust['rejected_rows'], 'row')} skipped"
            f"{''.join(f'; {it}' for it in formats.set_apart(trust))}."
        ),
        Line("Figures steer experiments; they do not compare people."),
    )


def _trend(weekly: pl.DataFrame, measure: str) -> Trend:
    metric = definition(measure)
    return Trend(metric.title, metric.unit, series.trend(weekly, measure))


def _shares(now: Mapping[str, Any]) -> tuple[Share, ...]:
    if now["reaction_share"] is None:
        return serial_bar(now)
    words = "Hours of closed loops", "machine", "reaction"
    loops = Share(*words, 1 - now["reaction_share"], ("machine", "reaction"))
    return (*serial_bar(now), loops)


def _shift(row: Mapping[str, Any], names: Mapping[str, str]) -> Line:
    value, usual = shift_figures(row)
    title = definition(row["measure"]).title
    return Line(usual, name=names.get(row["group_id"], "Programme"), strong=f"{title}: {value}.")


def _halves(now: Mapping[str, Any]) -> list[str]:
    """Returns the medians of both halves of the loop, with their limits."""
    return [
        f"{part} {median.words()}"
        for part in ("machine", "reaction")
        for median in [Median.of(now, f"{part}_hours")]
        if median.enough
    ]


def _at_most(lines: list[Line]) -> list[Line]:
    """Returns the lines that fit on the page, and the number of remaining lines."""
    if len(lines) <= _MOST:
        return lines
    return [*lines[:_MOST], Line(f"and {formats.count(len(lines) - _MOST)} more.")]
