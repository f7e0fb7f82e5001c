"""The sheet of one scholar for a mentor's hour, and the brief: a claim, sentences and questions.

Days and durations only: never a time of day. Waits are in working hours.
"""

from collections.abc import Sequence

import polars as pl

from velocity import formats
from velocity.sentences.answer import (
    Row,
    and_more,
    ended_runs,
    few,
    few_of,
    fewer,
    fitting,
    listed,
    name,
    number,
    silent_runs,
)
from velocity.sentences.compared import POINTS, WAIT
from velocity.sentences.mentor_facts import (
    SAME_CAUSE,
    Facts,
    concluded,
    failures,
    moved,
    silent,
)
from velocity.sentences.queue import Judged, since, usual_words
from velocity.sentences.week import Said, at_least, costs

_MOST_NAMED = 3
_NEVER = "no run has arrived yet"


def title(facts: Facts) -> str:
    """The claim, with its days."""
    who = formats.capitalised(name(facts.name))
    days = formats.dates(facts.days.window.first, facts.days.window.last)
    claims = []
    if not facts.queue.is_empty():
        kinds = facts.queue["kind"].unique().to_list()
        noun = kinds[0] if len(kinds) == 1 else "line"
        claims.append(few_of(facts.queue.height, f"{noun} waits", f"{noun}s wait"))
    if runs := int(facts.silent["n"].sum()):
        claims.append(silent_runs(runs))
    if facts.died.height >= SAME_CAUSE:
        claims.append(f"{few_of(facts.died.height, 'launch')} died at the start")
    if count := facts.old.height:
        older = few_of(count, "experiment runs", "experiments run")
        claims.append(f"{older} longer than usual")
    said = [listed(it) for it in fewer(claims)] or _calm(facts)
    return fitting(*(f"{who}, {days}: {it}" for it in said), f"{who}, {days}")


def _calm(facts: Facts) -> list[str]:
    """What concluded, and that nothing waits longer than usual; the longest claim first."""
    if facts.never:
        return [_NEVER]
    judged, calm = Judged.of(facts.decisions), "nothing waits longer than usual"
    waits = judged.too_few if judged.nothing else judged.with_count(calm)
    # With a line that is not named yet, no sheet tells whether something waits.
    told = [] if facts.hidden else [waits]
    count, _ = facts.conclusions
    if not count:
        return told or ["no experiment concluded"]
    concluded = f"{few_of(count, 'experiment')} concluded"
    return [", ".join([concluded, *told]), *(told or [concluded])]


def lines(facts: Facts) -> list[Said]:
    """The lines of a brief, one per subject; without one where nothing failed or moved."""
    if facts.never:
        start = f"{formats.capitalised(_NEVER)}."
        return [Said("Before", start, "While reading, writing or setting up, nothing is missing.")]
    subjects = (decide, silent, failures, ask, good, concluded, moved, in_flight, compute)
    return [said for it in subjects if (said := it(facts)) is not None]


def decide(facts: Facts) -> Said:
    """The result or failure that waits longest against its line's usual."""
    judged = Judged.of(facts.decisions)
    more = f" {formats.capitalised(judged.too_few)}." if judged.too_few else ""
    if not facts.queue.is_empty():
        return Said("Decide", *_of_queue(facts, more))
    if facts.hidden:
        start = "Nothing that leads may see yet needs a decision;"
        return Said("Decide", start, "they see a line 24 hours after its scholar.")
    within = facts.decisions.filter(~pl.col("parked"), pl.col("usual_working_hours") > 0)
    if within.is_empty() and judged.unknown.is_empty():
        return Said("Decide", "Nothing waits for a decision.")
    of_usual = pl.col("waited_working_hours") / pl.col("usual_working_hours").fill_null(1)
    longest = (judged.unknown if within.is_empty() else within).sort(of_usual, descending=True)
    row = longest.row(0, named=True)
    waited = formats.working_hours(row["waited_working_hours"])
    said = f"**{name(row['label'], 32)}** {since(row, facts.zone)}, {waited} since"
    if within.is_empty():
        return Said("Decide", "Cannot be judged yet:", f"{said}.{more}")
    return Said("Decide", "Nothing waits longer than usual.", f"{said}; {usual_words(row)}.{more}")


