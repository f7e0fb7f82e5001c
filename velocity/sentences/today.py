"""Today: the words of the scholar's list of the morning, for My velocity and for messages."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import polars as pl

from velocity import formats
from velocity.reading.today import Today
from velocity.sentences.answer import Row, linked, listed, name, number
from velocity.sentences.facts import Facts, Whose, dates
from velocity.sentences.headline import could_run_together, one_setting

#: Rows of one group before "+ n".
MOST = 5
HELP = (
    "Results that came since the last working window ended, failures and older results without a "
    "launch after them, and what is running. With sign-in only the scholar sees it."
)


@dataclass(frozen=True)
class Group:
    """Some experiments of the list; its texts are Markdown in which every name is inert."""

    title: str  # what they are, after their number
    rows: list[Row]  # of `reads.loops`
    said: tuple[str, ...]  # what is said about each of the first `MOST`

    @property
    def more(self) -> int:
        """How many are not told one by one."""
        return len(self.rows) - len(self.said)


def groups(today: Today, open_work: pl.DataFrame, zone: str) -> Iterator[Group]:
    """Yields the four groups of the list, also those without rows.

    `open_work`: `reads.open_work` of the scholar.
    """
    likely = dict(open_work.select("experiment_id", "eta_at").iter_rows())

    def ended(row: Row) -> str:
        return local_time(row["result_at"], zone)

    def finished(row: Row) -> str:
        return f"{'killed ' if row['outcome'] == 'killed' else ''}{ended(row)}"

    def running(row: Row) -> str:
        done = likely.get(row["experiment_id"])
        when = f"likely done {local_time(done, zone)}" if done else "no estimate yet"
        return f"{formats.duration(row['machine_hours'])} so far · {when}"

    def failed(row: Row) -> str:
        waited = formats.hours_in_all(row["reaction_working_hours"])
        return f"{ended(row)} · {waited} in working hours"

    def waiting(row: Row) -> str:
        return f"since {failed(row)}"

    for title, rows, said in (
        (f"with a result since {_weekday_and_time(today.since)}", today.finished, finished),
        ("failed, not followed up", today.failed, failed),
        ("running", today.running, running),
        ("waiting for the next launch", today.waiting, waiting),
    ):
        told = tuple(f"{name(row['project'])} · {said(row)}" for row in rows[:MOST])
        yield Group(title, list(rows), told)


def silent(stale: pl.DataFrame, zone: str) -> str:
    """The runs without a sign of life, which may hold a GPU, as Markdown; "" without any.

    `stale` are the scholar's stale runs in `reads.stuck`.
    """
    if stale.is_empty():
        return ""
    count = int(stale["n"].sum())
    said = [
        f"{linked(row | {'label': row['project']})} since {local_time(row['since_at'], zone)}"
        for row in stale.head(MOST).iter_rows(named=True)
    ]
    runs = f"**{formats.plural(count, 'run')}** {'is' if count == 1 else 'are'} silent"
    return f"{runs} and may hold a GPU for nothing: {listed(said)}."


def free(today: Today) -> str:
    """Where something may be launched; "" if nowhere."""
    named = ", ".join(map(name, today.free))
    return f"Nothing in flight in {named}: free to launch." if named else ""


def night(today: Today) -> str:
    """That nothing is queued for the night, from three hours before the window ends; else ""."""
    return "Nothing is queued for the night." if today.evening and not today.running else ""


def local_time(moment: datetime, zone: str) -> str:
    """A moment in a time zone: "Sat 28, 21:00"."""
    return _weekday_and_time(moment.astimezone(ZoneInfo(zone)))


def _weekday_and_time(moment: datetime) -> str:
    return f"{formats.weekday(moment)}, {formats.clock(moment)}"


def next_step(today: Today, open_work: pl.DataFrame, facts: Facts, whose: Whose, zone: str) -> str:
    """What runs and when it ends, and one step, as Markdown; "" if the list has work to answer.

    `open_work` is `reads.open_work` of the scholar; `facts` are those of the headline.
    """
    if today.finished or today.failed or today.waiting:
        return ""
    step = _older(today, open_work) or _together(facts, whose)
    return f"**Nothing waits**{_running(open_work, zone)}. {step}".rstrip()


def _running(open_work: pl.DataFrame, zone: str) -> str:
    count, ends = open_work.height, open_work["eta_at"].drop_nulls().sort()
    if not count:
        return ", and nothing runs: the next launch can start now"
    run = f": {formats.plural(count, 'experiment')} {'runs' if count == 1 else 'run'}"
    if ends.is_empty():
        return f"{run}, no estimate yet"
    first, last = (local_time(ends[at], zone) for at in (0, -1))
    if count == 1:
        return f"{run}, likely done {first}"
    if ends.len() == 1:
        return f"{run}; one is likely done {first}, no estimate yet of the rest"
    some = "" if ends.len() == count else f" of {ends.len()} with an estimate"
    return f"{run}; the first{some} is likely done {first}, the last {last}"


def _older(today: Today, open_work: pl.DataFrame) -> str:
    """The experiment that has run longest of those that run longer than usual."""
    row = next(open_work.filter("older_than_usual").iter_rows(named=True), None)
    if row is None:
        return ""
    named, of = {it["experiment_id"]: it["label"] for it in today.running}, row["experiment_id"]
    age = f"has run for {formats.duration(row['wip_age_hours'])}, longer than usual"
    return f"{name(named.get(of, of.rpartition('/')[2]))} {age}: is it still needed?"


def _together(facts: Facts, whose: Whose) -> str:
    """What could run side by side next time, by the rules of the headline."""
    setting = facts.setting
    if setting is not None and one_setting(facts, whose) is not None:
        ran = f"{setting.experiments} ran one after another, {dates(setting.first, setting.last)}"
        return f"More values of {name(setting.key, 16)}? One sweep runs them at once; {ran}."
    if could_run_together(facts, whose) is None:
        return ""
    ready = formats.plural(int(number(facts.now, "ready_launches")), "launch")
    soon = formats.with_unit(facts.ready_minutes, "minutes")
    came = f"{ready} came within {soon} of a result, {facts.dates}"
    return f"{came}: two ideas that are ready can run side by side."
