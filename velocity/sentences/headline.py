"""The headline of My velocity: the first of a table of rules that holds.

Each rule is a function of the facts: it returns its sentence, or None if it does not hold. The
thresholds are the person's own past only.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from velocity import formats
from velocity.reading.mine import Parts
from velocity.reading.periods import Window
from velocity.sentences.answer import (
    ENOUGH,
    LONGEST_SUPPORT,
    Answer,
    Row,
    capitalised,
    fewer,
    fitting,
    name,
    number,
)
from velocity.sentences.compared import UNITS, usual

#: Chains of ready launches are worth a headline from this share of the busy hours and this many on.
_READY_PART, _READY_CHAINS = 0.1, 2
#: A run of experiments in which only one setting varies.
_SETTING_EXPERIMENTS = 3
#: Loops from which on it is said which part of their hours is the largest.
_LOOPS_FOR_PARTS = 19
_COST = "gpu_hours_per_concluded"
#: How each measure is written.
WRITTEN: dict[str, Callable[[Any], str]] = {
    "experiments_concluded": formats.rate,
    "serial_share": formats.share,
    "loop_hours_median": formats.duration,
    "failure_share": formats.share,
    _COST: formats.rate,
}


@dataclass(frozen=True)
class Whose:
    """Whose figures the sentences are about."""

    name: str  # of the scholar
    own: bool  # whether the reader is the scholar, who is addressed as "you"

    @property
    def possessive(self) -> str:
        """Before a noun: "your", or "Curlew's"."""
        return "your" if self.own else f"{name(self.name)}'s"

    @property
    def capital(self) -> str:
        """The same at the start of a sentence."""
        return "Your" if self.own else self.possessive


@dataclass(frozen=True)
class Wait:
    """A result that waits for longer than is usual on its line."""

    experiment_id: str
    label: str  # of the experiment
    hours: float  # how long, in working hours
    since: date  # day of the result
    usual_hours: float  # how long results of the line usually wait at most


@dataclass(frozen=True)
class Change:
    """A lasting change of a weekly measure."""

    measure: str  # id of the metric
    since: date  # Monday of the first week after it
    before: float  # value before that week
    now: float  # value since


@dataclass(frozen=True)
class Setting:
    """Experiments one after another in which a single setting was varied."""

    key: str  # the config key
    experiments: int  # how many
    hours: float  # how long they took one after another
    first: date  # day of the first launch
    last: date  # day of the last result


@dataclass(frozen=True)
class Facts:
    """What the headline can be about."""

    now: Row  # the scholar's row of `reads.metrics` over the window
    window: Window
    so_far: bool = False  # whether the window is the running week: counts instead of rates
    before: Row | None = None  # of the eight weeks before; None if there are too few weeks
    last_week: Sequence[Row] = ()  # rows of `reads.weekly` of the last full week
    chains: int = 0  # how many chains of ready launches begin in the window
    parts: Parts | None = None  # how loop hours divide; None without closed loops
    weekly_parts: Sequence[Parts] = ()  # of each full week of the window with closed loops
    wait: Wait | None = None  # the result that waits longest beyond its line's usual
    changes: Sequence[Change] = ()  # lasting changes, the newest first
    setting: Setting | None = None  # the longest sequence of one setting
    begins: date | None = None  # first day with data, if there are under four weeks of it

    @property
    def dates(self) -> str:
        """The days of the window without a year: "26 Oct to 22 Nov"."""
        return dates(self.window.first, self.window.last)

    def change_of(self, measure: str) -> Change | None:
        """The lasting change of a measure; None without one."""
        return next((it for it in self.changes if it.measure == measure), None)


@dataclass(frozen=True)
class Said:
    """A headline and what it left unsaid."""

    sentence: str  # the headline
    about: frozenset[str] = frozenset()  # measures that it told; the line below tells the others
    measure: str = "experiments_concluded"  # the metric to explain it by
    week: date | None = None  # Monday of the week that it is about; None for the window


def headline(facts: Facts, whose: Whose) -> Said:
    """The first rule that holds; the last always does."""
    rules: Sequence[Callable[[Facts, Whose], Said | None]] = (
        beyond_usual,
        result_waits,
        lasting_change,
        could_run_together,
        one_setting,
        parts_differ,
        cost_moved,
    )
    found = (rule(facts, whose) for rule in rules)
    return next((said for said in found if said is not None), None) or plain(facts)


def dates(first: date, last: date) -> str:
    """Days without a year: "26 Oct to 22 Nov"."""
    return formats.span(first, last).removesuffix(f" {last.year}")


_BEYOND: dict[str, Callable[[float], str]] = {
    "experiments_concluded": lambda it: f"{formats.plural(it, 'experiment')} concluded",
    "loop_hours_median": lambda it: f"a loop took {formats.duration(it)}",
    "failure_share": lambda it: f"{formats.share(it)} of runs failed",
    "serial_share": lambda it: f"{formats.share(it)} of busy hours were serial",
}


def beyond_usual(facts: Facts, whose: Whose) -> Said | None:
    """The last full week lies beyond the usual range of the weeks before."""
    rows = {row["measure"]: row for row in facts.last_week if row["signal"]}
    for measure, words in _BEYOND.items():
        row = rows.get(measure)
        ends = usual_words(measure, row["limit_low"], row["limit_high"]) if row else ""
        if row is None or not ends:
            continue
        week = f"In the {formats.week(row['week_start'])} {words(row['value'])}"
        sentence = fitting(
            f"{week}; {whose.possessive} weeks usually have {ends}.",
            f"{week}; the usual is {ends}.",
        )
        return Said(sentence, frozenset({measure}), measure, row["week_start"])
    return None


def usual_words(measure: str, low: float, high: float) -> str:
    """A usual range: "8 to 19", "2 to 18 %"; counts are whole numbers inside it.

    It is "" if a share's range is too wide to say much.
    """
    if UNITS[measure] == "count":
        return f"{formats.count(-(-low // 1))} to {formats.count(high // 1)}"
    return usual({"limit_low": low, "limit_high": high}, UNITS[measure])


def result_waits(facts: Facts, whose: Whose) -> Said | None:
    """A result waits for longer than is usual on its line."""
    wait = facts.wait
    if wait is None or wait.hours < 1 or wait.hours <= wait.usual_hours:
        return None
    hours = formats.hours_in_all(wait.hours)
    if "m" in hours:
        hours += " in working hours"
    else:
        whole = hours.split(formats.NBSP, maxsplit=1)[0]
        hours = f"{whole} working {'hour' if whole == '1' else 'hours'}"
    since = formats.dated(wait.since)
    start = f"has waited {hours} for {whose.possessive} next launch, since {since}"
    ends = f"this line's usual is up to {formats.hours_in_all(wait.usual_hours)}"
    sentence = fitting(
        f"{name(wait.label)} {start}; {ends}.",
        f"{name(wait.label)} has waited {hours} since {since}; {ends}.",
        f"{name(wait.label, 12)} has waited {hours} since {since}; {ends}.",
        f"A result {start}; {ends}.",
        f"A result {start}.",
    )
    return Said(sentence, measure="waiting_hours")


#: Measure -> its value since a lasting change.
_CHANGED = {
    "experiments_concluded": "{} experiments have concluded a week",
    "loop_hours_median": "A loop has taken {}",
    "failure_share": "{} of runs have failed",
    _COST: "A concluded experiment has taken {} GPU-hours",
}


def lasting_change(facts: Facts, whose: Whose) -> Said | None:
    """A weekly measure has moved and stayed there."""
    for measure in ("serial_share", "experiments_concluded", "loop_hours_median", "failure_share"):
        if change := facts.change_of(measure):
            return Said(_since(change, whose), frozenset({measure}), measure)
    return None


def cost_moved(facts: Facts, whose: Whose) -> Said | None:
    """GPU-hours per concluded experiment have moved and stayed there."""
    change = facts.change_of(_COST)
    return Said(_since(change, whose), measure=_COST) if change else None


def _since(change: Change, whose: Whose) -> str:
    now, before = (WRITTEN[change.measure](it) for it in (change.now, change.before))
    week = f"since the {formats.week(change.since)}"
    if change.measure != "serial_share":
        said = _CHANGED[change.measure].format(now)
        return capitalised(f"{said} {week}, {before} before.")
    how = "side by side" if change.now < change.before else "one after another"
    share, day = f"{now} of busy hours serial, {before} before.", formats.day(change.since)
    return fitting(
        f"{whose.capital} experiments have run {how} {week}: {share}",
        f"{whose.capital} experiments have run {how} since {day}: {share}",
        f"Experiments have run {how} since {day}: {share}",
    )


def could_run_together(facts: Facts, _: Whose) -> Said | None:
    """Launches were ready before the result of the one before was in."""
    hours, busy = number(facts.now, "side_by_side_hours"), number(facts.now, "busy_hours")
    ready = int(number(facts.now, "ready_launches"))
    if facts.chains < _READY_CHAINS or not hours or hours < _READY_PART * busy:
        return None
    if number(facts.now, "serial_share") < _READY_PART:
        # Nearly all of it ran side by side already.
        return None
    could = f"Up to {formats.hours_in_all(hours)} could have run side by side, {facts.dates}"
    were = f"{formats.plural(ready, 'launch')} {'was' if ready == 1 else 'were'} ready"
    sentence = fitting(
        f"{could}: {were} before the result was in.", f"{could}: {were} early.", f"{could}."
    )
    return Said(sentence, measure="side_by_side_hours")


def varied_alone(found: Setting) -> str:
    """How a single setting was varied, to follow its name."""
    return (
        f"was varied alone in {found.experiments} experiments one after another "
        f"({formats.hours_in_all(found.hours)}, {dates(found.first, found.last)})"
    )


def one_setting(facts: Facts, _: Whose) -> Said | None:
    """A single setting was varied in experiments one after another."""
    found = facts.setting
    if found is None or found.experiments < _SETTING_EXPERIMENTS:
        return None
    key, how = name(found.key, 16), varied_alone(found)
    return Said(
        fitting(
            f"{key} {how}: one sweep runs them together.", f"{key} {how}.", f"One setting {how}."
        )
    )


_PARTS = {
    "machine": "machine time",
    "waiting": "waits in working hours",
    "off": "nights and days off",
}


def parts_differ(facts: Facts, whose: Whose) -> Said | None:
    """One part of the loop exceeds the others together, in every week of the window."""
    closed = int(number(facts.now, "loops_closed"))
    part = facts.parts and facts.parts.largest
    every_week = {parts.largest for parts in facts.weekly_parts}
    if facts.parts is None or not part or closed < _LOOPS_FOR_PARTS or every_week != {part}:
        return None
    share = formats.share(facts.parts.shares[part])
    sentence = (
        f"Of {whose.possessive} loops' hours {share} were {_PARTS[part]}, {facts.dates} "
        f"({formats.sample(closed)})."
    )
    return Said(sentence, frozenset({"parts"}), "machine_hours_closed")


def plain(facts: Facts) -> Said:
    """The measures themselves, when nothing stands out."""
    if not number(facts.now, "busy_hours"):
        return Said(f"Nothing was in flight, {facts.dates}.")
    options = {
        f"{facts.dates}: {', '.join(words for _, words in told)}.": told
        for told in fewer(measures(facts)[:3])
    }
    sentence = fitting(*options)
    return Said(sentence, frozenset(measure for measure, _ in options[sentence]))


#: Measure -> its column over a window, and its words.
_MEASURES = {
    "experiments_concluded": ("throughput_per_week", "{} experiments concluded a week"),
    "serial_share": ("serial_share", "{} of busy hours serial"),
    "loop_hours_median": ("loop_hours_median", "a loop took {}"),
    _COST: (_COST, "{} GPU-hours each"),
    "failure_share": ("failure_share", "{} of runs failed"),
}


def measures(facts: Facts, *, compared: bool = False) -> list[tuple[str, str]]:
    """Id and words of each measure of the window; `compared` adds the value of the weeks before."""
    row, old, told = facts.now, (facts.before or {}) if compared else {}, []
    for measure, (column, words) in _MEASURES.items():
        value, write = row.get(column), WRITTEN[measure]
        if measure == "experiments_concluded":
            if facts.so_far:
                count = formats.plural(number(row, measure), "experiment")
                told.append((measure, f"{count} concluded so far"))
                continue
        elif value is None or (measure == _COST and not (compared and value)):
            continue
        if measure == "loop_hours_median" and number(row, "loop_hours_events") < ENOUGH:
            continue
        was, change = "", facts.change_of(measure) if compared else None
        if change is not None:
            was = f" ({write(change.before)} before {formats.day(change.since)})"
        elif old.get(column) is not None:
            was = f" ({write(old[column])} before)"
        told.append((measure, f"{words.format(write(value))}{was}"))
    return told


def answer(facts: Facts, whose: Whose) -> Answer:
    """The headline, and below it the dates and the measures that it left out."""
    said = headline(facts, whose)
    if not number(facts.now, "busy_hours"):
        return Answer(said.sentence, "Another period, above, may show more.")
    rest = [words for it, words in measures(facts, compared=True) if it not in said.about]
    lead = also = ""
    if facts.begins is not None:
        begins = f"The data begins on {formats.dated(facts.begins)}"
        lead = f"{begins}: too little history to say what is usual or what has changed."
        also = "Also:"
    elif facts.before is not None and len(said.about) > 1:
        told = measures(replace(facts, now=facts.before, so_far=False))[:3]
        lead = f"In the 8 weeks before: {', '.join(words for _, words in told)}."
        also = "Now"
    # As many as fit, in their order; all of them or none after another sentence.
    options = [f"{facts.dates}: {', '.join(it)}." for it in fewer(rest)]
    if lead:
        options = [*([f"{lead} {also} {', '.join(rest)}."] if rest else []), lead]
    return Answer(said.sentence, fitting(*options, longest=LONGEST_SUPPORT) if options else "")