def _of_queue(facts: Facts, more: str) -> tuple[str, str]:
    row, others = facts.queue.row(0, named=True), ""
    found = facts.experiments.filter(experiment_id=row["experiment_id"])
    hours = next(iter(found["machine_hours"]), None)
    took = f", after {formats.duration(hours)} on the machine" if hours else ""
    if count := facts.queue.height - 1:
        named = [name(it) for it in facts.queue["label"][1 : 1 + _MOST_NAMED]]
        waits = "waits" if count == 1 else "wait"
        others = f" {listed(named, count - len(named))} {waits} too."
    wait = formats.working_hours(row["waited_working_hours"])
    what = f"{since(row, facts.zone)}{took}; nothing launched since"
    return name(row["label"], 32), f"{what}. {wait}; {usual_words(row)}.{others}{more}"


def ask(facts: Facts) -> Said:
    """Launches that died at once, experiments that are older than usual, or repeats."""
    count, runs = facts.died.height, _failed(facts)
    died = f"{formats.capitalised(few_of(count, 'launch'))} died within two minutes"
    if count >= SAME_CAUSE:
        return Said("Ask", f"{died},", f"{_of_deaths(facts)} {runs} Same cause?")
    if not facts.old.is_empty():
        label, hours = facts.old.select("label", "wip_age_hours").row(0)
        others = facts.old.height - 1
        more = f" So do {few(others)} more." if others else ""
        age = f"has run for {formats.duration(hours)}, longer than 85 of 100 of its line"
        return Said("Ask", name(label, 32), f"{age}. Is it still needed?{more}")
    if share := number(facts.now, "repeat_share"):
        start = f"{formats.capitalised(formats.share(share))} of runs repeated a finished run"
        return Said("Ask", start, "with the same settings and seeds. Was the repeat meant?")
    if not facts.more_failed:
        rest = f"{runs} {died}." if count else runs
        return Said("Ask", "Nothing runs longer than usual.", rest)
    whole = facts.launched.filter(pl.col("outcome").is_in(["failure", "false_start"]))["label"]
    if whole.is_empty():
        return Said("Ask", runs, "Same cause?")
    names, left = listed([name(it) for it in whole[:_MOST_NAMED]]), whole.len() - _MOST_NAMED
    more = f" and {few(left)} more" if left > 0 else ""
    return Said("Ask", runs, f"Failed as a whole: {names}{more}. Same cause?")


def _of_deaths(facts: Facts) -> str:
    died = facts.died
    days = [*dict.fromkeys(facts.day(it) for it in died["started_at"])]
    on = [formats.day(it) for it in days]
    if len({(it.year, it.month) for it in days}) == 1:  # "on 23, 24 and 25 Nov"
        on = [*(str(it.day) for it in days[:-1]), on[-1]]
    runs = formats.plural(int(died["runs"].sum()), "run")
    named = and_more([name(it) for it in died["label"][:_MOST_NAMED]], died.height - _MOST_NAMED)
    return f"on {listed(on)}, with {runs}: {named}."


def _failed(facts: Facts) -> str:
    """The failed share with its counts: "24 % of runs failed (9 of 38), from 7 %."."""
    ended, lost = ended_runs(facts.now), number(facts.now, "runs_failed")
    if not ended:
        return f"No run ended {facts.days.on}."
    if ended < formats.MEDIAN_EVENTS:
        runs = formats.plural(ended, "run")
        return f"{formats.count(lost)} of {runs} failed {facts.days.on}."
    counts = f"{formats.count(lost)} of {formats.count(ended)}"
    share, comma, then = facts.failed.partition(",")
    return f"{formats.capitalised(share)} ({counts}){comma}{then}."


def good(facts: Facts) -> Said:
    """What went well, else what was done, else the last launch; never empty."""
    (count, earlier), started = facts.conclusions, int(number(facts.now, "experiments_started"))
    if not started + count and facts.experiments.is_empty():
        return Said("Before", "Nothing ran", f"{facts.days.on}.")
    if not started + count:
        label, at = facts.experiments.select("label", "started_at").row(0)
        return Said("Before", f"Last launch on {formats.dated(facts.day(at))}:", f"{name(label)}.")
    done = f"{formats.capitalised(few_of(started, 'experiment'))} launched {facts.days.on}"
    if count:
        than = f" ({formats.count(earlier)} {facts.days.earlier})" if facts.before else ""
        done = f"{formats.capitalised(few_of(count, 'experiment'))} concluded{than}"
    if facts.died.height >= SAME_CAUSE and (days := facts.relaunched_days) is not None:
        within = {0: "the same day", 1: "within a day"}.get(days, f"within {few(days)} days")
        start = f"Each was launched again {within},"
        return Said("Good", start, f"{done[:1].lower()}{done[1:]}.")
    if rest := _better(facts):
        if count >= earlier:
            return Said("Good", f"{done},", rest)
        return Said("Good", formats.capitalised(rest), f"{done}.")
    return Said("Done" if count < earlier else "Good", f"{done}.")


