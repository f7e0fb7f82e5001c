"""The sheet of one scholar for a mentor's hour, and the brief: a claim, sentences and questions.

Days and durations only: never a time of day. Waits are in working hours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from velocity import formats
from velocity.sentences.answer import (
    ENOUGH,
    Row,
    capitalised,
    ended_runs,
    few,
    few_of,
    fitting,
    listed,
    name,
    number,
)
from velocity.sentences.judged import Judged
from velocity.sentences.mentor_facts import SAME_CAUSE
from velocity.sentences.mentor_week import concluded, failures, moved
from velocity.sentences.queue import row_words, usual_words
from velocity.sentences.streams import failed, reaction
from velocity.sentences.week import Said

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from velocity.sentences.mentor_facts import Facts

#: A share that moves less is the same share; a cost that moves less is the same cost.
_POINTS, _CHEAPER = 0.0199, 0.95
_MOST_NAMED = 3


def title(facts: Facts) -> str:
    """The claim, with its days."""
    who = capitalised(name(facts.name))
    days = formats.dates(facts.days.window.first, facts.days.window.last)
    claims = [it for it in (_waits(facts.queue), _deaths(facts), _older(facts.old)) if it]
    said = [listed(claims[:to]) for to in range(len(claims), 0, -1)] or _calm(facts)
    return fitting(*(f"{who}, {days}: {it}" for it in said), f"{who}, {days}")


def _waits(queue: pl.DataFrame) -> str:
    if queue.is_empty():
        return ""
    kinds = queue["kind"].unique().to_list()
    noun = {"failure": "failure", "result": "result"}[kinds[0]] if len(kinds) == 1 else "line"
    return f"{few_of(queue.height, noun)} {'waits' if queue.height == 1 else 'wait'}"


def _deaths(facts: Facts) -> str:
    count = facts.died.height
    return f"{few_of(count, 'launch')} died at the start" if count >= SAME_CAUSE else ""


def _older(old: pl.DataFrame) -> str:
    if old.is_empty():
        return ""
    runs = "runs" if old.height == 1 else "run"
    return f"{few_of(old.height, 'experiment')} {runs} longer than usual"


def _calm(facts: Facts) -> list[str]:
    """What concluded, and that nothing waits longer than usual; the longest claim first."""
    judged = Judged.of(facts.decisions)
    calm = "nothing waits longer than usual"
    waits = judged.too_few if judged.nothing else judged.with_count(calm)
    # With a line that is not named yet, no sheet tells whether something waits.
    told = [] if facts.hidden else [waits]
    if facts.now is None or not number(facts.now, "experiments_concluded"):
        return told or ["no experiment concluded"]
    count = int(number(facts.now, "experiments_concluded"))
    concluded = f"{few_of(count, 'experiment')} concluded"
    return [", ".join([concluded, *told]), *(told or [concluded])]


def lines(facts: Facts) -> list[Said]:
    """The lines of a brief, one per subject; without one where nothing failed or moved."""
    subjects = (decide, failures, ask, good, concluded, moved, in_flight, compute)
    return [said for it in subjects if (said := it(facts)) is not None]


def sheet_lines(facts: Facts) -> list[Said]:
    """The same without the list of what concluded, which the table of the sheet has."""
    return [it for it in lines(facts) if it.about != "Concluded"]


def decide(facts: Facts) -> Said:
    """The result or failure that waits longest against its line's usual."""
    if facts.queue.is_empty() and facts.hidden:
        whose, see = ("its", "sees it") if facts.hidden == 1 else ("their", "see them")
        count = capitalised(few(facts.hidden))
        start = f"{count} of these lines passed {whose} usual in the last 24 hours;"
        scholars = "scholar" if facts.hidden == 1 else "scholars"
        return Said("Decide", start, f"{whose} {scholars} {see} first.")
    if facts.queue.is_empty():
        return Said("Decide", *_not_of_queue(facts))
    return Said("Decide", *_of_queue(facts))


