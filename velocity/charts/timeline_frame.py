"""The frame of a timeline: its view, axes, nights, midnights and key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from velocity import formats
from velocity.charts.base import DAY_MS, Part, iso, key, safe, words_at
from velocity.charts.marks import level, upright
from velocity.theme import FONT_SIZE, SMALL_FONT_SIZE

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from velocity.charts.timeline_marks import Spell
    from velocity.theme import Tokens

LEFT, TOP, BOTTOM = 84, 56, 26
MARGIN = (LEFT, 12, TOP, BOTTOM)
STRIP, GAP, LANE = 16, 10, 34
#: In longer windows, the hours of a day are too narrow to shade.
_MOST_SHADED_DAYS = 35
_MOST_LABELLED_DAYS = 14
_LABEL_HEIGHT = 14
_LONGEST_PROJECT = 13
_DAY_MINUTES = 24 * 60


@dataclass(frozen=True)
class TimelineView:
    """The window of a timeline and whose clock it shows.

    Args:
        start: first instant, aware.
        opens: instant at which the view opens; earlier ones are reached by dragging.
        end: instant after the last one, aware.
        as_of: instant to which the data is complete, aware.
        zone: the time zone.
        awake: local times at which the awake window begins and ends; None: no shading.
        name: scholar and window, so that a redraw of the same view keeps zoom and position.
    """

    start: datetime
    opens: datetime
    end: datetime
    as_of: datetime
    zone: ZoneInfo
    awake: tuple[time, time] | None
    name: str

    def clock(self, moment: datetime) -> datetime:
        """`moment` as a naive time of the view's zone."""
        return moment.astimezone(self.zone).replace(tzinfo=None)


def timeline_view(
    from_at: datetime, to_at: datetime, as_of: datetime, who: Mapping[str, Any], opens: datetime
) -> TimelineView:
    """The view with the scholar's clock and awake hours; `who` is a row of `reads.scholars`."""
    return TimelineView(
        start=from_at,
        opens=max(opens, from_at),
        end=to_at,
        as_of=as_of,
        zone=ZoneInfo(who["timezone"]),
        awake=None
        if who["awake_start_min"] is None
        else (_clock(who["awake_start_min"]), _clock(who["awake_end_min"])),
        name=f"{who['scholar']} {from_at:%Y-%m-%d} {to_at:%Y-%m-%d}",
    )


def _clock(minutes: int) -> time:
    return time(*divmod(minutes % _DAY_MINUTES, 60))


def layout_of(
    view: TimelineView,
    *,
    start: datetime,
    end: datetime,
    spells: Sequence[Spell],
    lines: Sequence[tuple[str, int]],
    left_out: Mapping[str, int],
    lanes: int,
    pitch: float,
    kinds: Collection[str],
    colour: Tokens,
    likely: bool = False,
) -> Part:
    """Axes, shading and notes of a timeline.

    Args:
        view: window, zone and awake hours.
        start: local time at which the drawing begins.
        end: local time at which it ends, after the data if results are likely later.
        spells: days without work.
        lines: name and first lane of each line, from the top down.
        left_out: name of a line -> how many of its experiments have no lane.
        lanes: number of lanes.
        pitch: px from lane to lane.
        kinds: which of "failed", "killed", "stale" are drawn.
        colour: the palette.
        likely: whether likely ends are drawn.
    """
    as_of = view.clock(view.as_of)
    plot = STRIP + GAP + pitch * lanes
    labelled = _apart(lines, _LABEL_HEIGHT / pitch)
    opens = max(view.clock(view.opens), start)
    axis = {"showgrid": False, "fixedrange": True, "tickfont": {"size": FONT_SIZE}}
    nights = _nights(start, end, view.awake, colour)
    shapes = [*nights, *_midnights(start, end, colour), *_between(lines, colour)]
    entries = _key(view.awake if nights else None, kinds, colour)
    if likely:
        entries.append(("┄", colour.machine, "to the likely end"))
    notes = [key(entries, x=-LEFT + 2, lift=30), *_off_words(spells, opens, colour)]
    if start <= as_of <= end:
        dashed = {"color": colour.muted, "width": 1, "dash": "3px,3px"}
        shapes.append(upright(iso(as_of), dashed, yref="paper", layer="above"))
        place = {"xref": "x", "xanchor": "right", "yanchor": "bottom"}
        words = f"data to {formats.weekday(as_of)}, {formats.clock(as_of)}"
        notes.append(words_at(words, x=iso(as_of), y=1, **place))
    return {
        "barmode": "overlay",
        "dragmode": "pan",
        "uirevision": view.name,
        "shapes": shapes,
        "annotations": notes,
        "xaxis": {
            "type": "date",
            "range": [iso(opens), iso(end)],
            "minallowed": iso(start),
            "maxallowed": iso(end),
            "fixedrange": False,
            "showline": False,
            "ticks": "",
            "ticklabeloverflow": "hide past div",
            **_date_ticks(opens, end),
        },
        "yaxis": {
            **axis,
            "domain": [0, pitch * lanes / plot],
            "range": [lanes - 0.5, -0.5],
            "tickvals": [lane for _, lane in labelled],
            "ticktext": [_line_name(name, left_out.get(name, 0)) for name, _ in labelled],
        },
        "yaxis2": {
            **axis,
            "domain": [1 - STRIP / plot, 1],
            "range": [0, 1],
            "anchor": "x",
            "tickvals": [0.5],
            "ticktext": ["in flight"],
        },
    }


