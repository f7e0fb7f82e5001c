"""Every command reads and writes as documented, with messages on standard error only."""

import io
import json
import os
import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from tests import commands
from tests.builders import run, store_of
from tests.roster_texts import ADA, parsed, stream
from velocity import __version__
from velocity.cli.output import draw_table
from velocity.reading import reads
from velocity.store import latest_snapshot

pytestmark = pytest.mark.sampled(6)

COUNTS = ("loops_closed", "loops_abandoned", "loops_awaiting", "loops_open")
MEDIANS = ("machine_hours", "reaction_hours", "reaction_awake_hours", "loop_hours")


@pytest.fixture
def velocity(capfdbinary, monkeypatch, tmp_path):
    """A command in this process, in an empty folder: code, output, errors = velocity("runs")."""
    monkeypatch.chdir(tmp_path)
    return commands.in_this_process(monkeypatch, capfdbinary)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A store of two scholars on two days."""
    folder = tmp_path_factory.mktemp("cli") / "data"
    rows = [
        run("r1", "09:00", "10:00"),
        run("r2", "09:01", "10:30", display_name="with, comma \x1b[31m and \x07 bell"),
        run("r3", "11:00", "12:00"),
        run("r4", "11:30", "11:35", state="failed"),
        run("g1", "2026-01-06 09:00", "2026-01-06 11:00", username="grace"),
    ]
    store_of(rows, "2026-01-06 20:00", data=folder)
    return folder


@pytest.fixture
def shown(velocity, data):
    """What a command prints about the store: as bytes, or as a frame of its CSV."""

    def command(*asked, form="csv"):
        code, out, err = velocity(*asked, "--data", data, "--format", form)
        assert (code, err) == (0, "")
        return _csv(out) if form == "csv" else out

    return command


def _csv(out):
    return pl.read_csv(io.BytesIO(out))


def test_metrics_has_one_row_per_scholar_and_every_documented_column(shown):
    frame = shown("metrics")
    assert frame["scholar"].to_list() == ["ada", "grace"]
    assert frame.columns[0] == "scholar"
    assert "period_start" not in frame.columns
    assert {*COUNTS, "busy_hours", "failure_share"} <= set(frame.columns)
    for median in MEDIANS:
        assert {f"{median}_median", f"{median}_n", f"{median}_events"} <= set(frame.columns)


@pytest.mark.parametrize("by", ["scholar", "stream", "programme"])
@pytest.mark.parametrize("period", ["month", "week", "day"])
def test_by_and_period_are_the_first_two_columns(shown, by, period):
    assert shown("metrics", "--by", by, "--period", period).columns[:2] == [by, "period_start"]


def test_every_format_holds_the_same_figures(velocity, shown, data, tmp_path):
    expected = reads.metrics(latest_snapshot(data), by="scholar", period="day")
    asked = ("metrics", "--period", "day")
    parquet = pl.read_parquet(io.BytesIO(shown(*asked, form="parquet")))
    assert parquet.select(expected.columns).equals(expected)
    rows, csv = json.loads(shown(*asked, form="json")), shown(*asked)
    days = [day.isoformat() for day in expected["period_start"]]
    for found in (pl.DataFrame(rows), csv):
        assert found["busy_hours"].to_list() == expected["busy_hours"].to_list()
        assert found["period_start"].to_list() == days
    out = tmp_path / "figures.csv"
    assert velocity(*asked, "--data", data, "--format", "csv", "--out", out)[1] == b""
    assert _csv(out.read_bytes()).equals(csv)


def test_the_extension_of_the_file_decides_the_format(velocity, data, tmp_path):
    for form, read in (
        ("parquet", pl.read_parquet),
        ("csv", pl.read_csv),
        ("json", lambda path: json.loads(path.read_bytes())),
    ):
        velocity("runs", "--data", data, "--out", tmp_path / f"a.{form}")
        assert len(read(tmp_path / f"a.{form}")) == 5


@pytest.mark.parametrize("command", ["runs", "experiments", "loops"])
def test_lists_have_the_same_rows_as_the_reads(shown, data, command):
    found = pl.read_parquet(io.BytesIO(shown(command, form="parquet")))
    assert found.equals(getattr(reads, command)(latest_snapshot(data)))


def test_lists_are_of_people_of_automation_or_of_both(velocity, tmp_path):
    rule = '[[automation]]\nscholar = "ada"\ntag = "agent"\n'
    rows = [run("own", "09:00", "10:00"), run("agent", "12:00", "13:00", tags=["agent"])]
    store_of(rows, "20:00", roster=parsed(ADA + rule), data=tmp_path / "data")

    def listed(command, *asked):
        out = _csv(velocity(command, "--format", "csv", *asked)[1])
        ids = out["run_id" if command == "runs" else "experiment_id"]
        return {it.rpartition("/")[2] for it in ids}

    for command in ("runs", "experiments", "loops"):
        assert listed(command, "--actor", "person") == {"own"}
        assert listed(command, "--actor", "automation") == {"agent"}
        assert listed(command, "--actor", "all") == {"own", "agent"}
    # Runs are evidence: without a choice, those of automation stand among them, with their flag.
    assert listed("runs") == {"own", "agent"}
    assert listed("experiments") == listed("loops") == {"own"}


def test_times_are_iso_in_utc_in_csv_and_json(shown):
    asked = ("runs", "--scholar", "grace")
    assert shown(*asked)["started_at"].to_list() == ["2026-01-06T09:00:00Z"]
    (row,) = json.loads(shown(*asked, form="json"))
    assert row["ended_at"] == "2026-01-06T11:00:00Z"


@pytest.mark.parametrize(
    ("window", "ids"),
    [
        ("--from 2026-01-06", {"g1"}),
        ("--to 2026-01-06", {"r1", "r2", "r3", "r4"}),
        ("--from 2026-01-05 --to 2026-01-07", {"r1", "r2", "r3", "r4", "g1"}),
    ],
)
def test_from_is_included_and_to_is_not(shown, window, ids):
    assert set(shown("runs", *window.split())["run_id"]) == ids


@pytest.mark.parametrize("command", ["metrics", "loops"])
def test_scholar_selects_one(shown, command):
    found = shown(command, "--scholar", "grace")["scholar"].to_list()
    assert set(found) == {"grace"}
    assert command != "metrics" or len(found) == 1


@pytest.mark.parametrize("asked", [("metrics",), ("explain", "--metric", "busy_hours")])
def test_an_unknown_scholar_who_is_a_wandb_user_gets_a_hint(velocity, tmp_path, asked):
    rows = [run("r1", "09:00", "10:00"), run("r2", "11:00", "12:00", username="grace")]
    store_of(rows, "20:00", roster=parsed(ADA), data=tmp_path / "data")
    code, _, err = velocity(*asked, "--scholar", "grace")
    assert code == 1
    assert "'grace' is a W&B user who is not in the roster" in " ".join(err.split())


def test_all_shows_every_metric_in_100_columns(velocity, data):
    text = velocity("metrics", "--data", data, "--all")[1].decode()
    assert max(map(len, text.splitlines())) <= 100
    assert text.count("ada") == text.count("grace") > 1
    _, one, err = velocity("metrics", "--data", data, "--scholar", "ada", "--all")
    assert err == ""
    names = [line.split()[0] for line in one.decode().splitlines()]
    snapshot = latest_snapshot(data)
    figures, ledger = reads.metrics(snapshot, by="scholar"), reads.ledger(snapshot, by="scholar")
    assert names == [*figures.columns, "littles_law_residual_hours", *ledger.columns[1:]]


def test_tables_escape_control_characters(velocity, data):
    _, out, err = velocity("experiments", "--data", data)
    assert not set(out) & (set(range(32)) - {ord("\n")})
    assert "--format csv" in err


def test_an_empty_window_has_a_message_and_no_rows(velocity, shown, data):
    asked = ("runs", "--from", "2030-01-01", "--to", "2030-01-08")
    code, out, err = velocity(*asked, "--data", data)
    assert (code, out) == (0, b"")
    assert "Nothing" in err
    assert shown(*asked).is_empty()
    assert json.loads(shown(*asked, form="json")) == []


def test_options_after_the_command_precede_those_before_it_and_the_environment(
    velocity, data, tmp_path, monkeypatch
):
    nowhere = tmp_path / "nowhere"
    assert velocity("--data", data, "runs")[0] == 0
    assert velocity("--data", nowhere, "runs", "--data", data)[0] == 0
    monkeypatch.setenv("VELOCITY_DATA", str(data))
    assert velocity("runs")[0] == 0
    assert velocity("--data", nowhere, "runs")[0] == 1
    monkeypatch.setenv("VELOCITY_CONFIG", str(tmp_path / "broken.toml"))
    (tmp_path / "broken.toml").write_text("nonsense", encoding="utf-8")
    assert velocity("roster", "check")[0] == 1
    assert velocity("roster", "check", "--config", tmp_path / "none.toml")[2].count("roster.toml")


def test_an_import_reports_plain_lines_and_metrics_shows_its_runs(velocity, tmp_path):
    table = tmp_path / "runs.csv"
    table.write_text(
        "entity,project,run_id,username,state,created_at,runtime_s,colour\n"
        "e,p,r1,ada,finished,2026-01-05T09:00:00Z,3600,red\n"
        "e,p,r2,ada,finished,not a time,3600,red\n",
        encoding="utf-8",
    )
    code, out, err = velocity("import", table, "--as-of", "2026-01-05T20:00+02:00")
    assert (code, out) == (0, b"")
    assert "e/p: 1 new, 1 skipped (unreadable)." in err
    assert "colour" in err
    assert "\x1b" not in err
    begun = [line.split()[0] for line in err.splitlines()]
    stages = ["read", "derive", "publish"]
    assert [stage for stage in stages if stage in begun] == stages
    frame = _csv(velocity("metrics", "--format", "csv")[1])
    assert frame.select("scholar", "busy_hours").rows() == [("ada", 1.0)]
    as_of = reads.trust(latest_snapshot(tmp_path / "data"))["as_of"][0]
    assert as_of == datetime(2026, 1, 5, 18, tzinfo=UTC)
    assert "1 unchanged" in velocity("import", table)[2]


def test_an_older_table_of_several_changes_nothing_in_any_order(velocity, tmp_path):
    heading = "entity,project,run_id,username,state,created_at,heartbeat_at\n"
    rows = {
        "older": "e,p,r1,ada,running,2026-01-05T09:00Z,2026-01-05T10:00Z\n",
        "newer": "e,p,r1,ada,finished,2026-01-05T09:00Z,2026-01-05T11:00Z\n",
        "other": "e,q,r2,ada,finished,2026-01-05T09:00Z,2026-01-05T15:00Z\n",
    }
    for name, row in rows.items():
        (tmp_path / name).write_text(heading + row, encoding="utf-8")
    assert velocity("import", tmp_path / "newer", tmp_path / "other")[0] == 0
    told = velocity("import", "--quiet", tmp_path / "older")[2]
    assert "1 run skipped, because what is stored about it is newer" in told
    snapshot = latest_snapshot(tmp_path / "data")
    assert set(reads.runs(snapshot).select("run_id", "state").iter_rows()) == {
        ("r1", "finished"),
        ("r2", "finished"),
    }
    # Each project is complete to the end of its own table.
    assert [it.hour for it in reads.projects(snapshot)["as_of"]] == [11, 15]


@pytest.mark.thorough
def test_a_time_in_the_future_in_one_table_does_not_make_later_ones_older(velocity, tmp_path):
    table = tmp_path / "runs.csv"
    heading = "entity,project,run_id,username,state,created_at,heartbeat_at\n"
    for state, year in (("finished", 2199), ("crashed", 2026)):
        row = f"e,p,r1,ada,{state},2026-01-05T09:00Z,{year}-01-05T10:00Z\n"
        table.write_text(heading + row, encoding="utf-8")
        code, _, told = velocity("import", "--quiet", table)
        assert code == 0
        assert ("is in the future" in told) == (year == 2199)
        snapshot = latest_snapshot(tmp_path / "data")
        assert reads.runs(snapshot)["state"].to_list() == [state]


@pytest.mark.parametrize(
    ("text", "code", "finding"),
    [
        (ADA + 'timezone = "Mars"\n', 1, "scholar ada: timezone: got"),
        (stream("s", projects='["nobody/*"]'), 0, 'stream s: projects: "nobody/*" matches none'),
    ],
)
def test_roster_check_lists_findings_and_fails_on_errors(velocity, data, text, code, finding):
    Path("roster.toml").write_text(text, "utf-8")
    done, out, _ = velocity("roster", "check", "--data", data)
    assert (done, out.decode().partition(": ")[0]) == (code, "error" if code else "warning")
    assert finding in out.decode()


def test_roster_suggest_writes_missing_entries(velocity, data, tmp_path):
    roster = tmp_path / "roster.toml"
    roster.write_text(ADA, "utf-8")
    assert velocity("roster", "check")[:2] == (0, b"")
    _, out, _ = velocity("roster", "suggest", "--data", data)
    assert b'usernames = ["grace"]' in out
    assert b"ada" not in out
    roster.write_bytes(roster.read_bytes() + out)
    code, out, err = velocity("roster", "suggest", "--data", data)
    assert (code, out) == (0, b"")
    assert "Every username" in err
    assert velocity("roster", "check")[0] == 0


@pytest.mark.thorough
def test_doctor_writes_its_findings_in_the_documented_form(tmp_path):
    def doctor():
        """In a process of its own: the client keeps the key and server of earlier tests."""
        done = commands.velocity("doctor", "--json", cwd=tmp_path)
        assert done.stderr == b""
        return done.returncode, json.loads(done.stdout)

    code, told = doctor()
    assert list(told) == ["format", "version", "broken", "findings"]
    assert (told["format"], told["version"]) == (1, __version__)
    assert (code, told["broken"]) == (0, False), told["findings"]
    for finding in told["findings"]:
        assert list(finding) == ["state", "subject", "message", "fix", "details"]
        assert (finding["fix"] is None) == (finding["state"] == "ok")
    (tmp_path / "roster.toml").write_text("leads = 3\n", encoding="utf-8")
    code, told = doctor()
    assert (code, told["broken"]) == (1, True)
    (roster,) = (it for it in told["findings"] if it["subject"] == "roster")
    assert (roster["state"], roster["details"]) == ("broken", [])
    assert "leads" in roster["message"]


def test_version_shows_the_package_version(velocity):
    assert velocity("--version") == (0, f"{__version__}\n".encode(), "")


@pytest.mark.thorough
@pytest.mark.parametrize("shell", [[], ["sh", "-c", 'exec "$@" >&-', "sh"]])
def test_a_closed_pipe_is_not_an_error(data, tmp_path, shell):
    """Like `velocity runs | head`, with a reader that stops before the first byte, or `>&-`."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*shell, *commands.VELOCITY, "runs", "--format", "csv"],
        env=commands.environment(tmp_path, VELOCITY_DATA=str(data)),
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


