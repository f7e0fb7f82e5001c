"""The headline of My velocity: the first of a table of rules that holds.

Each rule is a function of the facts: it returns its sentence, or None if it does not hold. The
thresholds are the person's own past only.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from velocity import formats
from velocity.reading.periods import Window, whole_week
from velocity.sentences.answer import (
    Answer,
    Row,
    automated,
    ended_runs,
    fewer,
    fitting,
    name,
    number,
    on_day,
    supporting,
    weeks_before,
)
from velocity.sentences.compared import UNITS, usual
from velocity.sentences.facts import Change, Facts, Setting, Whose, dates

#: Chains of ready launches are worth a headline from this share of the busy hours and this many on.
_READY_PART, _READY_CHAINS = 0.1, 2
#: A run of experiments in which only one setting varies.
_SETTING_EXPERIMENTS = 3
#: Loops from which on it is said which part of their hours is the largest.
_LOOPS_FOR_PARTS = 19
_COST = "gpu_hours_per_concluded"
#: How each measure is written, in the order in which headlines report lasting changes.
WRITTEN: dict[str, Callable[[Any], str]] = {
    "serial_share": formats.share,
    "experiments_concluded": formats.rate,
    "loop_hours_median": formats.duration,
    "failure_share": formats.share,
    _COST: formats.rate,
}


@dataclass(frozen=True)
class Said:
    """A headline and what it left unsaid."""

    sentence: str  # the headline
    about: frozenset[str] = frozenset()  # measures that it told; the line below tells the others
    measure: str = "experiments_concluded"  # the metric to explain it by
    window: Window | None = None  # the days that it is about; None for those of the page
    block: str = ""  # anchor of the block of the page that explains it, instead of a metric


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
    return next(filter(None, found), None) or plain(facts)


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
        if row is None or not (ends := usual_words(measure, row["limit_low"], row["limit_high"])):
            continue
        week = f"In the {formats.week(row['week_start'])} {words(row['value'])}"
        sentence = fitting(
            f"{week}; {whose.possessive} weeks usually have {ends}.",
            f"{week}; the usual is {ends}.",
        )
        return Said(sentence, frozenset({measure}), measure, whole_week(row["week_start"]))
    return None


def usual_words(measure: str, low: float, high: float) -> str:
    """A usual range: "8 to 19", "2 to 18 %"; "" if a share's is too wide to say much."""
    return usual({"limit_low": low, "limit_high": high}, UNITS[measure])


def result_waits(facts: Facts, whose: Whose) -> Said | None:
    """A result waits for longer than is usual on its line."""
    wait = facts.wait
    if wait is None or wait["waited_working_hours"] < 1:
        return None
    if wait["waited_working_hours"] <= wait["usual_working_hours"]:
        return None
    hours, usual = (formats.hours_in_all(wait[f"{it}_working_hours"]) for it in ("waited", "usual"))
    if "m" in hours:
        hours += " in working hours"
    else:
        whole = hours.split(formats.NBSP, maxsplit=1)[0]
        hours = f"{whole} working {'hour' if whole == '1' else 'hours'}"
    label, since = wait["label"], on_day(wait["result_at"], facts.zone)
    failed = "failed and " if wait["kind"] == "failure" else ""
    waited = f"{failed}has waited {hours}"
    start = f"{waited} for {whose.possessive} next launch, since {since}"
    own = "this line's usual" if wait["usual_of"] == "line" else "the usual of all lines"
    ends = f"{own} is up to {usual}"
    sentence = fitting(
        f"{name(label)} {start}; {ends}.",
        f"{name(label)} {waited} since {since}; {ends}.",
        f"{name(label, 12)} {waited} since {since}; {ends}.",
        f"{'A launch' if failed else 'A result'} {start}.",
    )
    return Said(sentence, block="selected-loop")


