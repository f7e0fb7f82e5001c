"""What a scholar may do next when no result waits: the first line of Today."""

from __future__ import annotations

from typing import TYPE_CHECKING

from velocity import formats
from velocity.sentences.answer import Row, name, number
from velocity.sentences.headline import could_run_together, dates, one_setting
from velocity.sentences.today import local_time

if TYPE_CHECKING:
    import polars as pl

    from velocity.reading.mine import Today
    from velocity.sentences.headline import Facts, Whose


def next_step(today: Today, open_work: pl.DataFrame, facts: Facts, whose: Whose, zone: str) -> str:
    """What runs and when it ends, and one step, as Markdown; "" if the list has work to answer.

    Args:
        today: the list of the morning.
        open_work: `reads.open_work` of the scholar.
        facts: what the headline can be about.
        whose: how the scholar is addressed.
        zone: of the times.
    """
    if today.finished or today.failed or today.waiting:
        return ""
    step = _older(today, open_work) or _together(facts, whose)
    return f"**Nothing waits**{_running(open_work, zone)}. {step}".rstrip()


def _running(open_work: pl.DataFrame, zone: str) -> str:
    count = open_work.height
    if not count:
        return ", and nothing runs: the next launch can start now"
    run = f": {formats.plural(count, 'experiment')} {'runs' if count == 1 else 'run'}"
    ends = open_work["eta_at"].drop_nulls().sort()
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
    old = open_work.filter("older_than_usual")
    if old.is_empty():
        return ""
    row = old.row(0, named=True)
    age = formats.duration(row["wip_age_hours"])
    return f"{_label(row, today)} has run for {age}, longer than usual: is it still needed?"


def _label(row: Row, today: Today) -> str:
    named = {it["experiment_id"]: it["label"] for it in today.running}
    return name(named.get(row["experiment_id"], row["experiment_id"].rpartition("/")[2]))


def _together(facts: Facts, whose: Whose) -> str:
    """What could run side by side next time, by the rules of the headline."""
    setting = facts.setting
    if setting is not None and one_setting(facts, whose) is not None:
        return (
            f"More values of {name(setting.key, 16)}? One sweep runs them at once; "
            f"{setting.experiments} ran one after another, {dates(setting.first, setting.last)}."
        )
    if could_run_together(facts, whose) is None:
        return ""
    ready = formats.plural(int(number(facts.now, "ready_launches")), "launch")
    return (
        f"{ready} came within 10 minutes of a result, {facts.dates}: two ideas that are ready can "
        "run side by side."
    )
