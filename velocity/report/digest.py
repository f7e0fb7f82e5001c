"""Composes the digest from `velocity.reading.reads`: plain text and series, without a format."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from velocity import formats
from velocity.errors import VelocityError
from velocity.reading import reads, series
from velocity.reading.definitions import definition
from velocity.reading.frames import named_ends
from velocity.reading.known import AtInstant
from velocity.reading.periods import Window, last_whole_day, local_midnight
from velocity.report.groups import make_groups_digest
from velocity.report.parts import (
    Digest,
    Figure,
    Line,
    Section,
    Share,
    Trend,
    no_later,
    page_link,
    serial_bar,
    week_id,
)
from velocity.sentences import week as words
from velocity.sentences import week_tiles
from velocity.sentences.answer import as_read
from velocity.sentences.compared import MEASURES, Days
from velocity.sentences.moved import PROGRAMME, UNATTRIBUTED, stream_rows
from velocity.sentences.weeks import restated

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from velocity.reading.access import Scope
    from velocity.store import Snapshot

#: The number of lines of a section that fit on the page; the others are only counted.
_MOST = 6
_WEEK = timedelta(weeks=1)
_KINDS: tuple[reads.By, ...] = ("programme", "stream")
#: A posted digest does not name a stream with fewer active people: it would describe them.
_FEWEST = 4


def make_digest(
    snapshot: Snapshot,
    *,
    scope: Scope,
    week: date | None = None,
    stream: str | None = None,
    posted: bool = False,
    address: str | None = None,
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
        address: of the dashboard; None for a digest without links.

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
        return make_groups_digest(snapshot, scope=scope, week=week, address=address)
    trust = reads.trust(snapshot, scope=scope).row(0, named=True)
    if trust["as_of"] is None or trust["first_day"] is None:
        raise VelocityError("There are no runs to report on.", "Run `velocity sync` first.")
    zone = str(trust["timezone"])
    week = no_later(week, series.last_complete_week(last_whole_day(trust["as_of"], zone)))
    names = dict(reads.streams(snapshot, scope=scope).select("stream", "name").iter_rows())
    if stream is not None:
        if stream not in names:
            raise VelocityError(
                f"There is no stream '{formats.label(stream)}'.",
                formats.did_you_mean(
                    stream, names, otherwise="`velocity metrics --by stream` lists all of them."
                ),
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
    made = _digest(snapshot, scope=scope, week=week, stream=stream, names=names, trust=trust)
    return replace(made, address=address)


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
    group = stream or "programme"
    days = _days_of(week, trust["first_day"])
    made = _Figures(snapshot, scope, days)
    now, before = made.now.get(group), made.before.get(group)
    whole = reads.weekly(snapshot, by=by, groups=[group], scope=scope)
    whole = series.recent(whole, week, MEASURES)
    weekly = reads.weekly(snapshot, by="stream", groups=list(names), scope=scope)
    weekly = series.recent(weekly, week, MEASURES)
    moved = reads.restated(snapshot, by=by, since=trust["as_of"] - _WEEK, scope=scope)
    moved = moved.filter(group_id=group)
    ends = _ends(snapshot, scope, names, first=trust["first_day"], last=days.window.last)
    rows = _stream_rows(made, names)
    end = local_midnight(days.window.end, str(trust["timezone"]))
    decisions = _decisions(AtInstant(snapshot, end), scope, names, stream)
    headline = "No experiment has been launched yet."
    if now is not None:
        headline = words.headline(now, before, made.usual(whole), days)
    return Digest(
        week=week_id(week),
        about="Programme" if stream is None else names[stream],
        days=formats.span(week, week + timedelta(days=6)),
        as_of=formats.instant(trust["as_of"], str(trust["timezone"])),
        headline=as_read(headline),
        support="",
        news=()
        if now is None
        else (
            Section(
                "The week",
                _linked(
                    (
                        _said(
                            words.changed(_shown(weekly, whole, stream), whole.clear(), names, days)
                        ),
                        _said(words.going_well(now, before, made.streams(names, stream), days)),
                        _said(words.stuck(decisions, days.window.last)),
                        _said(words.compute(now, before, days)),
                        _said(words.runs_out(ends, days.window.last)),
                    ),
                    days.window,
                    stream,
                ),
            ),
            Section("By stream", _by_stream(rows) if stream is None else ()),
        ),
        figures=() if now is None else _figures(now, before, made.usual(whole), ends, days),
        shares=() if now is None else _shares(now),
        trends=tuple(_trend(whole, it) for it in MEASURES),
        footing=(
            Section("Restated since last week", _restated(moved)),
            Section("Data trust", _trusted(trust)),
        ),
        rows=rows.select("name", "now", "before"),
        opens=page_link("Open the week", "", days.window),
    )


def _days_of(week: date, first_day: date) -> Days:
    window = Window(week, week + timedelta(days=6))
    before = Window(week - _WEEK, week - timedelta(days=1))
    return Days(window, before if before.first >= first_day else None)


class _Figures:
    """The figures of the week and of the week before, by group."""

    def __init__(self, snapshot: Snapshot, scope: Scope, days: Days) -> None:
        def read(window: Window | None) -> dict[str, dict[str, Any]]:
            if window is None:
                return {}
            rows = {
                by: reads.metrics(
                    snapshot, by=by, from_day=window.first, to_day=window.end, scope=scope
                )
                for by in _KINDS
            }
            return {row[by]: row for by, it in rows.items() for row in it.iter_rows(named=True)}

        self._week = days.window.first
        self.now, self.before = read(days.window), read(days.before)

    def usual(self, weekly: pl.DataFrame) -> dict[str, Any] | None:
        """The week's row of concluded experiments, with its usual range."""
        rows = weekly.filter(measure="experiments_concluded", week_start=self._week)
        return next(rows.iter_rows(named=True), None)

    def streams(self, names: Mapping[str, str], stream: str | None) -> list[tuple[str, int, int]]:
        """Name and conclusions of each stream now and before; none unless all may be named."""
        known = [it for it in self.now if it != "programme"]
        if stream is not None or set(known) != set(names) or not self.before:
            return []
        count = "experiments_concluded"
        return [(names[it], self.now[it][count], self.before[it][count]) for it in known]


