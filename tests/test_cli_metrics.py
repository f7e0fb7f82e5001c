"""velocity metrics: ledger, lines, experiments, results and the table for people."""

import io
import json
import os
from datetime import date
from functools import partial

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.builders import run, store_of
from tests.commands import in_this_process
from tests.roster_texts import FULL, parsed
from tests.sampling import one_in
from velocity.cli.output import write_bytes
from velocity.reading import reads
from velocity.store import latest_snapshot

pytestmark = pytest.mark.sampled(6)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Ada in two lines, one with an experiment in flight; Ben has launched nothing."""
    folder = tmp_path_factory.mktemp("metrics") / "data"
    rows = [
        run(f"{line}{day}", f"2026-02-{day:02} 09:00", f"2026-02-{day:02} 10:00", project=line)
        for line in ("p", "q")
        for day in range(2, 12)
    ]
    rows.append(run("open", "2026-02-12 08:00", "2026-02-12 09:00", state="running", project="q"))
    store_of(rows, "2026-02-12 09:00", data=folder, roster=parsed(FULL))
    return folder


@pytest.fixture
def metrics(capfdbinary, monkeypatch):
    """`velocity metrics` in this process: its output as text, or what its JSON or CSV says."""
    velocity = in_this_process(monkeypatch, capfdbinary)

    def command(folder, *arguments, form="table"):
        asked = ("metrics", "--data", folder, "--format", form, *arguments)
        code, out, err = velocity(*asked)
        assert (code, "" if form == "table" else err) == (0, "")
        if form == "csv":
            return pl.read_csv(io.BytesIO(out))
        return json.loads(out) if form == "json" else (out.decode(), err)

    return command


@pytest.fixture
def asked(metrics, data):
    """`velocity metrics` of the scholars' store as CSV."""
    return partial(metrics, data, form="csv")


@pytest.fixture(scope="module")
def long_names(tmp_path_factory):
    """Two scholars whose names differ only at the end, and whose figures are large."""
    folder = tmp_path_factory.mktemp("long-names") / "data"
    rows = [
        run(
            f"{end}{number}",
            f"2026-02-0{2 + number % 5} 09:00",
            f"2026-02-0{3 + number % 5} 08:00",
            username=f"{'a-very-long-name-' * 3}{end}",
            gpu_type="H100",
            gpu_count=4096,
            state="failed" if number % 3 else "finished",
        )
        for end in "xy"
        for number in range(90)
    ]
    store_of(rows, "2026-02-12 09:00", data=folder)
    return folder


@pytest.mark.thorough
@pytest.mark.parametrize("by", one_in(3, ["scholar", "stream", "programme"]))
def test_the_ledger_follows_the_columns_of_all_the_data(asked, data, by):
    ledger = reads.ledger(latest_snapshot(data), by=by).rename({"group_id": by})
    assert ledger["credits_granted"].sum() > 0
    found = asked("--by", by).filter(pl.col("credits_left").is_not_null())
    found = found.select(ledger.columns).cast(ledger.schema)
    assert_frame_equal(found, ledger)
    for window in (("--from", "2026-02-02"), ("--to", "2026-02-10"), ("--period", "week")):
        assert "credits_left" not in asked("--by", by, *window).columns


@pytest.mark.parametrize("period", one_in(2, ["all", "month", "week", "day"]))
def test_every_row_with_runs_has_a_zero_residual(asked, period):
    found = asked("--period", period)
    ran = found.filter(pl.col("run_hours") > 0)["littles_law_residual_hours"]
    assert set(ran) == {0}


def test_lines_have_a_blind_ratio(asked, metrics, data):
    every = reads.lines(latest_snapshot(data))
    assert every["blind_ratio"].null_count() == 0
    assert_frame_equal(asked("--by", "line").cast(every.schema), every)
    as_json = metrics(data, "--by", "line", form="json")
    assert [it["blind_ratio"] for it in as_json] == every["blind_ratio"].to_list()
    window = ("--from", "2026-02-05", "--to", "2026-02-09", "--scholar", "ada")
    some = reads.lines(latest_snapshot(data), from_day=date(2026, 2, 5), to_day=date(2026, 2, 9))
    assert_frame_equal(asked("--by", "line", *window).cast(some.schema), some)


@pytest.mark.parametrize(
    ("by", "age", "row"),
    [
        ("experiment", "wip_age_hours", ("ada", "e/q/open", 1.0)),
        ("result", "waiting_hours", ("ada", "e/p/p11", 23.0)),
    ],
)
def test_experiments_in_flight_and_waiting_results_have_an_age(asked, by, age, row):
    assert asked("--by", by).select("scholar", "experiment_id", age).rows() == [row]
    assert asked("--by", by, "--scholar", "ben").is_empty()