def _of_queue(facts: Facts) -> tuple[str, str]:
    row = facts.queue.row(0, named=True)
    day = formats.dated(facts.day(row["result_at"]))
    what = "failed on" if row["kind"] == "failure" else "has a result since"
    found = facts.experiments.filter(experiment_id=row["experiment_id"])
    hours = found["machine_hours"].to_list()
    took = f", after {formats.duration(hours[0])} on the machine" if hours and hours[0] else ""
    more = ""
    if facts.queue.height > 1:
        others = [name(it) for it in facts.queue["label"][1 : 1 + _MOST_NAMED]]
        left = facts.queue.height - 1 - len(others)
        also = listed([*others, *([f"{few(left)} more"] if left > 0 else [])])
        more = f" {also} {'waits' if facts.queue.height == 2 else 'wait'} too."  # noqa: PLR2004
    wait = formats.working_hours(row["waited_working_hours"])
    rest = f"{what} {day}{took}; nothing launched since. {wait}; {usual_words(row)}.{more}"
    return name(row["label"], 32), f"{rest}{_too_few(Judged.of(facts.decisions))}"


def _too_few(judged: Judged) -> str:
    """How many other lines cannot be judged, as a sentence after others; "" if none."""
    return f" {capitalised(judged.too_few)}." if judged.too_few else ""


def _not_of_queue(facts: Facts) -> tuple[str, str]:
    """What waits within its usual, or without one."""
    judged = Judged.of(facts.decisions)
    waiting = facts.decisions.filter(~pl.col("parked"), pl.col("usual_working_hours") > 0)
    more = _too_few(judged)
    if not waiting.is_empty():
        row = waiting.row(0, named=True)
        said = f"{_waited(row, facts)}; {usual_words(row)}.{more}"
        return "Nothing waits longer than usual.", said
    if judged.unknown.is_empty():
        return "Nothing waits for a decision.", ""
    return "Cannot be judged yet:", f"{_waited(judged.unknown.row(0, named=True), facts)}.{more}"


def _waited(row: Row, facts: Facts) -> str:
    waited = formats.working_hours(row["waited_working_hours"])
    first = row_words(row, facts.zone).removesuffix("; nothing launched since.")
    return f"{first}, {waited} since"


def ask(facts: Facts) -> Said:
    """Launches that died at once, experiments that are older than usual, or repeats."""
    if facts.died.height >= SAME_CAUSE:
        return Said("Ask", *_of_deaths(facts))
    if not facts.old.is_empty():
        return Said("Ask", *_of_old(facts.old))
    share = None if facts.now is None else facts.now["repeat_share"]
    if share:
        start = f"{capitalised(formats.share(share))} of runs repeated a finished run"
        return Said("Ask", start, "with the same settings and seeds. Was the repeat meant?")
    if facts.more_failed:
        return Said("Ask", *_of_failures(facts))
    died = f" {_died(facts.died.height)}." if facts.died.height else ""
    return Said("Ask", "Nothing runs longer than usual.", f"{_failed(facts)}{died}")


def _died(count: int) -> str:
    return f"{capitalised(few_of(count, 'launch'))} died within two minutes"


def _of_failures(facts: Facts) -> tuple[str, str]:
    failed_ones = facts.launched.filter(pl.col("outcome").is_in(["failure", "false_start"]))
    names = [name(it) for it in failed_ones["label"][:_MOST_NAMED]]
    left = failed_ones.height - len(names)
    whole = f" Failed as a whole: {listed(names)}" if names else ""
    more = f" and {few(left)} more" if left > 0 else ""
    return _failed(facts), f"{whole}{more}. Same cause?".strip(". ") if names else "Same cause?"


def _of_deaths(facts: Facts) -> tuple[str, str]:
    died = facts.died
    days = [*dict.fromkeys(facts.day(it) for it in died["started_at"])]
    runs = int(died["runs"].sum())
    names = [name(it) for it in died["label"][:_MOST_NAMED]]
    left = died.height - len(names)
    named = ", ".join(names) + (f" and {few(left)} more" if left else "")
    return (
        f"{_died(died.height)},",
        f"{_on(days)}, with {formats.plural(runs, 'run')}: {named}. {_failed(facts)} Same cause?",
    )