def _shown(weekly: pl.DataFrame, whole: pl.DataFrame, stream: str | None) -> pl.DataFrame:
    return weekly if stream is not None else pl.concat([weekly, whole])


def _ends(
    snapshot: Snapshot, scope: Scope, names: Mapping[str, str], *, first: date, last: date
) -> pl.DataFrame:
    """When the credits of each stream end, as seen at the end of the week and a week before."""
    then, before = (
        reads.ledger(snapshot, by="stream", at_day=it, scope=scope) for it in (last, last - _WEEK)
    )
    return named_ends(then, before, names, first=first, last=last)


def _decisions(
    snapshot: Snapshot, scope: Scope, names: Mapping[str, str], stream: str | None
) -> pl.DataFrame:
    """The lines that waited then, without the names of people and of other streams.

    What was launched on them since, and when, is not known: the week's last midnight is the end.
    """
    streams = None if stream is None else [stream]
    lines = reads.needs_decision(snapshot, streams=streams, scope=scope)
    named = pl.col("stream").is_in(list(names))
    return lines.with_columns(
        pl.when(named).then("stream_name").alias("stream_name"),
        named=pl.lit(value=False),
    )


def _said(said: words.Said) -> Line:
    return Line(as_read(f"{said.start} {said.rest}".rstrip()), strong=f"{said.about}:")


def _stream_rows(made: _Figures, names: Mapping[str, str]) -> pl.DataFrame:
    """Conclusions by stream, which add up to the programme; the rest is called "Others"."""
    rows = stream_rows(made.now, made.before, names, "experiments_concluded", "count")
    others = pl.col("id") == UNATTRIBUTED
    return rows.with_columns(name=pl.when(others).then(pl.lit("Others")).otherwise("name"))


def _by_stream(rows: pl.DataFrame) -> tuple[Line, ...]:
    return tuple(
        Line(
            f"{row['now_words']} concluded, from {row['before_words']} ({row['change_words']})",
            name="" if ours else row["name"],
            strong=f"{row['name']}:" if ours else "",
        )
        for row in rows.iter_rows(named=True)
        for ours in [row["id"] in {UNATTRIBUTED, PROGRAMME}]
    )


def _linked(lines: tuple[Line, ...], window: Window, stream: str | None) -> tuple[Line, ...]:
    """The five lines, each with a link to a page over the days of the digest."""
    pages = (
        ("What moved it", ""),
        ("The streams", "streams"),
        ("The lines", "streams"),
        ("Where it went", "compute"),
        ("The balances", "compute"),
    )
    return tuple(
        replace(line, link=page_link(title, page, window, stream))
        for line, (title, page) in zip(lines, pages, strict=True)
    )


def _figures(
    now: dict[str, Any],
    before: dict[str, Any] | None,
    so_far: dict[str, Any] | None,
    ends: pl.DataFrame,
    days: Days,
) -> tuple[Figure, ...]:
    found = (
        week_tiles.concluded(now, before, so_far, days),
        week_tiles.serial(now, before, None, days),
        week_tiles.loop(now, before, None, days),
        week_tiles.credits_end(ends, days.window.last),
    )
    return tuple(
        Figure(
            as_read(tile.label),
            tile.value,
            tuple(
                note.rstrip(".")
                for note in (f"{tile.change} {tile.before}".strip(), tile.second, tile.note)
                if note
            ),
        )
        for tile in found
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


def _at_most(lines: list[Line]) -> list[Line]:
    """Returns the lines that fit on the page, and the number of remaining lines."""
    if len(lines) <= _MOST:
        return lines
    return [*lines[:_MOST], Line(f"and {formats.count(len(lines) - _MOST)} more.")]