def test_wide_tables_with_long_names_fit_the_width():
    frame = pl.DataFrame(
        {"scholar": ["x" * 90, "y"], **{f"figure_{n}_hours": [1e9 / 3, None] for n in range(20)}}
    )
    text = draw_table(frame, ["scholar"], width=100)
    assert max(map(len, text.splitlines())) <= 100
    assert text.count("333,333,333.33") == 20


@pytest.mark.parametrize(
    "asked",
    [
        "nonsense",
        "metrics --by country",
        "metrics --from yesterday",
        "metrics --from 2026-01-06 --to 2026-01-06",
        "metrics --by stream --scholar ada",
        "metrics --by line --period week",
        "metrics --by experiment --from 2026-01-05",
        "import",
        "import runs.csv --as-of noon",
        "ingest",
        "sync --project vision",
        "app --port 0",
    ],
)
def test_usage_errors_exit_with_2(velocity, asked):
    code, out, err = velocity(*asked.split())
    assert (code, out) == (2, b"")
    assert "Usage: velocity" in err


def test_an_unexpected_error_leaves_a_file_that_names_nobody(velocity, data, tmp_path, monkeypatch):
    def runs(*_, **__):
        try:
            {}["of ada"]
        except KeyError as error:
            raise RuntimeError("a run of zebrafinch") from error

    monkeypatch.setattr(reads, "runs", runs)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    code, out, err = velocity("runs", "--data", data)
    assert (code, out) == (1, b"")
    (details,) = tmp_path.glob("velocity-*.log")
    assert "RuntimeError in runs (test_cli.py:" in err
    assert str(details) in err
    assert details.stat().st_mode & 0o077 == 0
    told = details.read_text(encoding="utf-8")
    assert told.index("KeyError") < told.rindex("tests.test_cli:") < told.index("RuntimeError")
    assert "velocity.cli.output:" in told
    # Paths name people too: a home folder is named after its owner.
    for name in ("zebrafinch", "of ada", str(tmp_path), "/"):
        assert name not in told + err.replace(str(details), "")
