"""The messages to one person: what waits, since when, against their own past, and a next step."""

from typing import NamedTuple

import polars as pl

from velocity import formats
from velocity.reading.frames import PACE_DAYS
from velocity.reading.today import Today
from velocity.sentences import today as today_words
from velocity.sentences.answer import Row, as_read
from velocity.sentences.ends import days_with_data

_NAME = 40


class Message(NamedTuple):
    """Plain text for one person."""

    title: str  # subject of a mail
    text: str  # what it is about, one link, and one next step


#: Rule -> title, text and next step of its message, with columns of the case's facts.
_WORDS = {
    "result_waiting": (
        "{label} has a result",
        "{label} in {project} has had a result since {result_at}. {nothing_since}",
        (
            "look at it and launch the next experiment, or mark it “Read, still thinking” on My "
            "velocity."
        ),
    ),
    "run_died": (
        "{label} failed",
        "{label} in {project} failed on {result_at}. {nothing_since}",
        "read the end of its log, then retry it or leave it.",
    ),
    "older_than_usual": (
        "{label} is still running",
        (
            "{label} in {project} has been running since {started_at}, for {wip_age_hours}. Of "
            "this line's concluded experiments, 85\u00a0% took at most {usual_hours}."
        ),
        "check that it still makes progress, or stop it.",
    ),
    "host_idle": (
        "{host} is idle",
        "{host}{gpus} is rented and has been idle since {idle_since}, for {idle_for_hours}.",
        "start something on it, or return it.",
    ),
}
_NAMES, _MOMENTS = ("label", "project", "host"), ("result_at", "started_at", "idle_since")
_HOURS = ("wip_age_hours", "usual_hours", "idle_for_hours")


def message(rule: str, row: Row, zone: str) -> Message:
    """A case of `velocity.nudge.rules` to a scholar; the link is the `url` of its facts."""
    said = {it: _plain(row.get(it)) for it in _NAMES}
    said |= {it: formats.instant(row.get(it), zone) for it in _MOMENTS}
    said |= {it: formats.hours_in_all(row.get(it)) for it in _HOURS}
    said["gpus"] = f" ({formats.plural(row['gpus'], 'GPU')})" if row.get("gpus") else ""
    if "waited_working_hours" in row:
        said["nothing_since"] = _nothing_since(row)
    title, text, step = (it.format_map(said) for it in _WORDS[rule])
    return _message(title, text, row.get("url"), f"Next step: {step}")


def _nothing_since(row: Row) -> str:
    """How long nothing has followed, and the wait that 85 % of earlier results did not exceed."""
    waited = formats.hours_in_all(row["waited_working_hours"])
    said = f"Nothing has been launched on its line since, in {waited} of your working hours."
    if row["usual_working_hours"] is None:
        return said
    lines = "on your lines" if row["usual_of"] == "scholar" else "on this line"
    followed = formats.hours_in_all(row["usual_working_hours"])
    return (
        f"{said} Of {formats.plural(row['usual_n'], 'earlier result')} {lines}, 85{formats.NBSP}% "
        f"were followed within {followed}."
    )


def runway(row: Row, dashboard: str | None) -> Message:
    """A stream whose credits run out; `row` is of `velocity.nudge.rules.runway`."""
    stream, left, last = _plain(row["name"]), row["days_left"], formats.dated(row["exhausted_on"])
    pace = f"at the pace of the last {PACE_DAYS} days{days_with_data(row['pace_days'])}"
    told, said = "credits run out", f"The credits of {stream} ran out on {last}."
    if left > 0:
        in_days, week = formats.plural(left, "day"), row["exhausted_on_7d"]
        beside = f"; at the pace of the last 7 days, until {formats.dated(week)}" if week else ""
        told = f"credits for {in_days}"
        said = (
            f"The credits of {stream} last until {last}, {in_days} from today, {pace}{beside}. "
            f"Credits left: {formats.count(row['credits_left'])}."
        )
    elif left == 0:
        said = f"The credits of {stream} run out today, {pace}."
    return _message(
        f"{stream}: {told}",
        said,
        dashboard,
        "Next step: grant or move credits, or agree with the stream which runs to leave out. "
        "“What if” on Compute shows the effect.",
    )


def morning(today: Today, open_work: pl.DataFrame, dashboard: str | None, zone: str) -> Message:
    """The list of Today on My velocity."""
    lines = []
    for group in today_words.groups(today, open_work, zone):
        told = zip(group.rows, group.said, strict=False)
        lines += [f"{len(group.rows)} {group.title}"] if group.rows else []
        lines += [f"- {_plain(row['label'])} · {as_read(said)}" for row, said in told]
        lines += [f"- + {group.more} more"] if group.more else []
    free = as_read(today_words.free(today))
    return _message("Today", "\n".join(lines), dashboard, free)


def evening(today: Today, dashboard: str | None) -> Message:
    """That nothing is queued for the night, as on My velocity."""
    free = as_read(today_words.free(today))
    return _message("Tonight", today_words.night(today), dashboard, free)


def is_empty(today: Today) -> bool:
    """Whether the list of the morning has nothing to tell."""
    return not (today.finished or today.failed or today.running or today.waiting)


def _message(title: str, text: str, link: str | None, step: str) -> Message:
    # The pages of the demo's runs have no address of their own.
    link = None if link is None or link.startswith("/") else link
    return Message(formats.plain(title), formats.plain("\n".join(filter(None, (text, link, step)))))


def _plain(text: str | None) -> str:
    """Someone's text: on one line, and its addresses inert."""
    return formats.label(text, _NAME).replace("://", ":\u2060//") or "(no name)"
