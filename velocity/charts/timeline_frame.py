"""The frame of a timeline: its view, axes, nights, midnights and key."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from velocity import formats
from velocity.charts.base import DAY_MS, iso
from velocity.charts.marks import box, level, upright
from velocity.charts.timeline_lanes import Lanes, Row
from velocity.charts.words import MUTED, SMALL, Part, key, safe, words_at
from velocity.theme import FONT_SIZE, LIGHT

_LEFT, _TOP, _BOTTOM = 84, 73, 26
MARGIN = (_LEFT, 12, _TOP, _BOTTOM)
_STRIP, _GAP = 16, 10
#: In longer windows, the hours of a day are too narrow to shade.
_MOST_SHADED_DAYS = 35
_MOST_LABELLED_DAYS = 14
_LABEL_HEIGHT = 14
#: Of the two lines of the key above the plot, which leave room for the buttons beside them.
_KEY_LIFTS = 47, 30
_LONGEST_PROJECT = 13
_DAY_MINUTES = 24 * 60


def height_of(lanes: float) -> int:
    """The height of a timeline whose lanes are so many px high."""
    return round(_TOP + _STRIP + _GAP + lanes + _BOTTOM)


@dataclass(frozen=True)
class TimelineView:
    """The window of a timeline and whose clock it shows."""

    start: datetime  # first instant, aware
    opens: datetime  # instant at which the view opens; earlier ones are reached by dragging
    end: datetime  # instant after the last one, aware
    as_of: datetime  # instant to which the data is complete, aware
    zone: ZoneInfo
    awake: tuple[time, time] | None  # local times at which it begins and ends; None: no shading
    name: str  # scholar and window, so that a redraw of the same view keeps zoom and position

    def clock(self, moment: datetime) -> datetime:
        """`moment` as a naive time of the view's zone."""
        return moment.astimezone(self.zone).replace(tzinfo=None)


def timeline_view(
    from_at: datetime, to_at: datetime, as_of: datetime, who: Mapping[str, Any], opens: datetime
) -> TimelineView:
    """The view with the scholar's clock and awake hours; `who` is a row of `reads.scholars`."""
    awake = None
    if who["awake_start_min"] is not None:
        wake, rest = (who[it] % _DAY_MINUTES for it in ("awake_start_min", "awake_end_min"))
        awake = time(*divmod(wake, 60)), time(*divmod(rest, 60))
    name = f"{who['scholar']} {from_at:%Y-%m-%d} {to_at:%Y-%m-%d}"
    zone = ZoneInfo(who["timezone"])
    return TimelineView(from_at, max(opens, from_at), to_at, as_of, zone, awake, name)


def layout_of(
    view: TimelineView,
    lanes: Lanes,
    drawn: tuple[datetime, datetime],
    *,
    spells: Sequence[Row],
    kinds: Collection[str],
) -> Part:
    """Axes, shading and notes of a timeline.

    - `drawn`: local times; the latter is after the data if results are likely later.
    - `spells`: days without work.
    - `kinds`: which of "failed", "killed", "stale" and "likely" (likely ends) are drawn.
    """
    (start, end), count = drawn, lanes.count
    plot = _STRIP + _GAP + lanes.pitch * count
    opens = max(view.clock(view.opens), start)
    labelled: dict[int, str] = {}
    for project, lane in lanes.lines.items():
        if not labelled or lane - max(labelled) >= _LABEL_HEIGHT / lanes.pitch:
            missing = lanes.left_out[project]
            more = f"<br>+{formats.count(missing)} more" if missing else ""
            labelled[lane] = safe(project, _LONGEST_PROJECT) + more
    nights = _nights(start, end, view.awake)
    border = {"color": LIGHT.border, "width": 1}
    shapes = [
        *nights,
        *(upright(iso(day), border) for day in _days(start, end)),
        *(level(lane - 0.5, border) for lane in [*lanes.lines.values()][1:]),
    ]
    lines = _key(view.awake if nights else None, kinds)
    keys = [key(it, x=-_LEFT + 2, lift=to) for it, to in zip(lines, _KEY_LIFTS, strict=True)]
    notes = [*keys, *_off_words(spells, opens)]
    if start <= lanes.as_of <= end:
        dashed = {"color": LIGHT.muted, "width": 1, "dash": "3px,3px"}
        shapes.append(upright(iso(lanes.as_of), dashed, yref="paper", layer="above"))
        place = {"xref": "x", "xanchor": "right", "yanchor": "bottom"}
        words = f"data to {formats.weekday(lanes.as_of)}, {formats.clock(lanes.as_of)}"
        notes.append(words_at(words, x=iso(lanes.as_of), y=1, **place))
    axis = {"showgrid": False, "fixedrange": True, "tickfont": {"size": FONT_SIZE}}
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
            "domain": [0, lanes.pitch * count / plot],
            "range": [count - 0.5, -0.5],
            "tickvals": [*labelled],
            "ticktext": [*labelled.values()],
        },
        "yaxis2": {
            **axis,
            "domain": [1 - _STRIP / plot, 1],
            "range": [0, 1],
            "anchor": "x",
            "tickvals": [0.5],
            "ticktext": ["in flight"],
        },
    }


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
            {"dtickrange": [None, 43_200_000], "value": "%a %-d, %H:%M"},
            {"dtickrange": [43_200_000, None], "value": "%a %-d"},
        ],
    }


