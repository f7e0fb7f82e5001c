"""velocity metrics: what stands beside the figures of groups and periods."""

from __future__ import annotations

import io
import json
import sys
from datetime import date

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.builders import run, store_of
from tests.roster_texts import FULL, parsed
from velocity.cli import main
from velocity.reading import reads
from velocity.store import latest_snapshot


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
def asked(capfdbinary, monkeypatch, data):
    """`velocity metrics` as CSV, in this process."""

    def command(*arguments):
        line = ["velocity", "metrics", "--data", str(data), "--format", "csv", *arguments]
        monkeypatch.setattr(sys, "argv", line)
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capfdbinary.readouterr()
        assert (end.value.code or 0, err) == (0, b"")
        return pl.read_csv(io.BytesIO(out))

    return command


@pytest.mark.parametrize("by", ["scholar", "stream", "programme"])
def test_the_ledger_stands_at_the_end_of_what_is_of_all_the_time(asked, data, by):
    ledger = reads.ledger(latest_snapshot(data), by=by).rename({"group_id": by})
    assert ledger["credits_granted"].sum() > 0
    found = asked("--by", by).filter(pl.col("credits_left").is_not_null())
    found = found.select(ledger.columns).cast(ledger.schema)
    assert_frame_equal(found, ledger)
    for window in (("--from", "2026-02-02"), ("--to", "2026-02-10"), ("--period", "week")):
        assert "credits_left" not in asked("--by", by, *window).columns


@pytest.mark.parametrize("period", ["all", "month", "week", "day"])
def test_every_row_with_runs_has_its_check(asked, period):
    found = asked("--period", period)
    ran = found.filter(pl.col("run_hours") > 0)["littles_law_residual_hours"]
    assert set(ran) == {0}


def test_a_line_has_its_blind_ratio(asked, data):
    every = reads.lines(latest_snapshot(data))
    assert every["blind_ratio"].null_count() == 0
    assert_frame_equal(asked("--by", "line").cast(every.schema), every)
    window = ("--from", "2026-02-05", "--to", "2026-02-09", "--scholar", "ada")
    some = reads.lines(latest_snapshot(data), from_day=date(2026, 2, 5), to_day=date(2026, 2, 9))
    assert_frame_equal(asked("--by", "line", *window).cast(some.schema), some)


def test_an_experiment_in_flight_has_its_age(asked):
    found = asked("--by", "experiment")
    assert found.select("scholar", "experiment_id", "wip_age_hours").rows() == [
        ("ada", "e/q/open", 1.0)
    ]
    assert asked("--by", "experiment", "--scholar", "ben").is_empty()


def test_a_result_that_waits_has_its_age(asked):
    found = asked("--by", "result")
    assert found.select("scholar", "experiment_id", "waiting_hours").rows() == [
        ("ada", "e/p/p11", 23.0)
    ]
    assert asked("--by", "result", "--scholar", "ben").is_empty()


@pytest.mark.parametrize("by", ["scholar", "stream"])
def test_those_who_launched_nothing_have_zeros_whatever_the_period(asked, by):
    whole, weekly = asked("--by", by), asked("--by", by, "--period", "week")
    assert whole[by].to_list() == sorted(set(weekly[by]))
    idle = whole.filter(pl.col("runs_started") == 0)
    assert idle.height
    assert idle.select("busy_hours", "weeks").unique().rows() == [(0, 0)]
    assert idle["throughput_per_week"].null_count() == idle.height
    assert whole.filter(pl.col("runs_started") > 0)["weeks"].min() > 0


def test_one_who_launched_nothing_can_be_asked_for(asked):
    assert asked("--scholar", "ben").select("scholar", "runs_started").rows() == [("ben", 0)]
    early = asked("--to", "2026-02-03")
    assert early.select("scholar", "runs_started").rows() == [("ada", 2), ("ben", 0)]


def test_json_says_the_same(capfdbinary, monkeypatch, data):
    line = ["velocity", "metrics", "--data", str(data), "--by", "line", "--format", "json"]
    monkeypatch.setattr(sys, "argv", line)
    with pytest.raises(SystemExit):
        main()
    rows = json.loads(capfdbinary.readouterr().out)
    expected = reads.lines(latest_snapshot(data))
    assert [it["blind_ratio"] for it in rows] == expected["blind_ratio"].to_list()
