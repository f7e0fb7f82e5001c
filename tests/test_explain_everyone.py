"""Whatever is explained of whomever in the demo ends in the value that the metric's query gives."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest

from tests.comparison import agree
from tests.read_schemas import READ_SCHEMAS
from velocity.demo.stories import BIRDS, OPEN_TOO_LONG
from velocity.errors import VelocityError
from velocity.explain import WAYS, exact
from velocity.explain.catalogue import NOT_OF_A_SCHOLAR
from velocity.explain.rows import Rows
from velocity.queries import list_queries
from velocity.reading import reads
from velocity.reading.access import EVERYTHING
from velocity.store import latest_snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from velocity.explain import Result
    from velocity.explain.explanation import Value
    from velocity.store import Snapshot

#: Whatever is defined of a scholar, and what stands beside it in `reads.metrics`.
METRICS = sorted(
    {metric.id for query in list_queries("metrics") for metric in query.metrics}.union(
        READ_SCHEMAS["metrics"]
    ).difference(NOT_OF_A_SCHOLAR, {"scholar", "period_start"})
)
#: Scholar, Monday of the week or None for all the data, and line, experiment or measure.
Key = tuple[str, date | None, str]


@pytest.fixture(scope="module")
def demo(demo_data) -> Snapshot:
    """The latest snapshot of the demo."""
    return latest_snapshot(demo_data)


@pytest.fixture(scope="module")
def asked(demo) -> list[tuple[str, date | None]]:
    """Every scholar over a week, every fourth and whose work is too old over all the data too.

    The weeks go round, so that all have their turn: the first, in which few had begun, and the
    running one too.
    """
    weeks = sorted(reads.metrics(demo, by="programme", period="week")["period_start"])
    scholars = reads.scholars(demo)["scholar"]
    assert len(scholars) > len(weeks) > 8
    return [
        (scholar, week)
        for number, scholar in enumerate(scholars)
        for week in (
            weeks[number % len(weeks)],
            *([] if number % 4 and scholar != BIRDS[OPEN_TOO_LONG.seat] else [None]),
        )
    ]


@pytest.fixture(scope="module")
def told(demo, asked) -> dict[str, dict[Key, Result]]:
    """Metric -> what its explanation comes to."""
    found: dict[str, dict[Key, Result]] = {metric: {} for metric in WAYS}
    for scholar, week in asked:
        rows = Rows(demo, scholar, week, week and week + timedelta(weeks=1), EVERYTHING)
        for metric, way in WAYS.items():
            if way.windows in {"any", "end" if week is None else "week"}:
                # Who has no data has no row in the query either.
                with suppress(VelocityError):
                    results = way.results(rows, metric)
                    found[metric] |= {(scholar, week, it.of): it for it in results}
    return found


@pytest.fixture(scope="module")
def headlines(demo, asked) -> dict[str, dict[Key, Value]]:
    """Metric -> what its query gives for everybody at once."""
    found: dict[str, dict[Key, Value]] = defaultdict(dict)
    for week in {week for _, week in asked}:
        for metric, scholar, of, value in _read(demo, week):
            if (scholar, week) in asked:
                found[metric][scholar, week, of] = value
    return found


def _read(demo: Snapshot, week: date | None) -> Iterator[tuple[str, str, str, Value]]:
    end = week and week + timedelta(weeks=1)
    period = "all" if week is None else "week"
    figures = reads.metrics(demo, by="scholar", period=period, from_day=week, to_day=end)
    for row in figures.iter_rows(named=True):
        for metric in row.keys() - {"scholar", "period_start"}:
            yield metric, row["scholar"], "", row[metric]
    for row in reads.lines(demo, from_day=week, to_day=end).iter_rows(named=True):
        line = f"{row['entity']}/{row['project']}"
        yield "blind_ratio", row["scholar"], line, row["blind_ratio"]
    days = reads.balance(demo, by="scholar").filter(pl.col("day") < (end or date.max))
    for row in days.group_by("group_id").agg(pl.col("balance").sort_by("day").last()).rows():
        yield "balance", row[0], "", row[1]
    if week is not None:
        for row in reads.weekly(demo, by="scholar").filter(week_start=week).iter_rows(named=True):
            yield "signal", row["group_id"], row["measure"], row["signal"]
    else:
        yield from _read_at_end(demo)


def _read_at_end(demo: Snapshot) -> Iterator[tuple[str, str, str, Value]]:
    for row in reads.open_work(demo).iter_rows(named=True):
        yield "wip_age_hours", row["scholar"], row["experiment_id"], row["wip_age_hours"]
    for row in reads.waiting_results(demo).iter_rows(named=True):
        yield "waiting_hours", row["scholar"], row["experiment_id"], row["waiting_hours"]
    for row in reads.ledger(demo, by="scholar").iter_rows(named=True):
        for metric in row.keys() - {"group_id"}:
            yield metric, row["group_id"], "", row[metric]


@pytest.mark.parametrize("metric", METRICS)
def test_what_is_explained_is_what_the_query_gives(metric: str, told, headlines):
    expected = {key: {"value": value} for key, value in headlines[metric].items()}
    assert expected
    agree(expected, {key: {"value": it.value} for key, it in told[metric].items()})
    agree(expected, {key: {"value": it.headline} for key, it in told[metric].items()})


@pytest.mark.parametrize("metric", METRICS)
def test_the_arithmetic_ends_in_the_headline(metric: str, told):
    for result in told[metric].values():
        value = exact(result.headline)
        assert result.steps[-1].startswith((f"{value} ", f"{value}:")), result


def test_open_work_is_older_than_usual_where_its_query_says_so(demo, told):
    ages = {of: it.steps for (_, _, of), it in told["wip_age_hours"].items()}
    work = reads.open_work(demo).filter(pl.col("experiment_id").is_in(list(ages)))
    old = set(work.filter("older_than_usual")["experiment_id"])
    assert {of for of, steps in ages.items() if steps[1].startswith("older than usual")} == old
    assert 0 < len(old) < len(ages)