def _days(start: datetime, end: datetime) -> list[datetime]:
    """Midnights after `start`; none of a window in which they would be too many."""
    if (end - start).days > _MOST_LABELLED_DAYS:
        return []
    first, day = datetime.combine(start.date(), time()), timedelta(days=1)
    return [first + day * at for at in range(1, -((first - end) // day))]


def _nights(start: datetime, end: datetime, awake: tuple[time, time] | None) -> list[Part]:
    if awake is None or awake[0] == awake[1] or (end - start).days > _MOST_SHADED_DAYS:
        return []
    wake, rest = awake
    shapes = []
    for at in range(-1, (end.date() - start.date()).days + 1):
        # From the end of one awake window to the start of the next.
        day = start.date() + timedelta(days=at)
        morning = datetime.combine(day + timedelta(days=int(rest > wake)), wake)
        low, high = max(datetime.combine(day, rest), start), min(morning, end)
        if low < high:
            within = iso(low), iso(high)
            shapes.append(box(within, (0, 1), LIGHT.band, yref="y domain", opacity=0.5))
    return shapes


def _off_words(spells: Sequence[Row], opens: datetime) -> list[Part]:
    """What each spell is, at its top left."""
    place: Part = {"xref": "x", "yref": "y domain", "xanchor": "left", "yanchor": "top"}
    look = {"xshift": 2, "bgcolor": LIGHT.bg, "font": SMALL | MUTED}
    return [
        words_at(safe(it["what"]), x=iso(max(it["start"], opens)), y=1, **place, **look)
        for it in spells
        if it["end"] > opens
    ]


def _key(
    shaded: tuple[time, time] | None, kinds: Collection[str]
) -> tuple[list[tuple[str, str, str]], list[tuple[str, str, str]]]:
    """What the bars mean, and what is between and behind them."""
    lost = {"failed": "■", "killed": "□", "stale": "□"}
    words = {"failed": "failed (hatched)", "killed": "killed", "stale": "no sign of life"}
    bars = [
        ("■", LIGHT.serial, "one in flight"),
        ("■", LIGHT.parallel, "two or more"),
        ("■", LIGHT.machine, "run"),
        *((lost[it], getattr(LIGHT, it), words[it]) for it in lost if it in kinds),
    ]
    others = [("●━", LIGHT.reaction, "result, then wait (dotted: no launch yet)")]
    if shaded is not None:
        wake, rest = (f"{at.hour:02}:{at.minute:02}" for at in shaded)
        others.append(("■", LIGHT.border, f"outside {wake} to {rest}"))
    if "likely" in kinds:
        others.append(("┄", LIGHT.machine, "to the likely end"))
    return bars, others
