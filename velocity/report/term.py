"""The end-of-term report: published weeks of groups, and what the credits bought; it names nobody.

The weeks are kept when older runs are archived, so a term can be reported on at any later time.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from velocity import formats
from velocity.errors import VelocityError
from velocity.queries import load_query
from velocity.reading import reads
from velocity.reading.access import GROUPS_ALONE
from velocity.report.groups import figures_of, serial
from velocity.report.parts import Digest, Line, Link, Section, no_later, week_id
from velocity.sentences import bought
from velocity.sentences.answer import as_read, capitalised
from velocity.sentences.groups import ALL_GROUPS, RULE, about, failed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from velocity.reading.access import Scope
    from velocity.store import Snapshot

_WEEK = timedelta(weeks=1)
_LEFT_OUT = (
    "Scholars, lines and loops. Sums are of published weeks, which are rounded and never change; a "
    "week in which fewer than 4 people of a group were active is not in them."
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

    Args:
        snapshot: where the figures come from.
        scope: what the reader may see; the credits of the programme need everything.
        first: Monday of the first week.
        last: Monday of the last week; None means the latest published one.
        address: of the dashboard; None for a report without links.

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
    rows = _in_order(snapshot, weeks)
    whole = rows.row(-1, named=True)
    trust = reads.trust(snapshot, scope=scope).row(0, named=True)
    return Digest(
        title="End-of-term report",
        whole="The term",
        week=f"{week_id(first)} to {week_id(last)}",
        about="Groups",
        days=formats.span(first, last + timedelta(days=6)),
        as_of=formats.instant(trust["as_of"], str(trust["timezone"])),
        headline=as_read(
            f"{capitalised(about(whole['experiments_concluded'], 'experiment'))} concluded in "
            f"{formats.plural(whole['weeks'], 'week')}; {failed(whole)}."
        ),
        support=as_read(RULE),
        news=(
            Section("Groups", tuple(_group(it) for it in rows[:-1].iter_rows(named=True))),
            Section("What the compute bought", tuple(_compute(snapshot, scope, rows, first, last))),
        ),
        figures=figures_of(whole, "Concluded experiments"),
        shares=(),
        trends=(),
        footing=(
            Section(
                "Left out",
                (Line(_LEFT_OUT), Line("Figures steer experiments; they do not compare people.")),
            ),
        ),
        rows=rows.drop("group_id"),
        address=address,
        opens=Link("The groups", "groups"),
    )


def _in_order(snapshot: Snapshot, weeks: pl.DataFrame) -> pl.DataFrame:
    """The sums of each group, in the order of the page; all groups come last."""
    found = snapshot.frame(load_query("reads/group_term").body, {}, {"shown_week": weeks})
    order = weeks.select("group_id").unique(maintain_order=True)
    return order.join(found, on="group_id", how="left", maintain_order="left")


def _group(row: Mapping[str, Any]) -> Line:
    if not row["weeks_shown"]:
        return Line("Fewer than 4 people were active in every week: not shown.", row["group_name"])
    hidden = row["weeks"] - row["weeks_shown"]
    without = f" {formats.plural(hidden, 'week')} not shown." if hidden else ""
    concluded = capitalised(about(row["experiments_concluded"], "concluded experiment"))
    return Line(
        f"{capitalised(failed(row))}; {serial(row)}.{without}",
        name=row["group_name"],
        strong=f"{concluded}.",
    )


def _compute(
    snapshot: Snapshot, scope: Scope, rows: pl.DataFrame, first: date, last: date
) -> list[Line]:
    """GPU-hours by group as published, and the programme's credits for those who may see them."""
    lines = [
        Line(f"{capitalised(about(row['gpu_hours'], 'GPU-hour'))}{_each(row)}.", row["group_name"])
        for row in rows.iter_rows(named=True)
        if row["weeks_shown"] and (row["group_id"] != ALL_GROUPS or rows.height > 2)  # noqa: PLR2004
    ]
    return lines + (_credits(snapshot, scope, first, last) if scope.everything else [])


def _each(row: Mapping[str, Any]) -> str:
    concluded = row["experiments_concluded"]
    if not concluded:
        return ""
    return f", about {formats.rate(row['gpu_hours'] / concluded)} for each concluded experiment"


def _credits(snapshot: Snapshot, scope: Scope, first: date, last: date) -> list[Line]:
    """What the programme's credits bought, from the runs that the store still has."""
    now = reads.metrics(snapshot, by="programme", from_day=first, to_day=last + _WEEK, scope=scope)
    ledger = reads.ledger(snapshot, by="programme", at_day=last + timedelta(days=6), scope=scope)
    since = reads.trust(snapshot, scope=scope)["first_day"].item()
    if now.is_empty() or ledger.is_empty() or since is None:
        return []
    row, account = now.row(0, named=True), ledger.row(0, named=True)
    spent = formats.count(row["credits"])
    hours = formats.count(row["gpu_hours"])
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
