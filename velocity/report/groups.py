"""The digest for those who may not see people: one whole week of the fixed groups, nothing else."""

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
    Section,
    no_later,
    serial_bar,
    serial_figure,
    week_id,
)
from velocity.sentences.answer import as_read

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from typing import Any

    from velocity.reading.access import Scope
    from velocity.store import Snapshot

_LEFT_OUT = (
    "Scholars, lines, loops and credits: this digest is of whole weeks of groups of at least 5 "
    "people."
)


def make_groups_digest(snapshot: Snapshot, *, scope: Scope, week: date | None) -> Digest:
    """The digest of a week of the groups.

    Args:
        snapshot: where the figures come from.
        scope: of whom sees the groups.
        week: its Monday; default: the latest.

    Raises:
        VelocityError: there are no groups, or the week is not over.
    """
    weeks = reads.group_weeks(snapshot, scope=scope)
    if weeks.is_empty():
        raise VelocityError(
            "There is no group to report on.",
            "Streams need at least 5 members in the roster between them, and a whole week of data.",
        )
    latest = weeks["week_start"].sort()[-1]
    week = no_later(week, latest)
    here = weeks.filter(week_start=week)
    whole = next(here.filter(group_id="all groups", visible=True).iter_rows(named=True), None)
    groups = here.filter(pl.col("group_id") != "all groups")
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
        figures=() if whole is None else _figures(whole),
        shares=() if whole is None else serial_bar(whole),
        trends=(),
        footing=(
            Section(
                "Left out",
                (Line(_LEFT_OUT), Line("Figures steer experiments; they do not compare people.")),
            ),
        ),
    )


def _group(row: Mapping[str, Any]) -> Line:
    if not row["visible"]:
        return Line("Fewer than 4 people were active: not shown.", name=row["group_name"])
    serial = f"serial share {formats.share(row['serial_share'])}"
    return Line(
        f"{_failed(row)}; {serial} of {formats.plural(round(row['busy_hours']), 'busy hour')}; "
        f"{formats.count(row['gpu_hours'])} GPU-hours.",
        name=row["group_name"],
        strong=f"{formats.plural(row['experiments_concluded'], 'concluded experiment')}.",
    )


def _figures(whole: Mapping[str, Any]) -> tuple[Figure, ...]:
    concluded = formats.count(whole["experiments_concluded"])
    return (
        Figure("Concluded experiments a week", concluded, (_failed(whole),)),
        serial_figure(whole),
        Figure("GPU-hours", formats.count(whole["gpu_hours"]), ("allocation, not use",)),
    )


def _failed(row: Mapping[str, Any]) -> str:
    if not row["runs_ended"]:
        return "no run ended"
    runs = formats.plural(row["runs_ended"], "run")
    return f"{formats.share(row['failure_share'])} of {runs} failed"