def _on(days: Sequence[date]) -> str:
    """Days in a sentence: "on 23, 24 and 25 Nov"."""
    if len({(it.year, it.month) for it in days}) == 1:
        last = formats.day(days[-1])
        return f"on {listed([*(str(it.day) for it in days[:-1]), last])}"
    return f"on {listed([formats.day(it) for it in days])}"


def _of_old(old: pl.DataFrame) -> tuple[str, str]:
    row = old.row(0, named=True)
    more = f" So do {few(old.height - 1)} more." if old.height > 1 else ""
    age = f"has run for {formats.duration(row['wip_age_hours'])}"
    rest = f"{age}, longer than 85 of 100 of its line. Is it still needed?{more}"
    return name(row["label"], 32), rest


def _failed(facts: Facts) -> str:
    """The failed share with its counts: "24 % of runs failed (9 of 38), from 7 %."."""
    now = facts.now
    if now is None or not ended_runs(now):
        return f"No run ended {facts.days.on}."
    counts = f"{formats.count(now['runs_failed'])} of {formats.count(ended_runs(now))}"
    if ended_runs(now) < ENOUGH:
        return f"{counts} runs failed {facts.days.on}."
    share, _, then = failed(now, facts.before).partition(",")
    return f"{capitalised(share)} ({counts}){',' if then else ''}{then}."


def good(facts: Facts) -> Said:
    """What went well, else what was done, else the last launch; never empty."""
    now, before = facts.now, facts.before
    if now is None or not number(now, "experiments_started") + number(now, "experiments_concluded"):
        return Said("Before", *_last_launch(facts))
    concluded = int(number(now, "experiments_concluded"))
    earlier = None if before is None else int(number(before, "experiments_concluded"))
    done = _concluded(concluded, earlier, facts)
    if facts.died.height >= SAME_CAUSE and facts.relaunched_days is not None:
        start = f"Each was launched again {_within(facts.relaunched_days)},"
        return Said("Good", start, f"{done[:1].lower()}{done[1:]}.")
    rest = _better(facts)
    fewer = earlier is not None and concluded < earlier
    return Said("Done" if fewer and not rest else "Good", f"{done}{',' if rest else '.'}", rest)


def _within(days: int) -> str:
    return "the same day" if not days else f"within {'a day' if days == 1 else f'{few(days)} days'}"


def _concluded(count: int, earlier: int | None, facts: Facts) -> str:
    if not count:
        started = int(number(facts.now or {}, "experiments_started"))
        return f"{capitalised(few_of(started, 'experiment'))} launched {facts.days.on}"
    than = "" if earlier is None else f" ({formats.count(earlier)} {facts.days.earlier})"
    return f"{capitalised(few_of(count, 'experiment'))} concluded{than}"


def _better(facts: Facts) -> str:
    """The first that got better: failed share, wait, cost at an equal count; "" if none."""
    now, before = facts.now, facts.before
    if now is None or before is None:
        return ""
    share, then = now["failure_share"], before["failure_share"]
    if share is not None and then is not None and share < then - _POINTS:
        return f"{failed(now, before)}."
    wait, was = (it["reaction_working_hours_median"] for it in (now, before))
    if wait is not None and was is not None and wait < was:
        return (
            f"a result led to the next launch in {reaction(now)} of working hours, from "
            f"{reaction(before)}."
        )
    each, cost = _each(now), _each(before)
    if each is None or cost is None or each[1] != cost[1] or each[0] > _CHEAPER * cost[0]:
        return ""
    return f"each took {_amount(each[0])} {each[1]}, from {_amount(cost[0])}."


def _last_launch(facts: Facts) -> tuple[str, str]:
    if facts.experiments.is_empty():
        return "Nothing ran", f"{facts.days.on}."
    row = facts.experiments.row(0, named=True)
    day = formats.dated(facts.day(row["started_at"]))
    return f"Last launch on {day}:", f"{name(row['label'])}."


