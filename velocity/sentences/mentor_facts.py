"""What the sheet of one scholar, and the brief, are about; their single experiments and weeks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

import polars as pl

from velocity import formats
from velocity.sentences.answer import (
    Row,
    ended_runs,
    few,
    few_of,
    held_for_nothing,
    linked,
    listed,
    local_day,
    name,
    number,
    on_day,
)
from velocity.sentences.compared import Compared, beyond
from velocity.sentences.streams import question
from velocity.sentences.week import Said

#: So many launches that died at the start may have one cause.
SAME_CAUSE = 3
#: A share of failed runs that rose by this much is worth a question.
_WORTH_ASKING = 0.1
_WEEK = timedelta(weeks=1)
#: Measure -> the title of its weeks, and its unit.
MEASURES = {
    "experiments_concluded": ("Concluded a week", "count"),
    "failure_share": ("Runs failed", "share"),
    "serial_share": ("One experiment at a time", "share"),
    "reaction_working_hours_median": ("Result to next launch, working hours", "hours"),
}
_MOST_NAMED, _MOST_CONCLUDED, _MOST_ROWS = 3, 6, 3
#: Questions that always make sense, for somebody about whom nothing else asks for one.
_OPEN_QUESTIONS = (
    "What is the next experiment, and what will it decide?",
    "Is anything in the way?",
    "What would help most?",
)
#: Outcome of an experiment -> how it ended.
_OUTCOMES = {
    "success": "finished",
    "partial": "finished in part",
    "failure": "failed",
    "false_start": "died at the start",
    "killed": "stopped",
    "open": "running",
    "other": "not known",
}


@dataclass(frozen=True)
class Facts(Compared):
    """What the sheet of a scholar is about, over the days of the page and those before."""

    name: str  # of the scholar
    decisions: pl.DataFrame  # the scholar's rows of `reads.needs_decision`
    experiments: pl.DataFrame  # of some weeks, joined with `reads.loops`, latest first
    old: pl.DataFrame  # open experiments that are older than usual for their line
    chains: pl.DataFrame  # launches that were ready before the result, `reads.chains`
    settings: pl.DataFrame  # `reads.one_setting`: which launches changed a single setting
    concluded: pl.DataFrame  # `reads.concluded` of the days, latest first
    silent: pl.DataFrame  # `reads.stuck`: lines with runs that have shown no sign of life
    weeks: pl.DataFrame  # whole weeks of `reads.to_date`, each measure with its usual range
    zone: str  # of days
    #: Whether a line, of any scholar beside whom this one is shown, passed its usual so lately
    #: that leads do not see its name yet. If the sheets of the others told what waits, the one
    #: that does not would be known.
    hidden: bool = False

    @property
    def never(self) -> bool:
        """Whether nothing has been launched so far."""
        return self.experiments.is_empty() and not self.weeks["n"].sum()

    def day(self, moment: datetime) -> date:
        """The local day of an instant."""
        return local_day(moment, self.zone)

    @cached_property
    def queue(self) -> pl.DataFrame:
        """The lines that need a decision and may be named."""
        return self.decisions.filter("needs_decision", "named")

    @cached_property
    def launched(self) -> pl.DataFrame:
        """The experiments that were launched in the days."""
        day = pl.col("started_at").dt.convert_time_zone(self.zone).dt.date()
        return self.experiments.filter(
            day.is_between(self.days.window.first, self.days.window.last)
        )

    @cached_property
    def died(self) -> pl.DataFrame:
        """The launches of the days of which every run died within two minutes, first to last."""
        return self.launched.filter(outcome="false_start").reverse()

    @cached_property
    def failures(self) -> pl.DataFrame:
        """The failures that no launch has followed and that may be named."""
        told = self.queue if self.hidden else self.decisions
        return told.filter("named", kind="failure")

    @cached_property
    def shifts(self) -> pl.DataFrame:
        """The whole weeks since the days began beyond their usual range, the newest first."""
        week, window = pl.col("week_start"), self.days.window
        ended = ~pl.col("running") & (week > window.first - _WEEK) & (week + _WEEK <= window.end)
        known = self.weeks.filter("signal", ended, pl.col("measure").is_in([*MEASURES]))
        place = pl.col("measure").cast(pl.Enum([*MEASURES]))
        return known.sort(week, place, descending=[True, False])

    def next_launch(self, row: Row) -> date | None:
        """The day of the next launch of the same line; None without any."""
        line = self.experiments.filter(entity=row["entity"], project=row["project"])
        at = line["experiment_id"].to_list().index(row["experiment_id"])
        return self.day(line["started_at"][at - 1]) if at else None

    @property
    def more_failed(self) -> bool:
        """Whether so many more runs failed than before that a cause is worth asking for."""
        many = number(self.now, "runs_failed") >= SAME_CAUSE
        enough = many and ended_runs(self.now) >= formats.MEDIAN_EVENTS
        return enough and round(self.rose("failure_share"), 6) >= _WORTH_ASKING

    @cached_property
    def relaunched_days(self) -> int | None:
        """The most days until the line of such a launch was launched again; None if one was not."""
        days = []
        for row in self.died.iter_rows(named=True):
            again = self.next_launch(row)
            if again is None:
                return None
            days.append((again - self.day(row["started_at"])).days)
        return max(days, default=None)


def failures(facts: Facts) -> Said | None:
    """The failures of the last days that no launch has followed; parked ones too.

    None if there is none but the one that waits longest, which the first line names.
    """
    waiting = facts.failures.select("label", "result_at", "experiment_id").rows()
    if not {it for *_, it in waiting} - {*facts.queue["experiment_id"][:1]}:
        return None
    named = [f"{name(label)} ({formats.day(facts.day(at))})" for label, at, _ in waiting]
    count = formats.capitalised(few_of(len(named), "failure is", "failures are"))
    shown = listed(named[:_MOST_NAMED], len(named) - _MOST_NAMED)
    return Said("Failed", f"{count} not recovered:", f"{shown}.")


def silent(facts: Facts) -> Said | None:
    """The runs that have shown no sign of life, by line; None without any."""
    if facts.silent.is_empty():
        return None
    rows = facts.silent.sort("entity", "project").iter_rows(named=True)
    named = [f"{name(it['project'])} since {on_day(it['since_at'], facts.zone)}" for it in rows]
    start = held_for_nothing(int(facts.silent["n"].sum()))
    return Said("Silent", start, f"{listed(named[:_MOST_NAMED], len(named) - _MOST_NAMED)}.")


def concluded(facts: Facts) -> Said:
    """The latest experiments that concluded, each a link to W&B."""
    found = facts.concluded
    if found.is_empty():
        return Said("Concluded", f"No experiment concluded {facts.days.on}.")
    shown = [linked(row) for row in found.head(_MOST_CONCLUDED).iter_rows(named=True)]
    start = f"{formats.capitalised(few_of(found.height, 'experiment'))}:"
    return Said("Concluded", start, f"{listed(shown, found.height - len(shown))}.")


def moved(facts: Facts) -> Said | None:
    """The whole weeks beyond the scholar's own usual range, the newest first; None without any."""
    if facts.shifts.is_empty():
        return None
    told = []
    for row in facts.shifts.head(_MOST_NAMED).iter_rows(named=True):
        title, unit = MEASURES[row["measure"]]
        value, week = formats.figure(row["value"], unit), formats.week(row["week_start"])
        told += [f"{title}: {value} in the {week},", f"{beyond(row, unit)}."]
    if (more := facts.shifts.height - _MOST_NAMED) > 0:
        told.append(f"And {few(more)} more.")
    return Said("Moved", told[0], " ".join(told[1:]))


