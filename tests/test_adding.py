"""A new metric is one file of queries/metrics/; pages, commands and docs find it there."""

import json
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.builders import run
from tests.commands import ran
from tests.conftest import ROOT
from tests.forked import Commands
from velocity.records import run_frame

pytestmark = pytest.mark.thorough

#: Two sums and their ratio, in a file that nothing else mentions.
LONG_RUNS = """\
-- title: Long runs
-- One row per kind of group, group and period: runs of an hour or more, by the day they started.
-- params: metrics/volume
-- key: kind, group_id, period_start
-- metric: long_runs | runs | Long runs | Runs of an hour or more, by the day they started.
--   adds: 1 from runs where starts_inside and active_hours >= 1
-- metric: long_share | share | Share of long runs | How many of the runs started last an hour.
--   formula: long_runs / runs_of_all
--   weekly: 9 | ran longer runs than usual | ran shorter runs than usual
-- sum: runs_of_all | runs | Runs of any length | Runs by the day they started.
--   adds: 1 from runs where starts_inside
SELECT
  kind, group_of(kind, scholar.scholar, stream.stream) AS group_id,
  period_of($period, start_day) AS period_start,
  count(*) FILTER (active_us >= 3600000000) AS long_runs, count(*) AS runs_of_all
FROM run
JOIN scholar USING (scholar_key)
LEFT JOIN stream USING (stream_key),
(SELECT unnest($kinds::VARCHAR[]) AS kind)
WHERE excluded IS NULL AND row_counts(
  $scope, kind, scholar.scholar, scholar.attributed, stream.stream, $within, start_day,
  $period, $periods, $from_day, $to_day, $groups, $groups_until)
GROUP BY ALL
"""

_DEFINITIONS = """
from streamlit.testing.v1 import AppTest
script = "from velocity.pages.definitions import PAGE; PAGE.draw()"
page = AppTest.from_string(script).run(timeout=60)
print(*(it.value for it in page.markdown), sep="\\n")
"""
_SERIES = """
from pathlib import Path
from velocity.reading import reads
from velocity.store import latest_snapshot
weekly = reads.weekly(latest_snapshot(Path("data")), by="scholar")
print(*weekly.filter(measure="long_share")["value"])
"""


@dataclass(frozen=True)
class Tree:
    """A copy of the tree that has the new file, with a store."""

    folder: Path
    env: dict[str, str]
    commands: Commands

    def velocity(self, *arguments: str) -> str:
        """Run a command; return what it prints."""
        done = self.commands.run(*arguments, cwd=self.folder, env=self.env)
        assert done.returncode == 0, done.stderr
        return done.stdout.decode()

    def python(self, *arguments: str) -> str:
        """Run Python; return what it prints."""
        done = ran(sys.executable, *arguments, cwd=self.folder, env=self.env)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    copy = tmp_path_factory.mktemp("tree")
    for name in ("velocity", "queries", "scripts", "docs"):
        shutil.copytree(ROOT / name, copy / name)
    shutil.copy(ROOT / "pyproject.toml", copy)
    (copy / "queries" / "metrics" / "long_runs.sql").write_text(LONG_RUNS, encoding="utf-8")
    rows = [
        run("r1", "09:00", "10:00"),
        run("r2", "12:00", "12:30"),
        run("r3", "14:00", "16:00"),
        run("r4", "17:00", "17:01", project="q"),
    ]
    run_frame(rows).write_parquet(copy / "runs.parquet")
    env = os.environ | {"PYTHONPATH": f"{copy}{os.pathsep}{ROOT}"}
    with Commands(copy, env) as commands:
        tree = Tree(copy, env, commands)
        tree.velocity("import", "runs.parquet", "--as-of", "2026-01-05T20:00:00Z")
        yield tree


def test_the_command_line_shows_a_new_metric(tree):
    (row,) = json.loads(tree.velocity("metrics", "--format", "json"))
    assert (row["long_runs"], row["long_share"]) == (2, 0.5)


def test_a_new_metric_is_explained(tree):
    for metric, value in (("long_runs", 2), ("long_share", 0.5)):
        for whose in (["--scholar", "ada"], []):
            words = ["explain", "--metric", metric, *whose, "--format", "json"]
            (result,) = json.loads(tree.velocity(*words))["results"]
            assert result["value"] == result["headline"] == value
    assert [it["what"] for it in result["totals"][0]["addends"]] == ["r1", "r3"]


def test_a_new_metric_has_a_weekly_series(tree):
    assert tree.python("-c", _SERIES).split() == ["0.5"]


def test_the_definitions_page_has_a_new_metric(tree):
    told = tree.python("-c", _DEFINITIONS)
    assert "`long_share`, share" in told
    assert "`long_runs / runs_of_all`" in told


def test_the_documentation_has_a_new_metric(tree):
    assert "docs/metrics.md written" in tree.python("-m", "scripts.metrics_doc")
    document = (tree.folder / "docs" / "metrics.md").read_text(encoding="utf-8")
    assert "| `long_share` | Share of long runs | share |" in document
    assert "`runs_of_all` (runs): Runs by the day they started." in document
