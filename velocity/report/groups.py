"""The digests for viewers who may not see people: published weeks of groups; they name nobody.

One is of a week. The other is of a term: the weeks are kept when older runs are archived, so a term
can be reported on at any later time.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import polars as pl

from velocity import formats
from velocity.errors import VelocityError
from velocity.queries import load_query
from velocity.reading import reads
from velocity.reading.access import GROUPS_ALONE, Scope
from velocity.report.parts import (
    NOT_FOR_COMPARING,
    Digest,
    Line,
    Link,
    Section,
    no_later,
    week_id,
)
from velocity.sentences import bought
from velocity.sentences.answer import as_read
from velocity.sentences.groups import (
    ALL_GROUPS,
    RULE,
    about,
    failed,
    last_week,
    rounded_amount,
    rounded_share,
)
from velocity.sentences.week_tiles import Tile
from velocity.store import Snapshot

_WEEK = timedelta(weeks=1)
_LEFT_OUT_OF_WEEK = (
    "Scholars, lines, loops and credits: this digest covers only whole weeks of groups of at least "
    "5 people."
)
_LEFT_OUT_OF_TERM = (
    "Scholars, lines and loops. Sums are of published weeks, which are rounded and never change; a "
    "week in which fewer than 4 people of a group were active is not in them."
)


def make_groups_digest(
    snapshot: Snapshot, *, scope: Scope, week: date | None, address: str | None = None
) -> Digest:
    """Returns the digest of the groups for one week, by default the latest published one.

    The arguments are those of `make_digest`.

    Raises:
        VelocityError: no week is published, or this week is not.
    """
    weeks = reads.group_weeks(snapshot, scope=scope)
    if weeks.is_empty():
        raise VelocityError(
            "No week of groups is published yet.",
            "The first sync at least 48 hours after the end of a week publishes it, if the "
            "streams in the roster have at least 5 members in total.",
        )
    week = no_later(week, weeks["week_start"].sort()[-1])
    here = weeks.filter(week_start=week)
    if here.is_empty():
        raise VelocityError(
            f"{week_id(week)} is before the first published week.", "Name a later week."
        )
    whole = next(here.filter(group_id=ALL_GROUPS, visible=True).iter_rows(named=True), None)
    groups = here.filter(pl.col("group_id") != ALL_GROUPS).iter_rows(named=True)
    answer = last_week(here)
    lines = [
        _group(row, f"; {about(row['gpu_hours'], 'GPU-hour')}.")
        if row["visible"]
        else Line("Fewer than 4 people were active: not shown.", row["group_name"])
        for row in groups
    ]
    return Digest(
        week=week_id(week),
        days=formats.span(week, week + timedelta(days=6)),
        headline=as_read(answer.sentence),
        support=as_read(answer.support),
        news=(Section("Groups", tuple(lines)),),
        figures=() if whole is None else _figures(whole, "Concluded experiments a week"),
        rows=here.filter("visible").drop("group_id", "visible"),
        address=address,
        **_of_groups(snapshot, scope, _LEFT_OUT_OF_WEEK),
    )


def make_term_report(
    snapshot: Snapshot,
    *,
    scope: Scope,
    first: date,
    last: date | None = None,
    address: str | None = None,
) -> Digest:
    """Returns the report of the whole weeks from `first` to `last`.

    Both are Mondays; `last` is by default that of the latest published week. The credits of the
    programme need a `scope` of everything. Without the `address` of the dashboard there are no
    links.

    Raises:
        VelocityError: no week of the term is published, or it is not over.
    """
    published = reads.group_weeks(snapshot, scope=GROUPS_ALONE)
    last = no_later(last, published["week_start"].max() or first)  # type: ignore[arg-type]
    weeks = published.filter(pl.col("week_start").is_between(first, last))
    if weeks.is_empty():
        raise VelocityError(
            f"No week of groups from {week_id(first)} to {week_id(last)} is published.",
            "Name other weeks. A week is published by the first sync at least 48 hours after it, "
            "if the streams in the roster have at least 5 members in total.",
        )
    sums = snapshot.frame(load_query("reads/group_term").body, {}, {"shown_week": weeks})
    # In the order of the page; all groups come last.
    order = weeks.select("group_id").unique(maintain_order=True)
    rows = order.join(sums, on="group_id", how="left", maintain_order="left")
    *groups, whole = rows.iter_rows(named=True)
    compute = _compute(rows)
    if scope.everything:
        compute += _credits(snapshot, scope, first, last)
    return Digest(
        title="End-of-term report",
        whole="The term",
        week=f"{week_id(first)} to {week_id(last)}",
        days=formats.span(first, last + timedelta(days=6)),
        headline=as_read(
            f"{formats.capitalised(about(whole['experiments_concluded'], 'experiment'))} concluded "
            f"in {formats.plural(whole['weeks'], 'week')}; {failed(whole)}."
        ),
        support=as_read(RULE),
        news=(
            Section("Groups", tuple(map(_of_term, groups))),
            Section("What the compute bought", tuple(compute)),
        ),
        figures=_figures(whole, "Concluded experiments"),
        rows=rows.drop("group_id"),
        address=address,
        **_of_groups(snapshot, scope, _LEFT_OUT_OF_TERM),
    )


def _of_groups(snapshot: Snapshot, scope: Scope, left_out: str) -> dict[str, Any]:
    trust = reads.trust(snapshot, scope=scope).row(0, named=True)
    return {
        "about": "Groups",
        "as_of": formats.instant(trust["as_of"], str(trust["timezone"])),
        "footing": (Section("Left out", (Line(left_out), NOT_FOR_COMPARING)),),
        "opens": Link("The groups", "groups"),
    }


def _group(row: Mapping[str, Any], rest: str) -> Line:
    concluded = formats.capitalised(about(row["experiments_concluded"], "concluded experiment"))
    words = f"{formats.capitalised(failed(row))}; {_serial(row)}{rest}"
    return Line(words, name=row["group_name"], strong=f"{concluded}.")


def _of_term(row: Mapping[str, Any]) -> Line:
    if not row["weeks_shown"]:
        return Line("Fewer than 4 people were active in every week: not shown.", row["group_name"])
    hidden = row["weeks"] - row["weeks_shown"]
    return _group(row, f". {formats.plural(hidden, 'week')} not shown." if hidden else ".")


def _figures(whole: Mapping[str, Any], concluded: str) -> tuple[Tile, ...]:
    """The tiles of all groups; `concluded` is the label of the first."""
    return tuple(
        Tile(title, rounded_amount(whole[column]), note=note)
        for title, column, note in (
            (concluded, "experiments_concluded", failed(whole)),
            ("Busy hours", "busy_hours", _serial(whole)),
            ("GPU-hours", "gpu_hours", "allocation, not use"),
        )
    )


def _serial(row: Mapping[str, Any]) -> str:
    """The busy hours of a row, and the share of them that was serial if it is shown."""
    busy = about(row["busy_hours"], "busy hour")
    if row["serial_share"] is None:
        return busy
    return f"{rounded_share(row['serial_share'])} of {busy} serial"


def _compute(rows: pl.DataFrame) -> list[Line]:
    """GPU-hours by group as published; of all groups only beside several."""
    lines = []
    for row in rows.iter_rows(named=True):
        concluded, each = row["experiments_concluded"], ""
        if concluded:
            each = formats.rate(row["gpu_hours"] / concluded)
            each = f", about {each} for each concluded experiment"
        if row["weeks_shown"] and (row["group_id"] != ALL_GROUPS or rows.height > 2):  # noqa: PLR2004
            words = f"{formats.capitalised(about(row['gpu_hours'], 'GPU-hour'))}{each}."
            lines.append(Line(words, row["group_name"]))
    return lines


def _credits(snapshot: Snapshot, scope: Scope, first: date, last: date) -> list[Line]:
    """What the programme's credits bought, from the runs that the store still has."""
    now = reads.metrics(snapshot, by="programme", from_day=first, to_day=last + _WEEK, scope=scope)
    ledger = reads.ledger(snapshot, by="programme", at_day=last + timedelta(days=6), scope=scope)
    since = reads.trust(snapshot, scope=scope)["first_day"].item()
    if now.is_empty() or ledger.is_empty() or since is None:
        return []
    row, account = now.row(0, named=True), ledger.row(0, named=True)
    spent, hours = (formats.count(row[it]) for it in ("credits", "gpu_hours"))
    parts = ", ".join(
        f"{part['per_cent']}{formats.NBSP}% {part['words']}"
        for part in bought.parts(row).iter_rows(named=True)
        if part["gpu_hours"]
    )
    lines = [
        Line(
            f"for {hours} GPU-hours. {bought.compared(row, None)}", strong=f"{spent} credits spent"
        ),
        Line(f"{parts}.", strong="Of these GPU-hours:"),
        Line("at the end of the term.", strong=f"{formats.count(account['credits_left'])} left"),
    ]
    if since > first:
        lines.append(Line(f"Credits are of runs from {formats.dated(since)} on."))
    return lines
