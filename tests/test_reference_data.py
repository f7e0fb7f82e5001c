"""Real run tables, imported with the command, have all their expected figures."""

import csv
from datetime import date
from pathlib import Path

import pytest

from scripts.eta_coverage import coverage
from tests.comparison import rows_by
from velocity.reading import reads
from velocity.reading.reads import Period
from velocity.settings import Settings
from velocity.sources.base import Asked
from velocity.store import latest_snapshot
from velocity.sync.commands import import_runs

pytestmark = pytest.mark.thorough

TOLERANCE = 1e-6


@pytest.fixture(scope="module")
def imported(shared_data, tmp_path_factory):
    """Table -> the snapshot of its import."""
    snapshots = {}
    for table in ("pozidriv", "nasa"):
        data = tmp_path_factory.mktemp(table)
        file = shared_data / f"{table}.runs.parquet"
        asked = Asked([str(file)])
        import_runs(data, Settings(roster=data / "none.toml"), "table", asked)
        snapshots[table] = latest_snapshot(data)
    return snapshots


@pytest.mark.parametrize("table", ["pozidriv", "nasa"])
@pytest.mark.parametrize("period", ["all", "week"])
def test_every_cell_has_the_expected_value(
    table: str, period: Period, imported, shared_data: Path, tell
):
    key = ("scholar",) if period == "all" else ("scholar", "period_start")
    found = rows_by(reads.metrics(imported[table], by="scholar", period=period), *key)
    with (shared_data / f"{table}.{period}.expected.csv").open(newline="") as lines:
        expected = list(csv.DictReader(lines))
    compared, wrong = 0, []
    for row in expected:
        named = tuple(
            date.fromisoformat(row[name]) if name == "period_start" else row[name] for name in key
        )
        for column in row.keys() - set(key):
            compared += 1
            value = float(row[column]) if row[column] else None
            ours = found[named][column]
            if (value is None) is not (ours is None) or (
                value is not None and abs(ours - value) > TOLERANCE
            ):
                wrong.append((named, column, value, ours))
    tell(f"{table}, {period}: import, {compared:,} cells compared, {len(wrong)} wrong")
    assert not wrong, wrong[:10]
    assert compared == len(expected) * (len(expected[0]) - len(key))
    # Rows beyond the expected ones are only weeks of zeros.
    beyond = found.keys() - {
        tuple(date.fromisoformat(row[n]) if n == "period_start" else row[n] for n in key)
        for row in expected
    }
    assert all(found[it]["runs_started"] == found[it]["busy_hours"] == 0 for it in beyond)


@pytest.mark.parametrize("table", ["pozidriv", "nasa"])
def test_ready_launches_have_the_expected_values(table: str, imported, shared_data: Path):
    found = rows_by(reads.metrics(imported[table], by="scholar"), "scholar")
    with (shared_data / f"{table}.side_by_side.csv").open(newline="") as lines:
        expected = list(csv.DictReader(lines))
    assert len(expected) == len(found)
    for row in expected:
        ours = found[(row.pop("scholar"),)]
        values = {name: float(text) if text else None for name, text in row.items()}
        assert {name: ours[name] for name in values} == pytest.approx(values, abs=TOLERANCE)


@pytest.mark.parametrize(
    ("table", "at_launch", "hourly"), [("nasa", 0.787, 0.676), ("pozidriv", 0.822, 0.638)]
)
def test_likely_results_come_as_often_as_the_documents_say(table, at_launch, hourly, imported):
    (_, first), (_, later) = coverage(imported[table])
    assert (first, later) == pytest.approx((at_launch, hourly), abs=5e-4)


def test_run_hours_of_real_tables_are_the_sum_of_the_runs(imported):
    for snapshot in imported.values():
        assert reads.littles_law_residual(snapshot)["littles_law_residual_hours"].to_list() == [0]