#: Measure -> its value since a lasting change.
_CHANGED: dict[str, Callable[[float], str]] = {
    "experiments_concluded": lambda it: (
        f"{formats.rate(it, 'experiment')} {'has' if formats.rate(it) == '1' else 'have'} "
        "concluded a week"
    ),
    "loop_hours_median": lambda it: f"a loop has taken {formats.duration(it)}",
    "failure_share": lambda it: f"{formats.share(it)} of runs have failed",
    _COST: lambda it: f"a concluded experiment has taken {formats.rate(it, 'GPU-hour')}",
}


def lasting_change(facts: Facts, whose: Whose) -> Said | None:
    """A weekly measure has moved and stayed there."""
    change = next((it for it in facts.changes if it.measure != _COST), None)
    return _changed(change, facts, whose) if change else None


def cost_moved(facts: Facts, whose: Whose) -> Said | None:
    """GPU-hours per concluded experiment have moved and stayed there."""
    change = facts.change_of(_COST)
    return _changed(change, facts, whose) if change else None


def _changed(change: Change, facts: Facts, whose: Whose) -> Said:
    """A lasting change, with the value of the weeks since it and not that of the page's days."""
    over, _ = _MEASURES[change.measure]
    weeks = None if facts.since is None else facts.since.window
    return Said(_since(change, whose), frozenset({change.measure}), over, weeks)


def _since(change: Change, whose: Whose) -> str:
    now, before = (WRITTEN[change.measure](it) for it in (change.now, change.before))
    week = f"since the {formats.week(change.since)}"
    if change.measure != "serial_share":
        said = _CHANGED[change.measure](change.now)
        return formats.capitalised(f"{said} {week}, {before} before.")
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
    # Otherwise nearly all of it ran side by side already.
    if number(facts.now, "serial_share") < _READY_PART:
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
    one = f"{key} {how}: one sweep runs them together."
    return Said(fitting(one, f"{key} {how}.", f"One setting {how}."), block="side-by-side")


_PARTS = {
    "machine": ("machine time", "loop_machine_share"),
    "waiting": ("waits in working hours", "loop_working_wait_share"),
    "off": ("nights and days off", "loop_off_share"),
}


def parts_differ(facts: Facts, whose: Whose) -> Said | None:
    """One part of the loop exceeds the others together, in every week of the window."""
    closed = int(number(facts.now, "loops_closed"))
    part = facts.parts and facts.parts.largest
    every_week = {parts.largest for parts in facts.weekly_parts}
    if facts.parts is None or not part or closed < _LOOPS_FOR_PARTS or every_week != {part}:
        return None
    share, n = formats.share(facts.parts.shares[part]), formats.sample(closed)
    words, metric = _PARTS[part]
    if part == "waiting" and facts.parts.off is None:
        words, metric = "waiting or off", "reaction_share"
    said = f"Of {whose.possessive} loops' hours {share} were {words}, {facts.dates} ({n})."
    return Said(said, frozenset({"parts"}), metric)


def plain(facts: Facts) -> Said:
    """The measures themselves, when nothing stands out."""
    if not number(facts.now, "busy_hours"):
        return Said(f"Nothing was in flight, {facts.dates}.")
    options = {
        f"{facts.dates}: {', '.join(words for _, words in told)}.": told
        for told in fewer(measures(facts, counts=facts.counts)[:3])
    }
    sentence = fitting(*options)
    counted = "experiments_concluded" if facts.counts else "throughput_per_week"
    return Said(sentence, frozenset(measure for measure, _ in options[sentence]), counted)


