"""Rows of every table that adds up, as read and as printed, come to their total.

Stores: the demo, stores of drawn runs with automation, with users outside the roster and with lines
of no one stream, and run logs of other teams where they are at hand.
"""

import re
from datetime import timedelta
from functools import cache

import polars as pl
import pytest

from tests.builders import store_of
from tests.explained_stores import SETTINGS, rows_of
from tests.roster_texts import FULL, parsed
from velocity.reading import reads
from velocity.reading.access import EVERYTHING
from velocity.reading.periods import whole_week
from velocity.report.digest import make_digest
from velocity.report.text import as_csv
from velocity.sentences import moved, spending
from velocity.settings import Settings
from velocity.sources.base import Asked
from velocity.store import latest_snapshot
from velocity.sync.commands import import_runs

pytestmark = pytest.mark.thorough

AMOUNTS = (
    *(f"{it}_gpu_hours" for it in ("finished", "running", "killed", "failed", "other")),
    *("gpu_hours", "unpriced_run_hours", "credits", "experiments_concluded"),
    *("tokens", "token_dollars", "unpriced_tokens"),
)
_AGENTS = '[[automation]]\ntag = "agent"\n'
KINDS = ("programme", "stream")
STORES = ("demo", "drawn", "nasa", "pozidriv")


@cache
def drawn():
    """Runs that were drawn, some of them automated or of users outside the roster."""
    rows = [row for seed in range(24) for row in rows_of(seed)]
    as_of = max(row["created_at"] for row in rows)
    for row in rows[::3]:
        row["tags"] = [*row["tags"], "agent"]
    for row in rows[::7]:
        row["username"] = "a stranger"
    for number, row in enumerate(rows[::5]):
        row["usage"] = [_used("m", number), _used("n", 3 * number, dollars=number / 7)]
    roster = parsed(FULL.replace("Ben", "bob") + _AGENTS)
    return store_of(rows, as_of, settings=SETTINGS, roster=roster)


def _used(model, number, dollars=None):
    kinds = dict.fromkeys(("output", "cache_read", "cache_write", "reasoning"), number)
    return {"model": model, "input": 1000 + number, **kinds, "dollars": dollars}


@pytest.fixture(scope="module")
def snapshots(demo_data, request, tmp_path_factory):
    """Name -> the snapshot of a store, made when it is first asked for."""

    @cache
    def of(name):
        if name == "demo":
            return latest_snapshot(demo_data)
        if name == "drawn":
            return drawn()
        data = tmp_path_factory.mktemp(name)
        file = request.getfixturevalue("shared_data") / f"{name}.runs.parquet"
        import_runs(data, Settings(roster=data / "none.toml"), "table", Asked([str(file)]))
        return latest_snapshot(data)

    return of


@pytest.fixture(params=STORES)
def snapshot(request, snapshots):
    return snapshots(request.param)


@pytest.fixture(params=["all days", "the last week with data"])
def days(request, snapshot):
    """A window, as the arguments of reads."""
    first, last = (reads.runs(snapshot)["started_at"].dt.date().sort().gather([0, -1])).to_list()
    week = whole_week(last)
    if request.param == "all days":
        return {"from_day": first, "to_day": last + timedelta(days=1)}
    return {"from_day": week.first, "to_day": week.end}


@pytest.fixture
def before(days):
    """The window before it, as long."""
    first, end = days.values()
    return {"from_day": first - (end - first), "to_day": first}


def number(text):
    return int(re.sub(r"[^0-9-]", "", text.replace("\u2212", "-")) or 0)


@pytest.mark.parametrize("by_scholar", [False, True])
def test_the_compute_tables_add_up(snapshot, days, by_scholar):
    rows = reads.compute_table(snapshot, **days, by_scholar=by_scholar)
    parts, whole = rows.filter(pl.col("kind") != "programme"), rows.filter(kind="programme")
    for column in AMOUNTS:
        assert parts[column].sum() == pytest.approx(whole[column][0]), column
    states = rows.select(pl.sum_horizontal(AMOUNTS[:5])).to_series()
    assert states.to_list() == pytest.approx(rows["gpu_hours"].to_list())
    asked = {"actor": "all", "parts": ["compute", "tokens"]}
    total = reads.metrics(snapshot, by="programme", **days, **asked).row(0, named=True)
    for column in ("gpu_hours", "credits", "experiments_concluded", *AMOUNTS[-3:]):
        assert whole[column][0] == pytest.approx(total[column]), column


def test_scholars_add_up_to_their_stream(snapshot, days):
    streams = reads.compute_table(snapshot, **days).filter(kind="stream")
    people = reads.compute_table(snapshot, **days, by_scholar=True).filter(kind="scholar")
    for row in streams.iter_rows(named=True):
        for column in AMOUNTS:
            within = people.filter(stream=row["stream"])[column].sum()
            assert within == pytest.approx(row[column]), (row["stream"], column)


