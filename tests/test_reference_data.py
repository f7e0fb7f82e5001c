"""Real run tables, imported with the command, have all their expected figures."""

import pytest

from scripts.eta_coverage import coverage
from tests.comparison import differences, expected_figures, rows_by
from velocity.reading import reads
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
def test_every_cell_has_the_expected_value(table, period, imported, shared_data, tell):
    key = ("scholar",) if period == "all" else ("scholar", "period_start")
    found = rows_by(reads.metrics(imported[table], by="scholar", period=period), *key)
    expected = expected_figures(shared_data / f"{table}.{period}.expected.csv")
    ours = {key: found[key] for key in expected}
    wrong = [*differences(expected, ours, rel_tol=0, abs_tol=TOLERANCE)]
    compared = sum(map(len, expected.values()))
    tell(f"{table}, {period}: import, {compared:,} cells compared, {len(wrong)} wrong")
    assert not wrong, wrong[:10]
    assert compared > 600
    # Rows beyond the expected ones are only weeks of zeros.
    beyond = [found[it] for it in found.keys() - expected.keys()]
    assert all(it["runs_started"] == it["busy_hours"] == 0 for it in beyond)


@pytest.mark.parametrize("table", ["pozidriv", "nasa"])
def test_ready_launches_have_the_expected_values(table, imported, shared_data):
    found = rows_by(reads.metrics(imported[table], by="scholar"), "scholar")
    expected = expected_figures(shared_data / f"{table}.side_by_side.csv")
    assert expected.keys() == found.keys()
    for key, row in expected.items():
        ours = {name: found[key][name] for name in row}
        assert ours == pytest.approx(row, abs=TOLERANCE)


@pytest.mark.parametrize(
    ("table", "at_launch", "hourly"), [("nasa", 0.787, 0.676), ("pozidriv", 0.822, 0.638)]
)
def test_likely_results_come_as_often_as_the_documents_say(table, at_launch, hourly, imported):
    (_, first), (_, later) = coverage(imported[table])
    assert (first, later) == pytest.approx((at_launch, hourly), abs=5e-4)


def test_run_hours_of_real_tables_are_the_sum_of_the_runs(imported):
    for snapshot in imported.values():
        assert reads.littles_law_residual(snapshot)["littles_law_residual_hours"].to_list() == [0]