#: Measure -> its column over a window, and its words.
_MEASURES: dict[str, tuple[str, Callable[[Any], str]]] = {
    "experiments_concluded": (
        "throughput_per_week",
        lambda it: f"{formats.rate(it, 'experiment')} concluded a week",
    ),
    "serial_share": ("serial_share", lambda it: f"{formats.share(it)} of busy hours serial"),
    "loop_hours_median": ("loop_hours_median", _BEYOND["loop_hours_median"]),
    _COST: (_COST, lambda it: f"{formats.rate(it, 'GPU-hour')} each"),
    "failure_share": ("failure_share", _BEYOND["failure_share"]),
}
#: The halves of a loop, of which a lasting change names the one that moved.
_HALVES: dict[str, Callable[[Any], str]] = {
    "machine_hours_median": lambda it: f"a result took {formats.duration(it)} of machine time",
    "reaction_working_hours_median": lambda it: (
        f"a result waited {formats.duration(it)} in working hours"
    ),
}


def measures(
    facts: Facts, *, compared: bool = False, counts: bool = False
) -> list[tuple[str, str]]:
    """Id and words of each measure of the window, with `counts` instead of rates.

    `compared` adds the value of the weeks before.
    """
    row, old, told = facts.now, (facts.before or {}) if compared else {}, []
    for measure, whole in _MEASURES.items():
        if measure == "experiments_concluded" and counts:
            count = formats.plural(number(row, measure), "experiment")
            told.append((measure, f"{count} concluded{' so far' if facts.so_far else ''}"))
            continue
        if measure != "experiments_concluded" and not _enough(measure, row):
            continue
        if measure == _COST and (not (compared and row[_COST]) or automated(row) or automated(old)):
            continue
        half = measure == "loop_hours_median" and compared and facts.since is not None
        column, words = (half and _moved_half(row, old)) or whole
        was, write = "", WRITTEN[measure]
        if _enough(measure, old) and (measure != _COST or old[column]):
            was = f" ({write(old[column])} before)"
        told.append((measure, f"{words(row[column])}{was}"))
    return told


def _enough(measure: str, row: Row) -> bool:
    """Whether a measure is known from enough loops or runs to be reported."""
    least = formats.MEDIAN_EVENTS
    if measure == "loop_hours_median" and number(row, "loop_hours_events") < least:
        return False
    if measure == "failure_share" and ended_runs(row) < least:
        return False
    return row.get(_MEASURES[measure][0]) is not None


def _moved_half(now: Row, before: Row) -> tuple[str, Callable[[Any], str]] | None:
    """The half of the loop that changed most: its column and words; None if it is not known."""
    known = [it for it in _HALVES if None not in {now.get(it), before.get(it)}]
    most = max(known, key=lambda it: abs(now[it] - before[it]), default=None)
    return None if most is None else (most, _HALVES[most])


def answer(facts: Facts, whose: Whose) -> Answer:
    """The headline, and below it the dates and the measures that it left out."""
    said = headline(facts, whose)
    if not number(facts.now, "busy_hours"):
        return Answer(said.sentence, "Another period, above, may show more.")
    when, lead, also, counts = facts.dates, "", "", facts.counts
    if (since := facts.since) is not None:
        # One baseline in a sentence: the change.
        facts = replace(facts, now=since.now, before=since.before)
        when, counts = f"Since {formats.day(since.window.first)}", False
    also_told = measures(facts, compared=True, counts=counts)
    rest = [words for it, words in also_told if it not in said.about]
    if facts.begins is not None:
        begins = f"The data begins on {formats.dated(facts.begins)}"
        lead = f"{begins}: too little history to say what is usual or what has changed."
        also = "Also:"
    elif facts.before is not None and len(said.about) > 1:
        told = measures(replace(facts, now=facts.before))[:3]
        weeks = formats.capitalised(weeks_before(facts.before))
        lead = f"{weeks}: {', '.join(words for _, words in told)}."
        also = "Now"
    # As many as fit, in their order; all of them or none after another sentence.
    options = [f"{when}: {', '.join(it)}." for it in fewer(rest)]
    if lead:
        options = [*([f"{lead} {also} {', '.join(rest)}."] if rest else []), lead]
    return Answer(said.sentence, supporting(*options) if options else "")