def questions(facts: Facts) -> list[str]:
    """Three questions about these days, the most urgent first."""
    # What a launch has followed has shown what it did.
    waiting = facts.experiments.filter(loop_status="awaiting")["experiment_id"]
    concluded = facts.concluded.with_columns(kind=pl.lit("result"))
    concluded = concluded.filter(pl.col("experiment_id").is_in(waiting.implode()))
    queue, failures, results = (
        [question(row) for row in it.iter_rows(named=True)]
        for it in (facts.queue, facts.failures, concluded)
    )
    asked = [*queue, *failures, *_about_days(facts), *results, *_OPEN_QUESTIONS]
    return [*dict.fromkeys(asked)][: len(_OPEN_QUESTIONS)]


def _about_days(facts: Facts) -> Iterator[str]:
    """Questions about what happened more than once, lasts too long, or moved."""
    if facts.died.height >= SAME_CAUSE:
        launches = few_of(facts.died.height, "launch")
        yield f"Did the {launches} that died at the start have the same cause?"
    elif facts.more_failed:
        yield "Do the failed runs have the same cause?"
    if not facts.old.is_empty():
        yield f"Is **{name(facts.old['label'][0], 32)}** still needed?"
    if number(facts.now, "repeat_share"):
        yield "Was the repeat of a finished run meant?"
    if not facts.chains.is_empty():
        yield "Could launches that were ready before the result have run side by side?"
    if not facts.shifts.is_empty():
        yield f"What changed in the {formats.week(facts.shifts['week_start'][0])}?"


def behind(facts: Facts, *, chosen: str | None = None) -> list[Row]:
    """The chosen experiment, those behind the sentences, then the latest others; at most three."""
    behind_them = (facts.queue, facts.died.reverse(), facts.old, facts.launched)
    asked = [it for rows in behind_them for it in rows["experiment_id"]]
    ids = [*dict.fromkeys([*([chosen] if chosen else []), *asked])][:_MOST_ROWS]
    rows = {row["experiment_id"]: row for row in facts.experiments.iter_rows(named=True)}
    return [rows[it] for it in ids if it in rows]


def table(facts: Facts, rows: Sequence[Row], linked: Sequence[str]) -> pl.DataFrame:
    """The experiments as a table of words: days, never times of day.

    `linked` are their names, as Markdown.
    """
    return pl.DataFrame(
        {
            "Experiment": [*linked],
            "Launched": [formats.dated(facts.day(row["started_at"])) for row in rows],
            "Lasted": [formats.duration(row["machine_hours"]) for row in rows],
            "Ended": [_OUTCOMES.get(row["outcome"], row["outcome"]) for row in rows],
            "Since then": [_since(row, facts) for row in rows],
            "Width": [formats.plural(row["runs"], "run") for row in rows],
        }
    )


def _since(row: Row, facts: Facts) -> str:
    """What happened since the result; how long a line of the scholar's own list waits stays out."""
    wait = row["reaction_working_hours"]
    hours = "" if wait is None else formats.working_hours(wait)
    match row["loop_status"]:
        case "closed":
            return f"launched again after {hours}" if hours else "launched again"
        case "awaiting":
            return f"waits: {hours}" if hours and not facts.hidden else "nothing launched yet"
        case "abandoned":
            return "not launched again within five days"
        case "open":
            return "no result yet"
        case _:
            again = facts.next_launch(row)
            return "" if again is None else f"launched again {formats.dated(again)}"