def _line_name(name: str, missing: int) -> str:
    """The name of a line, and below it how many of its experiments are not drawn."""
    more = f"<br>+{formats.count(missing)} more" if missing else ""
    return safe(name, _LONGEST_PROJECT) + more


def _apart(lines: Sequence[tuple[str, int]], needed: float) -> list[tuple[str, int]]:
    """The lines whose names fit, at least `needed` lanes apart."""
    shown: list[tuple[str, int]] = []
    for name, lane in lines:
        if not shown or lane - shown[-1][1] >= needed:
            shown.append((name, lane))
    return shown


def _between(lines: Sequence[tuple[str, int]], colour: Tokens) -> list[Part]:
    """A line above each line of work but the first."""
    style = {"color": colour.border, "width": 1}
    return [level(lane - 0.5, style, layer="below") for _, lane in lines[1:]]


def _date_ticks(start: datetime, end: datetime) -> Part:
    days = (end - start) / timedelta(days=1)
    if days > _MOST_LABELLED_DAYS:
        monday = start.date() - timedelta(days=start.weekday())
        weeks = max(1, round(days / 7 / 12))
        return {"tick0": iso(monday), "dtick": weeks * 7 * DAY_MS, "tickformat": "%-d %b"}
    # Labels are at midday; when zoomed in, hours replace them.
    return {
        "ticklabelmode": "period",
        "nticks": round(days) + 1,
        "tickformatstops": [
            {"dtickrange": [None, 43_200_000], "value": "%H:%M\n%a %-d"},
            {"dtickrange": [43_200_000, None], "value": "%a %-d"},
        ],
    }


def _midnights(start: datetime, end: datetime, colour: Tokens) -> list[Part]:
    if (end - start).days > _MOST_LABELLED_DAYS:
        return []
    first = datetime.combine(start.date(), time()) + timedelta(days=1)
    count = max(0, -((first - end) // timedelta(days=1)))
    style = {"color": colour.border, "width": 1}
    return [upright(iso(first + timedelta(days=day)), style) for day in range(count)]


def _nights(
    start: datetime, end: datetime, awake: tuple[time, time] | None, colour: Tokens
) -> list[Part]:
    if awake is None or awake[0] == awake[1] or (end - start).days > _MOST_SHADED_DAYS:
        return []
    wake, rest = awake
    fill = {"fillcolor": colour.band, "opacity": 0.5, "line": {"width": 0}, "layer": "below"}
    across = {"type": "rect", "yref": "y domain", "y0": 0, "y1": 1}
    shapes = []
    day = start.date() - timedelta(days=1)
    while day <= end.date():
        # From the end of one awake window to the start of the next.
        night = datetime.combine(day, rest)
        morning = datetime.combine(day + timedelta(days=1 if rest > wake else 0), wake)
        low, high = max(night, start), min(morning, end)
        if low < high:
            shapes.append({**across, "x0": iso(low), "x1": iso(high), **fill})
        day += timedelta(days=1)
    return shapes


def _off_words(spells: Sequence[Spell], opens: datetime, colour: Tokens) -> list[Part]:
    """What each spell is, at its top left."""
    place: Part = {"xref": "x", "yref": "y domain", "xanchor": "left", "yanchor": "top"}
    look = {"bgcolor": colour.bg, "font": {"size": SMALL_FONT_SIZE, "color": colour.muted}}
    return [
        words_at(safe(it.what), x=iso(max(it.start, opens)), y=1, xshift=2, **place, **look)
        for it in spells
        if it.end > opens
    ]


def _key(
    shaded: tuple[time, time] | None, kinds: Collection[str], colour: Tokens
) -> list[tuple[str, str, str]]:
    lost = {
        "failed": ("■", colour.failed, "failed (hatched)"),
        "killed": ("□", colour.killed, "killed"),
        "stale": ("□", colour.stale, "no sign of life"),
    }
    entries = [
        ("■", colour.serial, "one in flight"),
        ("■", colour.parallel, "two or more"),
        ("■", colour.machine, "run"),
        *(entry for kind, entry in lost.items() if kind in kinds),
        ("●━", colour.reaction, "result, then wait (dotted: no launch yet)"),
    ]
    if shaded is not None:
        wake, rest = (f"{at.hour:02}:{at.minute:02}" for at in shaded)
        entries.append(("■", colour.border, f"outside {wake} to {rest}"))
    return entries
