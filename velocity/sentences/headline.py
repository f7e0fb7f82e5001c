"""The headline of My velocity: the first of a table of rules that holds.

Each rule is a function of the facts: it returns its sentence, or None if it does not hold. The
thresholds are the person's own past only.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from velocity import formats
from velocity.charts.tile_trend import WIDEST_SHARE
from velocity.sentences.answer import (
    ENOUGH,
    LONGEST_SUPPORT,
    Answer,
    Row,
    capitalised,
    fitting,
    name,
    number,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from velocity.reading.mine import Parts
    from velocity.reading.periods import Window

#: Chains of ready launches are worth a headline from this share of the busy hours and this many on.
_READY_PART, _READY_CHAINS = 0.1, 2
#: A run of experiments in which only one setting varies.
_SETTING_EXPERIMENTS = 3
#: Loops from which on it is said which part of their hours is the largest.
_LOOPS_FOR_PARTS = 19


@dataclass(frozen=True)
class Whose:
    """Whose figures the sentences are about.

    Args:
        name: of the scholar.
        own: whether the reader is the scholar, who is addressed as "you".
    """

    name: str
    own: bool

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
    """A result that waits for longer than is usual on its line.

    Args:
        experiment_id: of the experiment.
        label: of the experiment.
        hours: how long, in working hours.
        since: day of the result.
        usual_hours: how long results of the line usually wait at most.
    """

    experiment_id: str
    label: str
    hours: float
    since: date
    usual_hours: float


@dataclass(frozen=True)
class Change:
    """A lasting change of a weekly measure.

    Args:
        measure: id of the metric.
        since: Monday of the first week after it.
        before: value before that week.
        now: value since.
    """

    measure: str
    since: date
    before: float
    now: float


@dataclass(frozen=True)
class Setting:
    """Experiments one after another in which a single setting was varied.

    Args:
        key: the config key.
        experiments: how many.
        hours: how long they took one after another.
        first: day of the first launch.
        last: day of the last result.
    """

    key: str
    experiments: int
    hours: float
    first: date
    last: date


@dataclass(frozen=True)
class Facts:
    """What the headline can be about.

    Args:
        now: the scholar's row of `reads.metrics` over the window.
        window: its days.
        so_far: whether the window is the running week, with counts instead of rates.
        before: the same figures over the eight weeks before; None if there are too few weeks.
        last_week: rows of `reads.weekly` of the last full week.
        chains: how many chains of ready launches begin in the window.
        parts: how loop hours divide over the window; None without closed loops.
        weekly_parts: the same for each full week of the window that has closed loops.
        wait: the result that waits longest beyond its line's usual.
        changes: lasting changes, the newest first.
        setting: the longest sequence of one setting.
        begins: first day with data, if there are under four weeks of it; None otherwise.
    """

    now: Row
    window: Window
    so_far: bool = False
    before: Row | None = None
    last_week: Sequence[Row] = ()
    chains: int = 0
    parts: Parts | None = None
    weekly_parts: Sequence[Parts] = ()
    wait: Wait | None = None
    changes: Sequence[Change] = ()
    setting: Setting | None = None
    begins: date | None = None

    @property
    def dates(self) -> str:
        """The days of the window without a year: "26 Oct to 22 Nov"."""
        return dates(self.window.first, self.window.last)


@dataclass(frozen=True)
class Said:
    """A headline and what it left unsaid.

    Args:
        sentence: the headline.
        about: measures that it told; the line below tells the others.
        measure: the metric to explain it by.
        week: Monday of the week that it is about; None for the window.
    """

    sentence: str
    about: frozenset[str] = field(default_factory=frozenset)
    measure: str = "experiments_concluded"
    week: date | None = None


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


def answer(facts: Facts, whose: Whose) -> Answer:
    """The headline, and below it the dates and the measures that it left out."""
    said = headline(facts, whose)
    return Answer(said.sentence, _support(facts, said))


def dates(first: date, last: date) -> str:
    """Days without a year: "26 Oct to 22 Nov"."""
    return formats.span(first, last).removesuffix(f" {last.year}")


_BEYOND: dict[str, Callable[[float], str]] = {
    "experiments_concluded": lambda it: f"{formats.plural(it, 'experiment')} concluded",
    "loop_hours_median": lambda it: f"a loop took {formats.duration(it)}",
    "failure_share": lambda it: f"{formats.share(it)} of runs failed",
    "serial_share": lambda it: f"{formats.share(it)} of busy hours were serial",
}
_UNITS = {"loop_hours_median": "hours", "failure_share": "share", "serial_share": "share"}


def beyond_usual(facts: Facts, whose: Whose) -> Said | None:
    """The last full week lies beyond the usual range of the weeks before."""
    rows = {row["measure"]: row for row in facts.last_week if row["signal"]}
    for measure, words in _BEYOND.items():
        row = rows.get(measure)
        if row is None or not _tells(measure, row):
            continue
        usual = usual_words(measure, row["limit_low"], row["limit_high"])
        week = f"In the {formats.week(row['week_start'])} {words(row['value'])}"
        sentence = fitting(
            f"{week}; {whose.possessive} weeks usually have {usual}.",
            f"{week}; the usual is {usual}.",
        )
        return Said(sentence, frozenset({measure}), measure, row["week_start"])
    return None


def _tells(measure: str, row: Row) -> bool:
    """Whether the usual range of a share is narrow enough to say something."""
    return _UNITS.get(measure) != "share" or row["limit_high"] - row["limit_low"] <= WIDEST_SHARE


def usual_words(measure: str, low: float, high: float) -> str:
    """A usual range: "8 to 19", "2 to 18 %"; counts are whole numbers inside it."""
    unit = _UNITS.get(measure, "count")
    if unit == "count":
        return f"{formats.count(-(-low // 1))} to {formats.count(high // 1)}"
    if unit == "share":
        return formats.share_range(low, high)
    return f"{formats.duration(low)} to {formats.duration(high)}"


def result_waits(facts: Facts, whose: Whose) -> Said | None:
    """A result waits for longer than is usual on its line."""
    wait = facts.wait
    if wait is None or wait.hours < 1 or wait.hours <= wait.usual_hours:
        return None
    waited = formats.hours_in_all(wait.hours)
    hours = f"{waited} in working hours" if "m" in waited else _working(waited)
    since = f"{formats.weekday(wait.since)}{formats.NBSP}{formats.day(wait.since).split()[-1]}"
    start = f"has waited {hours} for {whose.possessive} next launch, since {since}"
    usual = f"this line's usual is up to {formats.hours_in_all(wait.usual_hours)}"
    sentence = fitting(
        f"{name(wait.label)} {start}; {usual}.",
        f"{name(wait.label)} has waited {hours} since {since}; {usual}.",
        f"{name(wait.label, 12)} has waited {hours} since {since}; {usual}.",
        f"A result {start}; {usual}.",
        f"A result {start}.",
    )
    return Said(sentence, measure="waiting_hours")


def _working(waited: str) -> str:
    hours = waited.split(formats.NBSP, maxsplit=1)[0]
    return f"{hours} working {'hour' if hours == '1' else 'hours'}"


_CHANGED: dict[str, Callable[[Change, Whose], str]] = {
    "serial_share": lambda it, whose: fitting(
        f"{whose.capital} experiments have run {_serially(it, formats.week(it.since), 'the ')}",
        f"{whose.capital} experiments have run {_serially(it, formats.day(it.since))}",
        f"Experiments have run {_serially(it, formats.day(it.since))}",
    ),
    "experiments_concluded": lambda it, _: (
        f"{formats.rate(it.now)} experiments have concluded a week since the "
        f"{formats.week(it.since)}, {formats.rate(it.before)} before."
    ),
    "loop_hours_median": lambda it, _: (
        f"A loop has taken {formats.duration(it.now)} since the {formats.week(it.since)}, "
        f"{formats.duration(it.before)} before."
    ),
    "failure_share": lambda it, _: (
        f"{capitalised(formats.share(it.now))} of runs have failed since the "
        f"{formats.week(it.since)}, {formats.share(it.before)} before."
    ),
}


def _serially(it: Change, since: str, article: str = "") -> str:
    how = "side by side" if it.now < it.before else "one after another"
    return (
        f"{how} since {article}{since}: {formats.share(it.now)} of busy hours serial, "
        f"{formats.share(it.before)} before."
    )


_COST = "gpu_hours_per_concluded"


def lasting_change(facts: Facts, whose: Whose) -> Said | None:
    """A weekly measure has moved and stayed there."""
    by_measure = {change.measure: change for change in facts.changes}
    for measure, words in _CHANGED.items():
        change = by_measure.get(measure)
        if change is not None:
            return Said(words(change, whose), frozenset({measure}), measure)
    return None


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


def one_setting(facts: Facts, _: Whose) -> Said | None:
    """A single setting was varied in experiments one after another."""
    found = facts.setting
    if found is None or found.experiments < _SETTING_EXPERIMENTS:
        return None
    how = (
        f"was varied alone in {found.experiments} experiments one after another "
        f"({formats.hours_in_all(found.hours)}, {dates(found.first, found.last)})"
    )
    return Said(
        fitting(
            f"{name(found.key, 16)} {how}: one sweep runs them together.",
            f"{name(found.key, 16)} {how}.",
            f"One setting {how}.",
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
    largest = {parts.largest for parts in facts.weekly_parts}
    if closed < _LOOPS_FOR_PARTS or facts.parts is None or len(largest) != 1:
        return None
    part = largest.pop()
    if part is None or part != facts.parts.largest:
        return None
    share = formats.share(facts.parts.shares[part])
    sentence = (
        f"Of {whose.possessive} loops' hours {share} were {_PARTS[part]}, {facts.dates} "
        f"({formats.sample(closed)})."
    )
    return Said(sentence, frozenset({"parts"}), "machine_hours_closed")


def cost_moved(facts: Facts, _: Whose) -> Said | None:
    """GPU-hours per concluded experiment have moved and stayed there."""
    change = next((it for it in facts.changes if it.measure == _COST), None)
    if change is None:
        return None
    sentence = (
        f"A concluded experiment has taken {_gpu_hours(change.now)} GPU-hours since the "
        f"{formats.week(change.since)}, {_gpu_hours(change.before)} before."
    )
    return Said(sentence, measure=_COST)


def plain(facts: Facts) -> Said:
    """The measures themselves, when nothing stands out."""
    if not number(facts.now, "busy_hours"):
        return Said(f"Nothing was in flight, {facts.dates}.")
    told = measures(facts)[:3]
    options = [
        (f"{facts.dates}: {', '.join(words for _, words in told[:count])}.", told[:count])
        for count in range(len(told), 0, -1)
    ]
    sentence = fitting(*(words for words, _ in options))
    about = next(told for words, told in options if words == sentence)
    return Said(sentence, frozenset(measure for measure, _ in about))


def measures(facts: Facts, *, compared: bool = False) -> list[tuple[str, str]]:
    """Id and words of each measure of the window; `compared` adds the value of the weeks before."""
    row, old = facts.now, (facts.before or {}) if compared else {}
    changes = {it.measure: it for it in facts.changes} if compared else {}

    def before(column: str, write: Callable[[Any], str], measure: str = "") -> str:
        change = changes.get(measure or column)
        if change is not None:
            return f" ({write(change.before)} before {formats.day(change.since)})"
        return "" if old.get(column) is None else f" ({write(old[column])} before)"

    told = []
    if facts.so_far:
        count = formats.plural(number(row, "experiments_concluded"), "experiment")
        told.append(("experiments_concluded", f"{count} concluded so far"))
    else:
        rate = formats.rate(row["throughput_per_week"])
        was = before("throughput_per_week", formats.rate, "experiments_concluded")
        told.append(("experiments_concluded", f"{rate} experiments concluded a week{was}"))
    if row.get("serial_share") is not None:
        was = before("serial_share", formats.share)
        share = formats.share(row["serial_share"])
        told.append(("serial_share", f"{share} of busy hours serial{was}"))
    if number(row, "loop_hours_events") >= ENOUGH and row.get("loop_hours_median") is not None:
        loop = formats.duration(row["loop_hours_median"])
        was = before("loop_hours_median", formats.duration)
        told.append(("loop_hours_median", f"a loop took {loop}{was}"))
    cost = row.get(_COST)
    if compared and cost:
        was = before(_COST, _gpu_hours)
        told.append((_COST, f"{_gpu_hours(cost)} GPU-hours each{was}"))
    if row.get("failure_share") is not None:
        was = before("failure_share", formats.share)
        told.append(("failure_share", f"{formats.share(row['failure_share'])} of runs failed{was}"))
    return told


def _earlier(facts: Facts) -> str:
    """The measures of the eight weeks before; "" if there are too few."""
    if facts.before is None:
        return ""
    told = [words for _, words in measures(replace(facts, now=facts.before, so_far=False))[:3]]
    return f"In the 8 weeks before: {', '.join(told)}."


def _gpu_hours(value: float) -> str:
    return formats.rate(value)


def _support(facts: Facts, said: Said) -> str:
    if not number(facts.now, "busy_hours"):
        return "Another period, above, may show more."
    earlier = _earlier(facts) if len(said.about) > 1 else ""
    rest = [words for it, words in measures(facts, compared=True) if it not in said.about]
    if facts.begins is not None:
        begins = f"The data begins on {formats.dated(facts.begins)}"
        thin = f"{begins}: too little history to say what is usual or what has changed."
        also = f" Also: {', '.join(rest)}." if rest else ""
        return fitting(f"{thin}{also}", thin, longest=LONGEST_SUPPORT)
    if earlier:
        also = f" Now {', '.join(rest)}." if rest else ""
        return fitting(f"{earlier}{also}", earlier, longest=LONGEST_SUPPORT)
    if not rest:
        return ""
    # As many as fit, in their order.
    options = [f"{facts.dates}: {', '.join(rest[:count])}." for count in range(len(rest), 0, -1)]
    return fitting(*options, longest=LONGEST_SUPPORT)
