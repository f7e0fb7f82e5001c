"""The rows of an explanation: raw, classified, and excluded."""

from functools import cache

import pytest

from tests.builders import at, run, store_of
from tests.explained_stores import MONDAY, only, worked
from tests.roster_texts import ADA, BEN, parsed, rate
from velocity.explain import explain, sections
from velocity.queries import load_query
from velocity.reading.periods import whole_week
from velocity.store import latest_snapshot
from velocity.store.figures import EVERYTHING


def test_the_raw_rows_are_shown_with_their_class():
    told = explain(worked(), scholar="ada", metric="busy_hours", window=whole_week(MONDAY))
    assert told.runs.select("run", "class", "end_source", "experiment", "joined_by").rows()[:2] == [
        ("e/p/r1", "finished", "runtime", "e/p/r1", "first"),
        ("e/p/r2", "finished", "runtime", "e/p/r1", "together"),
    ]
    first = told.runs.select("state", "created_at", "runtime_hours").row(0)
    assert first == ("finished", at("09:00"), 1.0)
    assert told.runs["joined_by"][-1] == "script"
    assert told.sessions.height == 6
    assert told.experiments["runs"].to_list() == [2, 1, 1, 2]
    assert told.experiments["k"].to_list() == [1, 1, 1, 1]
    assert told.loops["status"].to_list() == ["closed", "awaiting", "closed", "awaiting"]
    assert told.left_out.is_empty()
    assert told.charges.is_empty()
    assert "Charges" not in [it.title for it in sections(told)]


@cache
def snapshot():
    """Ada's charges, what is left out of ben's figures, and cy's weeks."""
    ben, cy = ({"username": it, "entity": it} for it in ("ben", "cy"))
    rows = [
        run("one", "09:00", "10:00", host="node", gpu_count=4, gpu_type="H100"),
        run("two", "09:00", "10:00", host="node", gpu_count=4, gpu_type="H100"),
        run("free", "11:00", "12:00", gpu_count=2, gpu_type="A100"),
        run("dark", "13:00", "14:00", gpu_count=None),
        run("waits", "09:00", state="pending", **ben),
        run("late", "21:00", state="running", **ben),
        run("flies", "19:00", "19:59", state="running", **ben),
        run("dead", "08:00", "08:30", state="running", **ben),
        run("early", "07:00", "07:01", state="failed", **ben),
        run("back", "12:00", "11:00", runtime_s=None, state="running", **ben),
        run("endless", "13:00", **ben),
        run("guessed", "15:00", "15:30", started_at=None, writer_starts=None, **ben),
        run("before", "2026-01-01 09:00", "2026-01-01 10:00", **cy),
        run("into", "2026-01-04 22:00", "2026-01-05 03:00", **cy),
        run("after", "2026-01-12 00:00", "2026-01-12 01:00", **cy),
    ]
    ends = {"e": "20:00", "ben": "20:00", "cy": "2026-01-13 00:00"}
    roster = parsed(ADA + BEN + ADA.replace("ada", "cy") + rate("H100", "2026-01-01", 3))
    return store_of(rows, {(it, "p"): at(end) for it, end in ends.items()}, roster=roster)


def test_excluded_imputed_and_flagged_rows_have_a_reason():
    told = explain(snapshot(), scholar="ben", metric="busy_hours")
    found = set(told.left_out.select("kind", "what").rows())
    assert found >= {
        ("excluded", "run waits"),
        ("excluded", "run late"),
        ("imputed", "run flies"),
        ("imputed", "run dead"),
        ("excluded", "experiment early"),
        ("flagged", "run back"),
        ("excluded", "experiment back"),
        ("flagged", "run endless"),
        ("imputed", "run guessed"),
    }
    assert told.left_out["why"].null_count() == 0


@pytest.mark.thorough
def test_charges_show_gpus_time_and_rate_and_free_runs_are_listed():
    told = explain(snapshot(), scholar="ada", metric="credits")
    columns = ("run", "gpus", "hours", "charged_gpu_hours", "rate", "charged_credits")
    assert told.charges.select(columns).rows() == [
        ("e/p/one", 4.0, 1.0, 2.0, 3.0, 6.0),
        ("e/p/two", 4.0, 1.0, 2.0, 3.0, 6.0),
        ("e/p/free", 2.0, 1.0, 2.0, None, None),
        ("e/p/dark", None, 1.0, None, None, None),
    ]
    assert only(told).value == told.charges["charged_credits"].sum() == 12
    assert "Charges" in [it.title for it in sections(told)]

    def nothing(metric):
        left_out = explain(snapshot(), scholar="ada", metric=metric).left_out
        return [what for what, why in left_out.select("what", "why").rows() if "cost" in why]

    assert nothing("credits") == nothing("burn_per_day") == ["run dark", "run free"]
    assert nothing("productive_share") == ["run dark"]
    assert nothing("busy_hours") == []


def test_charges_of_a_day_that_two_windows_hold_come_in_one_order(demo_data):
    query = load_query("reads/explain_recent_charges")
    asked = dict.fromkeys(it.name for it in query.params) | {"by": "programme", "scope": EVERYTHING}
    charges = latest_snapshot(demo_data).frame(query.body, asked).select("day", "run", "days")
    assert charges["days"].unique().sort().to_list() == [7, 14]
    assert charges.equals(charges.sort("day", "run", "days"))


@pytest.mark.thorough
def test_a_week_shows_overlapping_experiments_and_counts_the_part_inside():
    asked = {"scholar": "cy", "window": whole_week(MONDAY)}
    told = explain(snapshot(), metric="run_hours", **asked)
    assert told.runs["run"].to_list() == ["cy/p/into"]
    assert told.sessions.select("hours", "hours_inside").row(0) == (5.0, 3.0)
    assert only(told).value == only(told).headline == 3.0
    launched = explain(snapshot(), metric="experiments_started", **asked)
    assert only(launched).value == 0
    assert launched.experiments.height == 1