def in_flight(facts: Facts) -> Said:
    """The share of time with one experiment, the width, and whether more could run at once."""
    now = facts.now
    if now is None or now["serial_share"] is None:
        return Said("In flight", f"Nothing was in flight {facts.days.on}.")
    share = formats.share(now["serial_share"])
    before = None if facts.before is None else facts.before["serial_share"]
    then = "" if before is None else _from(share, formats.share(before))
    width = f"{_amount(number(now, 'sweep_width'))} runs wide on average"
    start = f"One experiment at a time for {share} of busy hours{then};"
    return Said("In flight", start, f"{width}. {_evidence(facts)}")


def _evidence(facts: Facts) -> str:
    """Side by side is suggested only where launches were ready before the result."""
    now = facts.now or {}
    following, ready = (int(number(now, it)) for it in ("experiments_following", "ready_launches"))
    if not following:
        return "No launch followed a result."
    were = f"{formats.count(ready)} of {formats.plural(following, 'launch')}"
    were += f" {'was' if ready == 1 else 'were'} ready before the result"
    if not ready:
        return f"{were}, so nothing suggests they could run side by side."
    if facts.chains.is_empty():
        return f"{were}; these belong to chains that began earlier."
    row = facts.chains.sort("spare_hours", descending=True).row(0, named=True)
    named = listed([name(it) for it in row["experiments"][:_MOST_NAMED]])
    key = _key(row["experiments"], facts.settings)
    varied = f"; only `{formats.label(key, 24).replace('`', '')}` varied" if key else ""
    spared = f"up to {formats.duration(row['spare_hours'])} shorter side by side"
    return f"{were}: {named} could have been {spared}{varied}."


def _key(chain: Sequence[str], settings: pl.DataFrame) -> str | None:
    """The single setting that a chain of experiments varied; None if that is not known."""
    for key, labels in settings.select("key", "labels").iter_rows():
        if key is not None and set(chain) <= set(labels):
            return str(key)
    return None


def compute(facts: Facts) -> Said:
    """What the days cost, for each conclusion, and how much of it failed."""
    now = facts.now
    if now is None or not number(now, "gpu_hours"):
        if now is not None and number(now, "unpriced_run_hours"):
            return Said("Compute", "GPU count not recorded.")
        return Said("Compute", f"No GPU-hours {facts.days.on}.")
    whole, unit = _whole(now)
    before = facts.before
    then = None if before is None else _whole(before)
    each = _each(now)
    was = None if before is None else _each(before)
    start = f"{_amount(whole)} {unit}"
    start += f", {_amount(each[0])} per conclusion" if each else ", no conclusion"
    if then is not None and then[1] == unit and then[0]:
        start += f", from {_amount(then[0])}"
        if each is not None and was is not None and was[1] == unit:
            start += f" and {_amount(was[0])}"
    lost = number(now, "gpu_hours_failed")
    rest = (
        f"Failed runs took {_amount(lost)} of {_amount(number(now, 'gpu_hours'))} GPU-hours."
        if lost
        else "No GPU-hours went to failed runs."
    )
    return Said("Compute", f"{start}.", rest)


def _whole(row: Row) -> tuple[float, str]:
    if row.get("credits"):
        return number(row, "credits"), "credits"
    return number(row, "gpu_hours"), "GPU-hours"


def _each(row: Row) -> tuple[float, str] | None:
    """Credits, or else GPU-hours, for each concluded experiment."""
    count = number(row, "experiments_concluded")
    whole, unit = _whole(row)
    return (whole / count, unit) if count and whole else None


def _amount(value: float) -> str:
    return f"{value:.1f}" if value < 10 else formats.count(value)  # noqa: PLR2004


def _from(now: str, before: str) -> str:
    return ", as before" if now == before else f", from {before}"


def caption(facts: Facts, projects: Sequence[str]) -> str:
    """Which lines the sheet covers, and how its hours are counted."""
    known = ", ".join(name(it) for it in projects[:_MOST_NAMED])
    left = len(projects) - _MOST_NAMED
    more = f" and {few(left)} more" if left > 0 else ""
    lines_ = f"{few_of(len(projects), 'line')}, {known}{more}" if projects else "no line"
    return f"{capitalised(lines_)} · days in {facts.zone} · waits in working hours"
