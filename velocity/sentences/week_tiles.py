"""Three of the four tiles of Stand-up: a figure, its change, and the words below its chart.

The fourth, of the ends of credits, is in `ends`.

`so_far` is the row of `reads.to_date` of the days with its usual range; it may be None.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from velocity import formats
from velocity.reading.mine import largest_remainder
from velocity.sentences.answer import Row, number
from velocity.sentences.compared import Compared, Days, change, usual


@dataclass(frozen=True)
class Tile:
    """A figure and the words around it."""

    label: str
    value: str
    change: str = ""
    before: str = ""
    second: str = ""
    note: str = ""

    @property
    def notes(self) -> tuple[str, ...]:
        """The words below the figure, one by one."""
        notes = (f"{self.change} {self.before}".strip(), self.second, self.note)
        return tuple(it.rstrip(".") for it in notes if it)


def concluded(figures: Compared, so_far: Row | None) -> Tile:
    """Concluded experiments, with the share of failed runs below."""
    (share, then), days = figures.values("failure_share"), figures.days
    failed = f"{formats.share(share)} of runs failed"
    failed += "" if then is None else f", from {formats.share(then)}"
    # What agents and schedulers concluded, no figure about people counts.
    automated, _ = figures.values("automated_concluded")
    more = f"; automation concluded {formats.count(automated)} more" if automated else ""
    return Tile(
        "Experiments concluded",
        formats.count(figures.conclusions[0]),
        *_against(figures, "experiments_concluded", "count"),
        "no run has ended" if share is None else failed,
        (_usual(so_far, "count", days) or _no_range(days)) + more,
    )


def serial(figures: Compared, so_far: Row | None) -> Tile:
    """The share of busy hours with one experiment running, and with several below."""
    title, (share, then) = "Time with one experiment running", figures.values("serial_share")
    if share is None:
        return Tile(title, "none", second="nothing was running")
    words = f"{_left(share)} with two or more" + ("" if then is None else f", from {_left(then)}")
    hours = round(number(figures.now, "busy_hours"))
    busy = f"of {formats.plural(hours, 'busy hour') if hours else 'under 1 busy hour'}"
    ends, against = (
        _usual(so_far, "share", figures.days),
        _against(figures, "serial_share", "share"),
    )
    return Tile(title, formats.share(share), *against, words, f"{busy}; {ends}" if ends else busy)


def loop(figures: Compared, so_far: Row | None) -> Tile:
    """The median loop, and below how the hours of its closed loops divide."""
    title, now = "Feedback loop, launch to next launch", figures.now or {}
    n = formats.sample(int(number(now, "loop_hours_n")), "loop")
    events = int(number(now, "loop_hours_events"))
    if events < formats.MEDIAN_EVENTS:
        return Tile(title, "no median", second=formats.too_few(events), note=n)
    median, low, high, largest = (
        now.get(f"loop_hours_{it}") for it in ("median", "low", "high", "largest")
    )
    limits = formats.limits(low, high) if median is not None else ""
    known = f"95{formats.NBSP}% limits {limits}" if limits else ""
    return Tile(
        title,
        formats.median(median, largest),
        *_against(figures, "loop_hours_median", "hours"),
        _halves(now),
        "; ".join(filter(None, (f"median, {n}", known, _usual(so_far, "hours", figures.days)))),
    )


def _halves(now: Row) -> str:
    """How the hours of closed loops divide; the printed shares add up to 100."""
    parts = {part: now[f"loop_{part}_share"] for part in ("machine", "working_wait", "off")}
    if None in parts.values():
        return "no loop has closed"
    machine, waiting, off = (f"{it}{formats.NBSP}%" for it in largest_remainder(parts).values())
    waits = f"{waiting} waiting in working hours, {off} nights and days off"
    return f"Of its hours {machine} machine, {waits}"


def to_date_rows(
    now: Mapping[int, Row], before: Mapping[int, Row], *, days: Days, names: Sequence[str]
) -> pl.DataFrame:
    """One row per day of a period for `draw_to_date`; the chart has as many days as `names`.

    `now` and `before` have the row of `reads.to_date` of one measure by number of days.
    """
    rows = []
    measure = next((it["measure"] for it in (*now.values(), *before.values())), "")
    unit = "share" if measure.endswith("_share") else ""
    for at, tick in enumerate(names, start=1):
        here, there = now.get(at, {}), before.get(at, {})
        # The range of a number of days is that of the series: any row has it.
        ends: Row = next((it for it in (here, there) if it and usual(it, unit)), {})
        value = here.get("value") if at <= days.window.days else None
        rows.append(
            (tick, value, there.get("value"), ends.get("limit_low"), ends.get("limit_high"))
        )
    kinds = dict.fromkeys(("value", "before", "low", "high"), pl.Float64)
    return pl.DataFrame(rows, schema={"tick": pl.String, **kinds}, orient="row")


def _left(share: float) -> str:
    """What a share leaves: the two as printed add up to 100 %."""
    whole = round(share * 100)
    return formats.share(1 - share if whole in {0, 100} else 1 - whole / 100)


def _against(figures: Compared, column: str, unit: str) -> tuple[str, str]:
    if figures.before is None:
        return "no earlier days", ""
    now, before = figures.values(column)
    earlier, changed = f"from {formats.figure(before, unit)}", change(now, before, unit)
    return (changed, earlier) if changed else (earlier, "")


def _usual(so_far: Row | None, unit: str, days: Days) -> str:
    ends = usual(so_far, unit)
    by = "usual" if days.is_whole_week else f"usual by {days.window.last:%A}"
    return f"{by} {ends}" if ends else ""


def _no_range(days: Days) -> str:
    if days.is_week:
        return "no usual range yet: it starts at 8 whole weeks"
    if days.before is None:
        return "by week; grey is the usual range of its weeks, a diamond a week beyond it"
    return "a usual range is of single weeks"
