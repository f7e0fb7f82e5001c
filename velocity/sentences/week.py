"""The headline of Stand-up and four of its lines: Changed, Going well, Stuck, Compute."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import NamedTuple

import polars as pl

from velocity import formats
from velocity.reading.series import Shifts, last_complete_week, on_its_scale
from velocity.sentences.answer import (
    Row,
    all_of,
    automated,
    few,
    few_of,
    fitting,
    listed,
    name,
    number,
)
from velocity.sentences.compared import (
    MEASURES,
    POINTS,
    UNITS,
    Compared,
    Days,
    beyond,
    inside,
    printed,
    usual,
    went,
)
from velocity.sentences.queue import Judged

_WEEK = timedelta(weeks=1)
#: A cost that moves less is the same cost.
_CHEAPER = 0.95
_MOST_NAMED = 3


class Costs(NamedTuple):
    """What each concluded experiment took, in credits or else in GPU-hours; 0 without any.

    `before` is 0 too if automation concluded some, now or before: its experiments cost far less, so
    their number decides what all cost.
    """

    each: float = 0.0
    unit: str = ""
    before: float = 0.0
    automated: bool = False  # whether automation concluded some of them
    at_least: bool = False  # whether some GPU counts are not recorded, which cost nothing here

    @property
    def is_lower(self) -> bool:
        """Whether it took less than before, as far as that is known."""
        return not self.at_least and 0 < self.each <= _CHEAPER * self.before


@dataclass(frozen=True)
class Said:
    """One of the lines, as Markdown in which every name is inert."""

    about: str  # its word at the left, such as "Changed"
    start: str  # the beginning, which is bold; "" without any
    rest: str = ""  # the rest of it; "" without any

    @property
    def text(self) -> str:
        """The line as Markdown."""
        start = f"**{self.start}** " if self.start else ""
        return f"{start}{self.rest}".rstrip()


def headline(figures: Compared, so_far: Row | None) -> str:
    """How many experiments concluded, when, and against what.

    `so_far` is the row of `reads.to_date` of these days, with the usual range; None without one.
    """
    (count, then), days = figures.conclusions, figures.days
    many = formats.plural(count, "experiment") if count else "No experiment"
    many += f" concluded {days.on}"
    ends, told = _range(so_far, days), [many]
    if figures.before is not None:
        against = _against(count, then, so_far, days)
        short = against.replace("than on the same", "than the same")
        told = [f"{many}, {it}" for it in (against, short)]
    return fitting(*(f"{it}{ends}." for it in told), f"{told[0]}.", f"{many}.")


def _range(so_far: Row | None, days: Days) -> str:
    """The usual range, or on which side of it the count lies, after a semicolon; "" without any."""
    ends = usual(so_far, "count")
    if not ends or so_far is None or inside(so_far) is not False:
        return ends and f"; usual is {ends}"
    side = "above" if so_far["value"] > so_far["limit_high"] else "below"
    return f"; {side} the usual {ends}" + ("" if days.is_whole_week else " so far")


def _against(count: int, before: int, so_far: Row | None, days: Days) -> str:
    """The change; after a dip or a peak, what it is back from."""
    # The range is of these days of each week: it says nothing about other days.
    known = so_far if days.is_against_week else None
    if known is not None and inside(known) and inside({**known, "value": before}) is False:
        return f"back from {formats.count(before)} {days.earlier}"
    if count == before:
        return f"as many as {days.earlier}"
    more = "more" if count > before else "fewer"
    return f"{formats.count(abs(count - before))} {more} than {days.earlier}"


def changed(
    weekly: pl.DataFrame, same_days: pl.DataFrame, names: Mapping[str, str], days: Days
) -> Said:
    """The newest shift, or the return from it; else the largest change for the group's range.

    `weekly` is `reads.weekly` of streams and of the programme, `same_days` is `reads.to_date` of
    both over these days of each week, empty for other periods; `names` are in roster order.
    """
    weekly, same_days = (
        it.filter(pl.col("measure").is_in([*MEASURES])) for it in (weekly, same_days)
    )
    last = last_complete_week(days.window.last)
    earlier = (last - min(days.window.first, last)) // _WEEK
    weeks = (Shifts.of(weekly, last - it * _WEEK, names) for it in range(earlier + 1))
    shifts = next((it for it in weeks if it.rows), None)
    if shifts is not None:
        return Said("Changed", *_shift(shifts, same_days, names, days))
    if (moved := _largest(same_days, names, days)) is not None:
        return Said("Changed", *moved)
    whole = Shifts.of(weekly, last, names)
    if whole.series:
        return Said("Changed", f"Nothing was beyond its usual range {days.on}.")
    count = formats.capitalised(few_of(whole.weeks, "whole week"))
    return Said("Changed", f"{count} so far:", "usual ranges start at 8.")


def _subject(row: Row, names: Mapping[str, str]) -> str:
    group = row["group_id"]
    whose = name(names[group]) if group in names else "The programme"
    return f"{formats.possessive(whose)} {MEASURES[row['measure']]}"


def _shift(
    shifts: Shifts, same_days: pl.DataFrame, names: Mapping[str, str], days: Days
) -> tuple[str, str]:
    row, *others = shifts.rows
    unit, subject, more = UNITS[row["measure"]], _subject(row, names), ""
    value, week = formats.figure(row["value"], unit), formats.week(row["week_start"])
    far, first = beyond(row, unit), days.window.first
    if others:
        its = "other series was beyond its", "other series were beyond their"
        more = f" {formats.capitalised(few_of(len(others), *its))} usual range."
    start = f"{subject} was {value} in the {week},"
    series = {it: row[it] for it in ("group_id", "measure")}
    known = same_days.filter(**series, week_start=first).drop_nulls("value")
    if row["week_start"] >= first or known.is_empty():
        return start, f"{far}.{more}"
    now = known.row(0, named=True)
    here = formats.figure(now["value"], unit)
    if inside(now):
        back = f"{subject} is back to usual: {here} {days.on},"
        return back, f"after {value} in the {week}, {far}.{more}"
    return start, f"{far}; {here} {days.on}.{more}"


def _largest(
    same_days: pl.DataFrame, names: Mapping[str, str], days: Days
) -> tuple[str, str] | None:
    """The series that moved most for its own range since the same days before."""
    if days.before is None or same_days.is_empty():
        return None
    series = ["group_id", "measure"]
    before = same_days.filter(week_start=days.before.first).select(*series, then="value")
    moved = (on_its_scale("value") - on_its_scale("then")).abs()
    wide = on_its_scale("limit_high") - on_its_scale("limit_low")
    found = (
        same_days.filter(pl.col("group_id").is_in([*names]), week_start=days.window.first)
        .join(before, on=series, maintain_order="left")
        .filter(wide != 0)
        .with_columns(far=moved / wide)
        .filter(pl.col("far").is_finite())
        .sort("far", descending=True, maintain_order=True)
    )
    if found.is_empty():
        return None
    now = found.row(0, named=True)
    unit = UNITS[now["measure"]]
    here, there = (formats.figure(now[it], unit) for it in ("value", "then"))
    lies = f"{beyond(now, unit)} so far"
    if inside(now):
        lies = f"inside its usual {usual(now, unit) or 'range'}"
    start = f"{_subject(now, names)} moved most for its usual range: {here} {days.on},"
    return start, f"{there} {days.earlier}; {lies}."


def going_well(figures: Compared, streams: Sequence[tuple[str, int, int]]) -> Said:
    """The first of a few good changes that holds; never about a person.

    `streams` are the name of each, and how many experiments it concluded now and before.
    """
    days = figures.days
    if figures.before is None:
        return Said("Going well", "Nothing to compare with:", "the data has no earlier days.")
    rest = f"conclusions, failures, cost and hours spared are no better than {days.earlier}."
    nothing = (f"Nothing stands out {days.on}:", rest)
    return Said("Going well", *next(_better(figures, streams), nothing))


def _better(
    figures: Compared, streams: Sequence[tuple[str, int, int]]
) -> Iterator[tuple[str, str]]:
    """The good changes that hold: more conclusions, fewer failures, a lower cost, hours spared."""
    on, earlier, (count, was) = figures.days.on, figures.days.earlier, figures.conclusions
    more, (share, then), points, failed = count - was, figures.values("failure_share"), 0.0, ""
    if share is not None and then is not None:
        points = printed(share, "share") - printed(then, "share")
        failed = f"The share of failed runs {went(share, then)}."
    if more > 0 and points < POINTS and all(here >= there for _, here, there in streams):
        rose = sorted((it for it in streams if it[1] > it[2]), key=lambda it: it[2] - it[1])[:2]
        most = " and ".join(f"{name(it)} (+{here - there})" for it, here, there in rose)
        if not most:
            yield f"{formats.capitalised(few(more))} more concluded {on} than {earlier}.", failed
        start = f"No stream concluded fewer {on} than {earlier};"
        yield start, f"{most} rose most. {failed}".rstrip()
    if points <= -POINTS:
        here, there = formats.share(share), formats.share(then)
        yield f"{formats.capitalised(here)} of runs failed {on},", f"{there} {earlier}."
    cost = costs(figures)
    if cost.is_lower and more >= 0:
        conclusions = f"{'more' if more else 'as many'} conclusions"
        start = f"A conclusion took {_each(cost.each)} {cost.unit} {on},"
        yield start, f"{_each(cost.before)} {earlier}, with {conclusions}."
    spared, less = figures.numbers("spared_hours")
    if round(spared) > round(less):
        used = formats.rate(number(figures.now, "gpu_hours"), "GPU-hour")
        start = f"Running experiments at once spared {formats.hours_sum(spared)} {on},"
        yield start, f"{formats.hours_sum(less)} {earlier}; all runs took {used}."


def costs(figures: Compared) -> Costs:
    """What each concluded experiment took."""
    for spent, unit in (("credits", "credits"), ("gpu_hours", "GPU-hours")):
        each, before = figures.numbers(f"{spent}_per_concluded")
        if each:
            both = [automated(row, spent) for row in (figures.now, figures.before)]
            shown = 0.0 if any(both) else before
            return Costs(each, unit, shown, automated=both[0], at_least=is_bound(figures.now))
    return Costs()


def is_bound(row: Row | None) -> bool:
    """Whether what runs took is a lower bound, because some GPU counts are not recorded."""
    return number(row, "unpriced_run_hours") > 0


def at_least(row: Row | None) -> str:
    """What stands before a lower bound of what runs took; "" before what is known."""
    return "at least " if is_bound(row) else ""


def _each(cost: float) -> str:
    return f"{cost:.1f}" if 0.05 <= cost < 100 else formats.rate(cost)  # noqa: PLR2004


def stuck(decisions: pl.DataFrame, day: date) -> Said:
    """How many lines wait longer than they usually do on a day, where, and which.

    `decisions` are rows of `reads.needs_decision`.
    """
    about, on = "Stuck", f"on {formats.dated(day)}"
    judged = Judged.of(decisions)
    queue, count = judged.queue, judged.queue.height
    if judged.nothing:
        waits = few_of(judged.unknown.height, "line waits", "lines wait")
        rest = f"{waits} {on}, with too few waits for a usual."
        return Said(about, "Cannot be judged yet:", rest)
    if not count:
        return Said(about, "Nothing waits longer than usual", f"{judged.with_count(on)}.")
    lines = formats.capitalised(few_of(count, "line needs", "lines need"))
    start = f"{lines} a decision {on}{_where(queue)}"
    said = [
        f"{name(row['name'], 24)} / {name(row['project'], 24)} ({row['kind']})"
        for row in queue.filter("named").head(_MOST_NAMED).iter_rows(named=True)
    ]
    it = f"{'Each' if count > 1 else 'It'} {'waits' if said else 'has waited'}"
    longer = judged.with_count(f"{it} longer than that line usually does")
    if not said:
        return Said(about, f"{start}.", f"{longer}.")
    late = queue.filter(~pl.col("named")).height
    if more := count - late - len(said):
        said.append(f"{few(more)} more")
    if late:
        said.append(f"{few(late)} of the last 24 hours")
    return Said(about, f"{start}:", f"{listed(said)}. {longer}.")


def silent(runs: int) -> str:
    """How many runs are silent: they may hold GPUs; "" without any."""
    count = few_of(runs, "run is silent and may hold a GPU", "runs are silent and may hold GPUs")
    return f"{formats.capitalised(count)}." if runs else ""


def with_silent(said: Said, runs: int) -> Said:
    """The line about what is stuck, with the number of silent runs."""
    return replace(said, rest=f"{said.rest} {silent(runs)}".strip())


def _where(queue: pl.DataFrame) -> str:
    """The streams of the lines: ", all in Basalt", ", most in Basalt"; "" if they are spread."""
    counts = queue.drop_nulls("stream_name")["stream_name"].value_counts(sort=True).rows()
    if not counts:
        return ""
    stream, most = counts[0]
    if most == queue.height:
        return f", {all_of(most)}in {name(stream)}"
    return f", {few(most)} of them in {name(stream)}" if most > queue.height / 2 else ""


def compute(figures: Compared) -> Said:
    """What the credits, or else the GPU-hours, of the days bought."""
    about, now, days = "Compute", figures.now, figures.days
    used, automated = number(now, "gpu_hours"), int(number(now, "automated_concluded"))
    cost = costs(figures)
    if not used:
        return Said(about, f"No GPU-hours are known {days.on}.")
    parts = (number(now, it) / used for it in ("gpu_hours_failed", "killed_gpu_hours"))
    failed, killed = (formats.share(min(it, 1)) for it in parts)
    to = f"went to failed runs, {killed} to killed ones"
    lost = f"{formats.capitalised(failed)} of GPU-hours {to}."
    paid = number(now, "credits")
    spent = formats.rate(paid or used, "credit" if paid else "GPU-hour")
    spent = formats.capitalised(f"{at_least(now)}{spent}")
    if not cost.each:
        return Said(about, f"{spent} {days.on} bought no conclusion.", lost)
    bought, over = formats.plural(figures.conclusions[0], "conclusion"), ""
    if automated:
        bought += f" by people and {formats.count(automated)} by automation"
        over = " over both"
    start = f"{spent} bought {bought} {days.on}, {at_least(now)}{_each(cost.each)} each{over}"
    if not cost.before:
        return Said(about, f"{start}.", lost)
    then = f"{at_least(figures.before)}{_each(cost.before)} {days.earlier}"
    return Said(about, f"{start},", f"{then}. {lost}")