def test_sequences_have_their_key_and_rented_hosts_their_idle_hours(metrics, tmp_path):
    rows = [
        run(f"r{n}", start, f"{10 + n}:00", config=f'{{"lr": {n}}}', host="h1", gpu_count=2)
        for n, start in enumerate(("09:00", "10:05", "11:10"))
    ]
    store_of(rows, "20:00", data=tmp_path, roster=parsed(FULL))
    (sequence,) = metrics(tmp_path, "--by", "sequence", form="json")
    assert (sequence["key"], sequence["experiments"]) == ("lr", 3)
    assert sequence["experiment_ids"] == ["e/p/r0", "e/p/r1", "e/p/r2"]
    (host,) = metrics(tmp_path, "--by", "host", form="json")
    assert (host["host"], host["idle_gpu_hours"]) == ("h1", pytest.approx(2 * 15 / 60))
    for by, column, name in (("sequence", "key", "lr"), ("host", "host", "h1")):
        assert name in metrics(tmp_path, "--by", by)[0]
        assert metrics(tmp_path, "--by", by, form="csv")[column].to_list() == [name]
    assert metrics(tmp_path, "--by", "sequence", "--to", "2026-01-05", form="json") == []


@pytest.mark.parametrize("by", ["scholar", "stream"])
def test_groups_without_launches_have_zeros_in_every_period(asked, by):
    whole, weekly = asked("--by", by), asked("--by", by, "--period", "week")
    assert whole[by].to_list() == sorted(set(weekly[by]))
    idle = whole.filter(pl.col("runs_started") == 0)
    assert idle.height
    assert idle.select("busy_hours", "weeks").unique().rows() == [(0, 0)]
    assert idle["throughput_per_week"].null_count() == idle.height
    assert whole.filter(pl.col("runs_started") > 0)["weeks"].min() > 0


def test_what_out_names_stays_a_link_or_a_pipe(tmp_path):
    (tmp_path / "file").write_text("old")
    link = tmp_path / "link"
    link.symlink_to("file")
    write_bytes(b"new", link)
    assert (link.is_symlink(), (tmp_path / "file").read_text()) == (True, "new")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    end = os.open(pipe, os.O_RDWR)
    write_bytes(b"new", pipe)
    assert (pipe.is_fifo(), os.read(end, 9)) == (True, b"new")
    os.close(end)
    assert sorted(it.name for it in tmp_path.iterdir()) == ["file", "link", "pipe"]


def test_a_scholar_without_launches_can_be_selected(asked):
    assert asked("--scholar", "ben").select("scholar", "runs_started").rows() == [("ben", 0)]
    early = asked("--to", "2026-02-03")
    assert early.select("scholar", "runs_started").rows() == [("ada", 2), ("ben", 0)]


@pytest.mark.thorough
@pytest.mark.parametrize("period", one_in(3, ["all", "week", "day"]))
def test_the_main_figures_fit_in_100_columns(metrics, long_names, period):
    out, err = metrics(long_names, "--period", period)
    lines = out.splitlines()
    assert max(map(len, lines)) <= 100
    assert sum("─" in line for line in lines) == 1, "the columns stand below each other"
    assert "--all" in err


def test_the_main_figures_are_rounded_from_the_csv(metrics, asked, data):
    row = asked().row(0, named=True)
    low, high = (row[f"throughput_per_week_{end}"] for end in ("low", "high"))
    ada, ben = (it.split() for it in metrics(data)[0].splitlines() if it[:3] in {"ada", "ben"})
    assert ada == [
        "ada",
        f"{row['throughput_per_week']:.1f}",
        f"{low:.1f}\u2013{high:.1f}",
        f"{100 * row['failure_share']:.0f}",
        f"{100 * row['serial_share']:.0f}",
        f"{row['experiment_parallelism']:.2f}",
        f"{row['loop_hours_median']:.1f}",
    ]
    # Unknown figures are blank: the GPU-hours of runs without a GPU count, and most of those of a
    # scholar without launches.
    assert ben == ["ben", "0"]


@pytest.mark.parametrize("by", ["experiment", "result"])
def test_all_shows_every_column_of_experiments_and_results(metrics, asked, data, by):
    names = [line.split()[0] for line in metrics(data, "--by", by, "--all")[0].splitlines()]
    assert names == asked("--by", by).columns
    assert len(metrics(data, "--by", by)[0].splitlines()) < len(names)
