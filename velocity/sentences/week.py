"""The headline of Stand-up and its five lines: Changed, Going well, Stuck, Compute, Runs out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import polars as pl

from velocity import formats
from velocity.reading.frames import PACE_DAYS
from velocity.reading.series import Shifts, last_complete_week
from velocity.sentences.answer import (
    Row,
    capitalised,
    few,
    few_of,
    fitting,
    listed,
    name,
    number,
    possessive,
)
from velocity.sentences.compared import MEASURES, UNITS, Days, beyond, inside, printed, usual, went
from velocity.sentences.queue import Judged

_WEEK = timedelta(weeks=1)
#: A failed share that moves less is the same share; a cost that moves less is the same cost.
_POINTS, _CHEAPER = 0.0199, 0.95
_MOST_NAMED = 3


@dataclass(frozen=True)
class Said:
    """One of the five lines, as Markdown in which every name is inert."""

    about: str  # its word at the left, such as "Changed"
    start: str  # the beginning, which is bold; "" without any
    rest: str = ""  # the rest of it; "" without any

    @property
    def text(self) -> str:
        """The line as Markdown."""
        start = f"**{self.start}** " if self.start else ""
        return f"{start}{self.rest}".rstrip()


def headline(now: Row, before: Row | None, so_far: Row | None, days: Days) -> str:
    """How many experiments concluded, when, and against what.

    `so_far` is the row of `reads.to_date` of these days, with the usual range; None without one.
    """
    count = int(number(now, "experiments_concluded"))
    many = formats.plural(count, "experiment") if count else "No experiment"
    many += f" concluded {days.on}"
    ends = _range(so_far, days)
    if before is None:
        return fitting(*([f"{many}; {ends}."] if ends else []), f"{many}.")
    against = _against(count, int(number(before, "experiments_concluded")), so_far, days)
    short = against.replace("than on the same", "than the same")
    ranged = [f"{many}, {it}; {ends}." for it in (against, short)] if ends else []
    return fitting(*ranged, f"{many}, {against}.", f"{many}.")


def _range(so_far: Row | None, days: Days) -> str:
    ends = usual(so_far, "count")
    if not ends or so_far is None or inside(so_far) is not False:
        return f"usual is {ends}" if ends else ""
    side = "above" if so_far["value"] > so_far["limit_high"] else "below"
    return f"{side} the usual {ends}" + ("" if days.is_whole_week else " so far")


def _against(count: int, before: int, so_far: Row | None, days: Days) -> str:
    """The change; after a dip or a peak, what it is back from."""
    if so_far is not None and inside(so_far) and inside({**so_far, "value": before}) is False:
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
    measures = pl.col("measure").is_in(list(MEASURES))
    weeks = weekly.filter(measures)
    last = last_complete_week(days.window.last)
    week = last
    while week >= min(days.window.first, last):
        shifts = Shifts.of(weeks, week, names)
        if shifts.rows:
            return Said("Changed", *_shift(shifts, same_days, names, days))
        week -= _WEEK
    moved = _largest(same_days.filter(measures), names, days)
    if moved is not None:
        return Said("Changed", *moved)
    whole = Shifts.of(weeks, last, names)
    if whole.series:
        return Said("Changed", f"Nothing was beyond its usual range {days.on}.")
    count = capitalised(few_of(whole.weeks, "whole week"))
    return Said("Changed", f"{count} so far:", "usual ranges start at 8.")


def _subject(row: Row, names: Mapping[str, str]) -> str:
    group = row["group_id"]
    whose = name(names[group]) if group in names else "The programme"
    return f"{possessive(whose)} {MEASURES[row['measure']]}"


def _shift(
    shifts: Shifts, same_days: pl.DataFrame, names: Mapping[str, str], days: Days
) -> tuple[str, str]:
    row, *others = shifts.rows
    unit = UNITS[row["measure"]]
    subject = _subject(row, names)
    value, week = formats.figure(row["value"], unit), formats.week(row["week_start"])
    far, more = beyond(row, unit), ""
    if others:
        its = "other series was beyond its", "other series were beyond their"
        more = f" {capitalised(few_of(len(others), *its))} usual range."
    start = f"{subject} was {value} in the {week},"
    now = _of(same_days, row, days.window.first)
    if row["week_start"] >= days.window.first or now is None or now["value"] is None:
        return start, f"{far}.{more}"
    here = formats.figure(now["value"], unit)
    if inside(now):
        back = f"{subject} is back to usual: {here} {days.on},"
        return back, f"after {value} in the {week}, {far}.{more}"
    return start, f"{far}; {here} {days.on}.{more}"


def _of(frame: pl.DataFrame, series: Row, start: date) -> Row | None:
    """The row of the same series in another week."""
    group, measure = series["group_id"], series["measure"]
    rows = frame.filter(group_id=group, measure=measure, week_start=start)
    return next(rows.iter_rows(named=True), None)


def _largest(
    same_days: pl.DataFrame, names: Mapping[str, str], days: Days
) -> tuple[str, str] | None:
    """The series that moved most for its own range since the same days before."""
    if days.before is None or same_days.is_empty():
        return None
    series = ["group_id", "measure"]
    before = same_days.filter(week_start=days.before.first).select(*series, then="value")
    moved = (pl.col("value") - pl.col("then")).abs()
    wide = pl.col("limit_high") - pl.col("limit_low")
    found = (
        same_days.filter(pl.col("group_id").is_in([*names]), week_start=days.window.first)
        .join(before, on=series, maintain_order="left")
        .filter(wide != 0)
        .with_columns(far=moved / wide)
        .drop_nulls("far")
        .sort("far", descending=True, maintain_order=True)
    )
    if found.is_empty():
        return None
    now = found.row(0, named=True)
    unit = UNITS[now["measure"]]
    here, there = (formats.figure(now[it], unit) for it in ("value", "then"))
    ends = usual(now, unit)
    lies = f"inside its usual {ends or 'range'}" if inside(now) else f"{beyond(now, unit)} so far"
    start = f"{_subject(now, names)} moved most: {here} {days.on},"
    return start, f"{there} {days.earlier}; {lies}."


def going_well(
    now: Row, before: Row | None, streams: Sequence[tuple[str, int, int]], days: Days
) -> Said:
    """The first of a few good changes that holds; never about a person.

    `streams` are the name of each, and how many experiments it concluded now and before.
    """
    about = "Going well"
    if before is None:
        return Said(about, f"Nothing to compare {days.on} with:", "there are no earlier days.")
    nothing = (
        f"Nothing stands out {days.on}:",
        f"conclusions, failures, cost and hours spared are no better than {days.earlier}.",
    )
    return Said(about, *next(_better(now, before, streams, days), nothing))


def _better(
    now: Row, before: Row, streams: Sequence[tuple[str, int, int]], days: Days
) -> Iterator[tuple[str, str]]:
    """The good changes that hold: more conclusions, fewer failures, a lower cost, hours spared."""
    more = int(number(now, "experiments_concluded") - number(before, "experiments_concluded"))
    share, then, points, failed = now.get("failure_share"), before.get("failure_share"), 0.0, ""
    if share is not None and then is not None:
        points = printed(share, "share") - printed(then, "share")
        failed = f"The share of failed runs {went(share, then)}."
    if more > 0 and points < _POINTS and all(here >= there for _, here, there in streams):
        rose = sorted((it for it in streams if it[1] > it[2]), key=lambda it: it[2] - it[1])[:2]
        most = " and ".join(f"{name(it)} (+{here - there})" for it, here, there in rose)
        start = f"No stream concluded fewer {days.on} than {days.earlier};"
        if not most:
            yield f"{capitalised(few(more))} more concluded {days.on} than {days.earlier}.", failed
        yield start, f"{most} rose most. {failed}".rstrip()
    if points <= -_POINTS:
        here, there = (formats.share(it["failure_share"]) for it in (now, before))
        yield f"{capitalised(here)} of runs failed {days.on},", f"{there} {days.earlier}."
    # Automated conclusions are far cheaper.
    automated = any(number(it, "automated_concluded") for it in (now, before))
    (each, unit), (earlier, its_unit) = _cost(now), _cost(before)
    cheaper = each and earlier and unit == its_unit and each <= _CHEAPER * earlier
    if cheaper and more >= 0 and not automated:
        start = f"A conclusion took {_each(each)} {unit} {days.on},"
        conclusions = f"{'more' if more else 'as many'} conclusions"
        yield start, f"{_each(earlier)} {days.earlier}, with {conclusions}."
    spared, less = number(now, "spared_hours"), number(before, "spared_hours")
    if round(spared) > round(less):
        cost = formats.count(number(now, "gpu_hours"))
        start = f"Running experiments at once spared {formats.hours_sum(spared)} {days.on},"
        yield start, f"{formats.hours_sum(less)} {days.earlier}; all runs took {cost} GPU-hours."


def _cost(row: Row | None) -> tuple[float, str]:
    """Credits, or else GPU-hours, for each concluded experiment; 0 without any."""
    paid = number(row, "credits_per_concluded")
    return (paid, "credits") if paid else (number(row, "gpu_hours_per_concluded"), "GPU-hours")


def _each(cost: float) -> str:
    return f"{cost:.1f}" if cost < 100 else formats.count(cost)  # noqa: PLR2004


def stuck(decisions: pl.DataFrame, day: date) -> Said:
    """How many lines wait longer than they usually do on a day, where, and which.

    `decisions` are rows of `reads.needs_decision`.
    """
    about, on = "Stuck", f"on {formats.dated(day)}"
    judged = Judged.of(decisions)
    queue = judged.queue
    count = queue.height
    if judged.nothing:
        waits = few_of(judged.unknown.height, "line waits", "lines wait")
        rest = f"{waits} {on}, with too few waits for a usual."
        return Said(about, "Cannot be judged yet:", rest)
    if not count:
        return Said(about, "Nothing waits longer than usual", f"{judged.with_count(on)}.")
    lines = capitalised(few_of(count, "line needs", "lines need"))
    start = f"{lines} a decision {on}{_where(queue)}"
    named = queue.filter("named").head(_MOST_NAMED).to_dicts()
    if not named:
        each = "It has waited" if count == 1 else "Each has waited"
        longer = judged.with_count(f"{each} longer than that line usually does")
        return Said(about, f"{start}.", f"{longer}.")
    said = [
        f"{name(row['name'], 24)} / {name(row['project'], 24)} ({row['kind']})" for row in named
    ]
    late = queue.filter(~pl.col("named")).height
    if more := count - late - len(named):
        said.append(f"{few(more)} more")
    if late:
        said.append(f"{few(late)} of the last 24 hours")
    it = "Each" if count > 1 else "It"
    longer = judged.with_count(f"{it} waits longer than that line usually does")
    return Said(about, f"{start}:", f"{listed(said)}. {longer}.")


def with_silent(said: Said, runs: int) -> Said:
    """The line about what is stuck, with the number of silent runs: they may hold GPUs."""
    if not runs:
        return said
    silent = few_of(runs, "run is silent and may hold a GPU", "runs are silent and may hold GPUs")
    return replace(said, rest=f"{said.rest} {capitalised(silent)}.".strip())


def _where(queue: pl.DataFrame) -> str:
    """The streams of the lines: ", all in Basalt", ", most in Basalt"; "" if they are spread."""
    counts = queue.drop_nulls("stream_name")["stream_name"].value_counts(sort=True).rows()
    if not counts:
        return ""
    stream, most = counts[0]
    if most == queue.height:
        return f", all in {name(stream)}" if most > 1 else f", in {name(stream)}"
    return f", {few(most)} of them in {name(stream)}" if most > queue.height / 2 else ""


def compute(now: Row, before: Row | None, days: Days) -> Said:
    """What the credits, or else the GPU-hours, of the days bought."""
    about, automated = "Compute", int(number(now, "automated_concluded"))
    used, (cost, unit), (then, its_unit) = number(now, "gpu_hours"), _cost(now), _cost(before)
    if not used:
        return Said(about, f"No GPU-hours are known {days.on}.")
    failed, killed = (
        formats.share(min(number(now, it) / used, 1))
        for it in ("gpu_hours_failed", "killed_gpu_hours")
    )
    lost = f"{capitalised(failed)} of GPU-hours went to failed runs, {killed} to killed ones."
    paid = number(now, "credits")
    spent = f"{formats.count(paid or used)} {'credits' if paid else 'GPU-hours'}"
    if not cost:
        return Said(about, f"{spent} {days.on} bought no conclusion.", lost)
    bought = formats.plural(int(number(now, "experiments_concluded")), "conclusion")
    each = "each"
    if automated:
        bought += f" by people and {formats.count(automated)} by automation"
        each = "each over both"
    start = f"{spent} bought {bought} {days.on}, {_each(cost)} {each}"
    if not then or unit != its_unit:
        return Said(about, f"{start}.", lost)
    return Said(about, f"{start},", f"{_each(then)} {days.earlier}. {lost}")


def runs_out(ends: pl.DataFrame, today: date) -> Said:
    """Whose credits end first, and next; and whether that changes at the pace of the last 7 days.

    `ends` is `frames.named_ends`, `today` the last day that counts.
    """
    about = "Runs out"
    if ends.is_empty():
        return Said(about, "No grant of a stream is recorded.")
    known = ending(ends)
    partly = days_with_data(ends["pace_days"][0])
    used_up = [name(it) for it in ends.filter(pl.col("credits_left") <= 0)["name"]]
    spent = f" The credits of {listed(used_up)} are used up." if used_up else ""
    if not known:
        start = f"No stream's credits end at the pace to {formats.dated(today)}{partly}."
        return Said(about, start, spent.strip())
    first = [row for row in known if row["runs_out_on"] == known[0]["runs_out_on"]]
    days = formats.short_dates(today - timedelta(days=PACE_DAYS - 1), today)
    pace = f"at the pace of {days}{partly}"
    whose = listed([possessive(name(row["name"])) for row in first])
    start = f"{whose} credits end first, on {end_of_credits(first[0], today)}"
    more = f"{spent}{_other_pace(ends, first, today)}{_seen_before(ends, first, today)}"
    if len(first) == len(known):
        return Said(about, f"{start},", f"{pace}.{more}")
    then = known[len(first)]
    next_one = f"{possessive(name(then['name']))} on {end_of_credits(then, today)}"
    return Said(about, f"{start};", f"{next_one}, {pace}.{more}")


def days_with_data(known: int) -> str:
    """How many days of the pace have data, to follow its days; "" if all have."""
    if known >= PACE_DAYS:
        return ""
    return f", of which {formats.plural(known, 'day')} {'has' if known == 1 else 'have'} data"


def end_of_credits(row: Row, today: date, column: str = "runs_out_on") -> str:
    """A day; "or sooner" if there are hours whose GPUs are not known.

    Such hours cost nothing in the ledger, so more may have been spent than is known, never less:
    the day is the last one that is possible at this pace, not the first.
    """
    return formats.ahead(row[column], today) + (" or sooner" if row["or_sooner"] else "")


def ending(ends: pl.DataFrame, column: str = "runs_out_on") -> list[dict[str, Any]]:
    """The streams whose credits end, the first to end first."""
    return ends.drop_nulls(column).sort(column, maintain_order=True).to_dicts()


def _other_pace(ends: pl.DataFrame, first: Sequence[Row], today: date) -> str:
    column = "runs_out_on_week_pace"
    row = next(iter(ending(ends, column)), None)
    if row is None or row["group_id"] in [it["group_id"] for it in first]:
        return ""
    when = end_of_credits(row, today, column)
    return f" At the last 7 days' pace {name(row['name'])} ends first, on {when}."


def _seen_before(ends: pl.DataFrame, first: Sequence[Row], today: date) -> str:
    """Whose credits were to end first as seen a week before, if those were others; else ""."""
    were = ends.filter(pl.col("seen_before") == pl.col("seen_before").min()).to_dicts()
    if not were or any(it["group_id"] == row["group_id"] for it in were for row in first):
        return ""
    when = formats.ahead(were[0]["seen_before"], today)
    return f" A week before, {name(were[0]['name'])} was to end first, on {when}."
