"""Composes the digest from `velocity.reading.reads`: plain text and series, without a format."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property, partial
from typing import Any

import polars as pl

from velocity import formats
from velocity.errors import VelocityError
from velocity.reading import reads, series
from velocity.reading.access import Scope
from velocity.reading.definitions import definition
from velocity.reading.frames import named_ends
from velocity.reading.known import AtInstant
from velocity.reading.periods import last_whole_day, local_midnight, whole_week
from velocity.reading.viewed import ViewedDays
from velocity.report.groups import make_groups_digest
from velocity.report.parts import (
    NOT_FOR_COMPARING,
    Digest,
    Line,
    Section,
    Share,
    Trend,
    no_later,
    page_link,
    trust_of,
    week_id,
)
from velocity.report.work import Groups
from velocity.sentences import week as words, week_tiles
from velocity.sentences.answer import Row, as_read
from velocity.sentences.compared import MEASURES, Compared
from velocity.sentences.ends import credits_end, runs_out
from velocity.sentences.moved import PROGRAMME, UNATTRIBUTED, stream_rows
from velocity.sentences.weeks import restated
from velocity.store import Snapshot

_MOST = 6  # lines of restated weeks that fit on the page
_WEEK = timedelta(weeks=1)
#: A posted digest does not name a stream with fewer active people: it would describe them.
_FEWEST = 4
_CONCLUDED = "experiments_concluded"


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

    `week` is its Monday, by default of the latest complete week, and `stream` the id of one for a
    digest of it alone. With `posted` it goes to a channel, and streams with fewer than 4 active
    people are not named. `address` is that of the dashboard; without it there are no links.

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
    trust = trust_of(snapshot, scope)
    zone = str(trust["timezone"])
    week = no_later(week, series.last_complete_week(last_whole_day(trust["as_of"], zone)))
    names = dict(reads.streams(snapshot, scope=scope).select("stream", "name").iter_rows())
    if stream is not None:
        if stream not in names:
            otherwise = "`velocity metrics --by stream` lists all of them."
            raise VelocityError(
                f"There is no stream '{formats.label(stream)}'.",
                formats.did_you_mean(stream, names, otherwise=otherwise),
            )
        names = {stream: names[stream]}
    if posted:
        people = reads.active_people(snapshot, from_day=week, to_day=week + _WEEK, scope=scope)
        enough = {*people.filter(pl.col("people") >= _FEWEST)["stream"]}
        names = {it: name for it, name in names.items() if it in enough}
        if stream is not None and not names:
            raise VelocityError(
                f"Fewer than {_FEWEST} people were active in '{stream}' in {week_id(week)}, so its "
                "digest is not posted.",
                "Post the programme's digest, or write this one to a file with --out.",
            )
    window, before = whole_week(week), whole_week(week - _WEEK)
    known = before if before.first >= trust["first_day"] else None
    made = _Week(ViewedDays(snapshot, scope, window, known), stream, names)
    body: dict[str, Any] = {"headline": "No experiment has been launched yet."}
    if made.group in made.now:
        body = {it: getattr(made, it) for it in ("headline", "news", "figures", "shares")}
    return Digest(
        week=week_id(week),
        about="Programme" if stream is None else names[stream],
        days=window.words,
        as_of=f"{formats.instant(trust['as_of'], zone)}; stuck lines and credits at the end of "
        f"{formats.dated(window.last)}",
        **body,
        trends=made.trends,
        footing=(
            Section("Restated since last week", made.restated),
            Section("Data trust", _trusted(trust)),
        ),
        rows=made.streams.select("name", "now", "before"),
        address=address,
        opens=page_link("Open the week", "", window),
    )


@dataclass(frozen=True)
class _Week(Groups):
    """The week of the programme or of one stream; `names` holds the streams that it may name."""

    view: ViewedDays
    stream: str | None
    names: Mapping[str, str]

    @property
    def group(self) -> str:
        return self.stream or "programme"

    @property
    def _by(self) -> reads.By:
        return "programme" if self.stream is None else "stream"

    @property
    def _own(self) -> Compared:
        return self.of(self.group)

    def _weekly(self, by: reads.By, groups: list[str]) -> pl.DataFrame:
        found = self.view.read(reads.weekly, by=by, groups=groups)
        return series.recent(found, self.days.window.first, MEASURES)

    @cached_property
    def _whole(self) -> pl.DataFrame:
        return self._weekly(self._by, [self.group])

    @property
    def _usual(self) -> Row | None:
        """The week's row of concluded experiments, with its usual range."""
        rows = self._whole.filter(measure=_CONCLUDED, week_start=self.days.window.first)
        return next(rows.iter_rows(named=True), None)

    @cached_property
    def _ends(self) -> pl.DataFrame:
        """When the credits of each stream end, as seen at the end of the week and a week before."""
        first, last = self.view.trust["first_day"], self.days.window.last
        ledger = partial(self.view.read, reads.ledger, by="stream")
        then, before = (ledger(at_day=it) for it in (last, last - _WEEK))
        return named_ends(then, before, self.names, first=first, last=last)

    def _decisions(self) -> pl.DataFrame:
        """The lines that waited then, without the names of people and of other streams.

        What was launched on them since, and when, is not known: the week's last midnight is the
        end.
        """
        then = AtInstant(self.view.snapshot, local_midnight(self.days.window.end, self.view.zone))
        streams = None if self.stream is None else [self.stream]
        lines = reads.needs_decision(then, streams=streams, scope=self.view.scope)
        named = pl.col("stream").is_in([*self.names])
        return lines.with_columns(
            stream_name=pl.when(named).then("stream_name"), named=pl.lit(False)
        )

    @property
    def headline(self) -> str:
        return as_read(words.headline(self._own, self._usual))

    @property
    def news(self) -> tuple[Section, ...]:
        """The five lines of the week, each with a link, and the conclusions by stream."""
        days, last = self.days, self.days.window.last
        weekly = self._weekly("stream", [*self.names])
        if self.stream is None:
            weekly = pl.concat([weekly, self._whole])
        changed = words.changed(weekly, self._whole.clear(), self.names, days)
        going_well = words.going_well(self._own, self._concluded_by_stream())
        lines = tuple(
            Line(
                as_read(f"{it.start} {it.rest}".rstrip()),
                strong=f"{it.about}:",
                link=page_link(title, page, days.window, self.stream),
            )
            for title, page, it in (
                ("What moved it", "", changed),
                ("The streams", "streams", going_well),
                ("The lines", "streams", words.stuck(self._decisions(), last)),
                ("Where it went", "compute", words.compute(self._own)),
                ("The balances", "compute", runs_out(self._ends, last)),
            )
        )
        by_stream = map(_by_stream, self.streams.iter_rows(named=True))
        return (
            Section("The week", lines),
            Section("By stream", tuple(by_stream) if self.stream is None else ()),
        )

    def _concluded_by_stream(self) -> list[tuple[str, int, int]]:
        """Name and conclusions of each stream now and before; none unless all may be named."""
        known = [it for it in self.now if it != "programme"]
        if self.stream is not None or {*known} != {*self.names} or not self.before:
            return []
        return [(self.names[it], *self.of(it).conclusions) for it in known]

    @cached_property
    def streams(self) -> pl.DataFrame:
        """Conclusions by stream, which add up to the programme; the rest is called "Others"."""
        rows = stream_rows(self.now, self.before, self.names, _CONCLUDED, "count")
        others = pl.col("id") == UNATTRIBUTED
        return rows.with_columns(name=pl.when(others).then(pl.lit("Others")).otherwise("name"))

    @property
    def figures(self) -> tuple[week_tiles.Tile, ...]:
        tiles = (
            week_tiles.concluded(self._own, self._usual),
            week_tiles.serial(self._own, None),
            week_tiles.loop(self._own, None),
            credits_end(self._ends, self.days.window.last),
        )
        return tuple(replace(it, label=as_read(it.label)) for it in tiles)

    @property
    def shares(self) -> tuple[Share, ...]:
        """Busy hours, and those of closed loops, in two parts each; none of no hours."""
        serial, reaction = (self._own.values(it)[0] for it in ("serial_share", "reaction_share"))
        found = []
        if serial is not None:
            found.append(Share("Busy hours", "serial", "parallel", serial))
        if reaction is not None:
            found.append(Share("Hours of closed loops", "machine", "reaction", 1 - reaction))
        return tuple(found)

    @property
    def trends(self) -> tuple[Trend, ...]:
        found = map(definition, MEASURES)
        return tuple(Trend(it.title, it.unit, series.trend(self._whole, it.id)) for it in found)

    @property
    def restated(self) -> tuple[Line, ...]:
        """What changed in past weeks, in as many lines as fit."""
        moved = self.view.read(reads.restated, by=self._by, since=self.view.as_of - _WEEK)
        lines = [Line(it) for it in restated(moved.filter(group_id=self.group))]
        return at_most(lines) or (Line("No past week was restated."),)


def at_most(lines: Sequence[Line]) -> tuple[Line, ...]:
    """As many lines as fit, and how many more there are."""
    if more := lines[_MOST:]:
        return (*lines[:_MOST], Line(f"and {formats.count(len(more))} more."))
    return tuple(lines)


def _by_stream(row: Row) -> Line:
    said = f"{row['now_words']} concluded"
    if row["before"] is not None:
        said += f", from {row['before_words']} ({row['change_words']})"
    if row["id"] in {UNATTRIBUTED, PROGRAMME}:
        return Line(said, strong=f"{row['name']}:")
    return Line(said, name=row["name"])


def _trusted(trust: Mapping[str, Any]) -> tuple[Line, ...]:
    runs, rows = formats.plural(trust["runs"], "run"), formats.plural(trust["rejected_rows"], "row")
    attributed = f"{formats.share_exact(trust['attributed_share'])} of {runs} attributed"
    stale = formats.plural(trust["stale_runs"], "stale run")
    clocks = f"{formats.plural(trust['clock_runs'], 'run')} with impossible times"
    parts = attributed, f"{stale}, {clocks}, {rows} skipped", *formats.set_apart(trust)
    return Line(f"{'; '.join(parts)}."), NOT_FOR_COMPARING