def _better(facts: Facts) -> str:
    """The first that got better: failed share, wait, cost at an equal count; "" if none."""
    if facts.failed and facts.rose("failure_share") < -POINTS:
        return f"{facts.failed}."
    if facts.rose(WAIT) < 0:
        wait, was = map(formats.duration, facts.values(WAIT))
        return f"a result led to the next launch in {wait} of working hours, from {was}."
    cost = costs(facts)
    if not cost.is_lower:
        return ""
    return f"each took {_amount(cost.each)} {cost.unit}, from {_amount(cost.before)}."


def in_flight(facts: Facts) -> Said:
    """The share of time with one experiment, the width, and whether more could run at once."""
    share, _ = facts.values("serial_share")
    if share is None:
        return Said("In flight", f"Nothing was in flight {facts.days.on}.")
    then = facts.then("serial_share", formats.share)
    width = f"{_amount(number(facts.now, 'sweep_width'))} runs wide on average"
    start = f"One experiment at a time for {formats.share(share)} of busy hours{then};"
    return Said("In flight", start, f"{width}. {_evidence(facts)}")


def _evidence(facts: Facts) -> str:
    """Side by side is suggested only where launches were ready before the result."""
    following = int(number(facts.now, "experiments_following"))
    ready = int(number(facts.now, "ready_launches"))
    if not following:
        return "No launch followed a result."
    were = f"{formats.count(ready)} of {formats.plural(following, 'launch')}"
    were += f" {'was' if 1 in {ready, following} else 'were'} ready before the result"
    if not ready:
        return f"{were}, so nothing suggests they could run side by side."
    if facts.chains.is_empty():
        return f"{were}; these belong to chains that began earlier."
    longest = facts.chains.sort("spare_hours", descending=True)
    chain, hours = longest.select("experiments", "spare_hours").row(0)
    named = listed([name(it) for it in chain[:_MOST_NAMED]])
    # The single setting that the chain varied, if it is known.
    settings = facts.settings.drop_nulls("key").select("key", "labels").iter_rows()
    key = next((key for key, labels in settings if {*chain} <= {*labels}), "")
    varied = f"; only `{formats.label(key, 24).replace('`', '')}` varied" if key else ""
    spared = f"up to {formats.duration(hours)} shorter side by side"
    return f"{were}: {named} could have been {spared}{varied}."


def compute(facts: Facts) -> Said:
    """What the days cost, for each conclusion, and how much of it failed."""
    now, before = facts.now, facts.before
    used, lost = number(now, "gpu_hours"), number(now, "gpu_hours_failed")
    if not used:
        unknown = number(now, "unpriced_run_hours")
        none = "GPU count not recorded." if unknown else f"No GPU-hours {facts.days.on}."
        return Said("Compute", none)
    (whole, unit), (then, its_unit) = _whole(now), _whole(before)
    each, _, was, automated, is_bound = costs(facts)
    start = f"{'At least ' if is_bound else ''}{_amount(whole)} {unit}"
    start += f", {_amount(each)} per conclusion" if each else ", no conclusion"
    start += " (with those of automation)" if automated else ""
    if then and its_unit == unit:
        start += f", from {at_least(before)}{_amount(then)}"
        start += f" and {_amount(was)}" if each and was else ""
    took = f"Failed runs took {_amount(lost)} of {_amount(used)} GPU-hours."
    return Said("Compute", f"{start}.", took if lost else "No GPU-hours went to failed runs.")


def _whole(row: Row | None) -> tuple[float, str]:
    """Credits, or else GPU-hours."""
    paid = number(row, "credits")
    return (paid, "credits") if paid else (number(row, "gpu_hours"), "GPU-hours")


def _amount(value: float) -> str:
    return f"{value:.1f}" if 0.05 <= value < 10 else formats.rate(value)  # noqa: PLR2004


def caption(facts: Facts, projects: Sequence[str]) -> str:
    """Which lines the sheet covers, and how its hours are counted."""
    known = and_more([name(it) for it in projects[:_MOST_NAMED]], len(projects) - _MOST_NAMED)
    lines = f"{few_of(len(projects), 'line')}, {known}" if projects else "no line"
    return f"{formats.capitalised(lines)} · days in {facts.zone} · waits in working hours"
