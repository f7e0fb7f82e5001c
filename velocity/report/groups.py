"""The digest for viewers who may not see people: one published week of groups, nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from velocity import formats, sentences
from velocity.errors import VelocityError
from velocity.reading import reads
from velocity.report.parts import (
    Digest,
    Figure,
    Line,
    Link,
    Section,
    no_later,
    week_id,
)
from velocity.sentences.answer import as_read, capitalised
from velocity.sentences.groups import ALL_GROUPS, about, failed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from typing import Any

    from velocity.reading.access import Scope
    from velocity.store import Snapshot

_LEFT_OUT = (
    "Scholars, lines, loops and credits: this digest covers only whole weeks of groups of at least "
    "5 people."
)


def make_groups_digest(
    snapshot: Snapshot, *, scope: Scope, week: date | None, address: str | None = None
) -> Digest:
    """Returns the digest of the groups for one week.

    Args:
        snapshot: where the figures come from.
        scope: what the viewer may see.
        week: its Monday; default: the latest published one.
        address: of the dashboard; None for a digest without links.

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
    latest = weeks["week_start"].sort()[-1]
    week = no_later(week, latest)
    here = weeks.filter(week_start=week)
    if here.is_empty():
        raise VelocityError(
            f"{week_id(week)} is before the first published week.", "Name a later week."
        )
    whole = next(here.filter(group_id=ALL_GROUPS, visible=True).iter_rows(named=True), None)
    groups = here.filter(pl.col("group_id") != ALL_GROUPS)
    answer = sentences.groups(weeks=here)
    trust = reads.trust(snapshot, scope=scope).row(0, named=True)
    return Digest(
        week=week_id(week),
        about="Groups",
        days=formats.span(week, week + timedelta(days=6)),
        as_of=formats.instant(trust["as_of"], str(trust["timezone"])),
        headline=as_read(answer.sentence),
        support=as_read(answer.support),
        news=(Section("Groups", tuple(_group(row) for row in groups.iter_rows(named=True))),),
        figures=() if whole is None else figures_of(whole, "Concluded experiments a week"),
        shares=(),
        trends=(),
        footing=(
            Section(
                "Left out",
                (Line(_LEFT_OUT), Line("Figures steer experiments; they do not compare people.")),
            ),
        ),
        rows=here.filter("visible").drop("group_id", "visible"),
        address=address,
        opens=Link("The groups", "groups"),
    )


def _group(row: Mapping[str, Any]) -> Line:
    if not row["visible"]:
        return Line("Fewer than 4 people were active: not shown.", name=row["group_name"])
    concluded = capitalised(about(row["experiments_concluded"], "concluded experiment"))
    return Line(
        f"{capitalised(failed(row))}; {serial(row)}; {about(row['gpu_hours'], 'GPU-hour')}.",
        name=row["group_name"],
        strong=f"{concluded}.",
    )


def figures_of(whole: Mapping[str, Any], concluded: str) -> tuple[Figure, ...]:
    """Returns the tiles of all groups; `concluded` is the label of the first."""
    return tuple(
        Figure(title, formats.rounded_amount(whole[column]), (note,))
        for title, column, note in (
            (concluded, "experiments_concluded", failed(whole)),
            ("Busy hours", "busy_hours", serial(whole)),
            ("GPU-hours", "gpu_hours", "allocation, not use"),
        )
    )


def serial(row: Mapping[str, Any]) -> str:
    """Returns the busy hours of a row, and the share of them that was serial if it is shown."""
    busy = about(row["busy_hours"], "busy hour")
    if row["serial_share"] is None:
        return busy
    return f"{formats.rounded_share(row['serial_share'])} of {busy} serial"