def test_the_compute_tables_add_up_as_printed(snapshot, days):
    streams = spending.table(reads.compute_table(snapshot, **days))
    people = spending.by_scholar(reads.compute_table(snapshot, **days, by_scholar=True))
    states = ("Finished", "Running", "Killed", "Failed", "Pre-empted, other")
    tokens = ("Tokens", "Dollars") if "Tokens" in streams.columns else ()
    hours = ("GPU-hours", "Hours, GPUs not known")
    for table, columns in (
        (streams, (*states, *hours, "Credits", "Concluded", *tokens)),
        (people, ("GPU-hours", "Of failed runs", "Credits", "Concluded", *tokens)),
    ):
        for column in columns:
            *parts, whole = map(number, table[column])
            assert sum(parts) == whole, column
    for row in streams.iter_rows(named=True):
        assert sum(number(row[it]) for it in states) == number(row["GPU-hours"])
    # One amount, one value: both tables have the same programme.
    for column in ("GPU-hours", "Credits", "Concluded", *tokens):
        assert number(streams[column][-1]) == number(people[column][-1]), column


def test_gpu_types_and_weeks_add_up_to_the_programme(snapshot, days):
    whole = reads.compute_table(snapshot, **days).filter(kind="programme").row(0, named=True)
    types, weeks = reads.gpu_types(snapshot, **days), reads.gpu_weeks(snapshot, **days)
    assert types["gpu_hours"].sum() == pytest.approx(whole["gpu_hours"])
    assert types["credits"].sum() == pytest.approx(whole["credits"])
    assert weeks["gpu_hours"].sum() == pytest.approx(whole["gpu_hours"])


def rows_moved(snapshot, now, before):
    """The table of what moved from one window to another."""
    names = dict(reads.streams(snapshot).select("stream", "name").iter_rows())
    windows = (_figures(snapshot, it) for it in (now, before))
    return moved.stream_rows(*windows, names, "experiments_concluded", "count")


def _figures(snapshot, days):
    figures = {it: reads.metrics(snapshot, by=it, **days, parts=["volume"]) for it in KINDS}
    return {row[by]: row for by, it in figures.items() for row in it.iter_rows(named=True)}


def test_what_moved_adds_up_as_printed(snapshot, days, before):
    rows = rows_moved(snapshot, days, before)
    for column in ("now_words", "before_words", "change_words"):
        *parts, whole = map(number, rows[column])
        assert sum(parts) == whole, column
    concluded = _figures(snapshot, days)["programme"]["experiments_concluded"]
    assert rows.filter("total")["now"][0] == concluded


def test_the_lines_behind_a_change_add_up_to_their_stream(snapshot, days, before):
    concluded = [reads.concluded(snapshot, **it) for it in (days, before)]
    rows = rows_moved(snapshot, days, before).filter(~pl.col("total"))
    for row in rows.iter_rows(named=True):
        lines = moved.line_rows(*concluded, row["id"], lambda it: it["label"])
        for column in ("now", "before", "change"):
            *parts, whole = map(number, lines[column])
            assert sum(parts) == whole, (row["id"], column)
            assert whole == number(row[f"{column}_words"]), (row["id"], column)


def test_runs_add_up_to_their_counts(snapshot, days):
    counts, runs = reads.run_counts(snapshot, **days), reads.runs(snapshot, **days)
    assert counts["runs"].sum() == runs.height
    by_class = dict(runs.group_by("class").len().iter_rows())
    assert by_class == dict(counts.group_by("class").agg(pl.col("runs").sum()).iter_rows())


def test_the_lines_of_streams_add_up_to_their_experiments(snapshot, days):
    streams = reads.metrics(snapshot, by="stream", **days, parts=["volume"])
    for row in streams.iter_rows(named=True):
        lines = reads.line_states(snapshot, **days, streams=[row["stream"]])
        for column in ("experiments_started", "experiments_concluded"):
            assert lines[column].sum() == row[column], (row["stream"], column)


def test_the_store_of_drawn_runs_has_every_kind_of_row():
    rows = reads.compute_table(drawn())
    assert [*rows["kind"].unique(maintain_order=True)] == [
        *("stream", "unattributed", "automation", "programme")
    ]
    assert rows["gpu_hours"].min() > 0
    assert rows["tokens"].min() > rows["unpriced_tokens"].min() > 0
    assert rows["token_dollars"].min() > 0
    assert rows.filter(pl.col("kind") != "programme")["experiments_concluded"].min() > 0


def test_the_digest_adds_up(snapshot):
    for posted in (False, True):
        made = make_digest(snapshot, scope=EVERYTHING, posted=posted)
        rows = pl.read_csv(as_csv(made).encode())
        for column in ("now", "before"):
            *parts, whole = rows[column].cast(pl.Float64).fill_null(0)
            assert sum(parts) == whole, column
