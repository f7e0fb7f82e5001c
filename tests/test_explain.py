"""An explanation's rows add up to the headline, for every figure that the metrics read gives."""

from __future__ import annotations

import json
import random
import sys
from datetime import UTC, date, datetime, timedelta
from functools import cache

import polars as pl
import pytest

from tests.builders import at, run, store_of
from tests.oracles.strategies import _case
from tests.roster_texts import FULL, parsed
from velocity import reads
from velocity.access import Scope
from velocity.cli import main
from velocity.errors import VelocityError
from velocity.explain import RULES, WAYS, as_json, explain, explained, render_text
from velocity.explain.catalogue import NOT_OF_A_SCHOLAR
from velocity.explain.rows import KINDS, ROW_SCHEMAS, Rows
from velocity.read_schemas import READ_SCHEMAS
from velocity.settings import Compute, Programme, Settings
from velocity.sql import list_queries

COLUMNS = [name for name in READ_SCHEMAS["metrics"] if name not in {"scholar", "period_start"}]
SETTINGS = Settings(
    programme=Programme(timezone="Europe/Berlin"), compute=Compute(gpu_count_key="num_gpus")
)
AWAKE = (
    "1.083333 hours (from 2 rows) from signal to next launch inside the awake window, closed loops"
)
MONDAY = date(2026, 1, 5)

#: The worked example of the definitions: ada, one day.
WORKED = [
    run("r1", "09:00", "10:00"),
    run("r2", "09:01", "10:30"),
    run("r3", "11:00", "12:00"),
    run("r4", "11:30", "11:35", state="failed"),
    run("r5", "11:40", "13:00"),
    run("r6", "13:00:30", "14:00"),
]


def rows_of(seed: int) -> list[dict]:
    """Runs that meet every boundary, of one drawn case, as rows of an import."""
    chance = random.Random(seed)  # noqa: S311 - nothing secret
    case = _case(chance.choice, 14, one_as_of=True)

    def moment(micros):
        # The cases are of 2024; rates and memberships of the roster are of 2026.
        if micros is None:
            return None
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(weeks=96, microseconds=micros)

    return [
        {
            "entity": f"{it.entity}{seed}",
            "project": it.project,
            "run_id": it.run_id,
            "username": it.username,
            "state": it.state,
            "created_at": moment(it.created_at),
            "started_at": moment(it.started_at),
            "writer_starts": [moment(start) for start in it.writer_starts] or None,
            "heartbeat_at": moment(it.heartbeat_at),
            "runtime_s": None if it.runtime_us is None else it.runtime_us / 1e6,
            "first_metric_at": moment(it.first_metric_at),
            "last_metric_at": moment(it.last_metric_at),
            "group_name": it.group_name,
            "sweep": it.sweep,
            "tags": list(it.tags),
            "config_hash": it.config_hash,
            "config": json.dumps({"num_gpus": it.gpu_count_config})
            if it.gpu_count_config
            else None,
            "host": it.host,
            "gpu_count": it.gpu_count,
            "gpu_utilisation": it.gpu_utilisation,
            "gpu_type": it.gpu_type,
            "source": "table",
        }
        for it in case.runs
    ]


def steady(number: int, since: datetime) -> dict:
    """One of a line's runs, of an hour each, launched every two hours; every other fails."""
    start = since + number * timedelta(hours=2)
    state = "failed" if number % 2 == 0 else "finished"
    sweep = "sweep" if number < 4 else None
    end = start + timedelta(hours=1)
    return run(f"steady{number}", start, end, state=state, sweep=sweep, project="steady")


class Remembering:
    """A snapshot that runs each read once."""

    def __init__(self, snapshot):
        self._snapshot, self._frames = snapshot, {}

    def frame(self, sql, params=None, tables=None):
        key = (sql, repr(params))
        if key not in self._frames:
            self._frames[key] = self._snapshot.frame(sql, params, tables)
        return self._frames[key]


@cache
def rich() -> Remembering:
    """Some hundred runs: those of 40 drawn cases, and a line that goes on for two weeks."""
    rows = [row for seed in range(40) for row in rows_of(seed)]
    as_of = max(row["started_at"] or row["created_at"] for row in rows)
    rows += [steady(number, as_of - timedelta(days=14)) for number in range(160)]
    rows.append(run("late", as_of + timedelta(hours=1), state="running"))
    rows.append(run("open", as_of - timedelta(hours=1), as_of, state="running", project="open"))
    roster = parsed(FULL.replace("Ben", "bob"))
    return Remembering(store_of(rows, as_of, settings=SETTINGS, roster=roster))


@cache
def weeks() -> tuple[date, ...]:
    figures = reads.metrics(rich(), by="scholar", period="week", groups=["ada"])
    busy = figures.sort("runs_started", descending=True)["period_start"][:4].to_list()
    return tuple(sorted(busy))


@cache
def worked() -> Remembering:
    return Remembering(store_of(WORKED, "20:00"))


def same(value, headline):
    if value is None or isinstance(value, date):
        return value == headline
    return value == pytest.approx(headline, rel=1e-9, abs=1e-9)


def only(told):
    (result,) = told.results
    return result


def test_every_metric_has_its_arithmetic_or_is_none_of_a_scholar():
    ids = {metric.id for query in list_queries("metrics") for metric in query.metrics}
    assert {*explained(), *NOT_OF_A_SCHOLAR} == ids
    assert not {*explained()} & {*NOT_OF_A_SCHOLAR}
    assert set(WAYS) - ids == set(COLUMNS) - ids


@pytest.mark.parametrize("metric", COLUMNS)
def test_the_rows_add_up_to_the_headline(metric: str):
    for scholar in ("ada", "ben"):
        for week in (None, *weeks()):
            told = only(explain(rich(), scholar=scholar, metric=metric, week=week))
            assert same(told.value, told.headline), (scholar, week, told.value, told.headline)
            figures = reads.metrics(
                rich(),
                by="scholar",
                period="all" if week is None else "week",
                from_day=week,
                to_day=week and week + timedelta(weeks=1),
                groups=[scholar],
            )
            assert same(told.headline, figures[metric][0])


def test_the_store_of_these_tests_says_something_of_every_figure():
    ada = reads.metrics(rich(), by="scholar", groups=["ada"]).row(0, named=True)
    assert {name for name in COLUMNS if ada[name] is None} == set()
    assert {name for name in COLUMNS if ada[name] == 0} <= {"reaction_awake_hours_low"}
    runs = explain(rich(), scholar="ada", metric="busy_hours").runs
    assert set(runs["joined_by"].drop_nulls()) == set(RULES)
    assert {"pending", "after_as_of"} <= set(runs["excluded"].drop_nulls())


@pytest.mark.parametrize("metric", sorted(set(WAYS) - set(COLUMNS)))
def test_figures_of_lines_credits_weeks_and_open_work_end_in_their_headline(metric: str):
    windows = WAYS[metric].windows
    asked = [None] * (windows != "week") + [*weeks()] * (windows != "end")
    results = [
        result
        for scholar in ("ada", "ben")
        for week in asked
        for result in explain(rich(), scholar=scholar, metric=metric, week=week).results
    ]
    assert results
    assert all(same(it.value, it.headline) for it in results), results


@cache
def without_ben() -> Remembering:
    return Remembering(store_of(WORKED, "20:00", roster=parsed(FULL)))


@pytest.mark.parametrize("metric", COLUMNS)
def test_a_scholar_without_runs_has_an_explanation_of_a_week(metric: str):
    told = only(explain(without_ben(), scholar="ben", metric=metric, week=MONDAY))
    assert same(told.value, told.headline)


@pytest.mark.parametrize(
    ("metric", "steps"),
    [
        (
            "serial_share",
            (
                "4.075 hours (from 7 rows) with exactly one experiment in flight",
                "4.491667 hours (from 9 rows) with anything in flight",
                "0.907236 = 4.075 / 4.491667",
            ),
        ),
        (
            "failure_share",
            (
                "1 run (from 1 row) of failed compute that ended in the window",
                "6 runs (from 6 rows) ended in the window",
                "0.166667 = 1 / 6",
            ),
        ),
        (
            "reaction_share",
            (
                "1.083333 hours (from 2 rows) from signal to next launch, closed loops",
                "2.166667 hours (from 2 rows) from launch to next launch, closed loops",
                "0.5 = 1.083333 / 2.166667",
            ),
        ),
        (
            "reaction_off_share",
            (
                AWAKE,
                "1.083333 hours (from 2 rows) from signal to next launch, closed loops",
                "0 = 1 - 1.083333 / 1.083333",
            ),
        ),
        (
            "peak_experiments",
            ("2 experiments (the largest of 9 rows) in flight at once, the most",),
        ),
        (
            "rework_share",
            (
                "0 runs (from 0 rows) of them with a config that had failed before",
                "0 runs (from 0 rows) started in the window with a known config",
                "not known: 0 / 0",
            ),
        ),
        (
            "machine_hours_median",
            (
                "4 observations, shortest first; 4 of them ended, 0 only seen so far",
                "no median: medians start at 6 events",
            ),
        ),
    ],
)
def test_the_steps_say_how_the_value_comes_about(metric: str, steps: tuple[str, ...]):
    assert only(explain(worked(), scholar="ada", metric=metric)).steps == steps


def test_limits_of_throughput_come_from_the_count():
    told = only(explain(worked(), scholar="ada", metric="throughput_per_week_high"))
    count, weeks = told.totals
    assert (count.value, weeks.value) == (3, pytest.approx(20 / 24 / 7))
    assert told.steps[-2] == "8.767273 = upper exact Poisson 95 % limit of 3"


def test_a_median_is_read_off_the_survival_curve():
    rows = [run(f"r{hour}", f"{hour:02}:00", f"{hour:02}:{hour:02}") for hour in range(1, 8)]
    told = only(explain(store_of(rows, "20:00"), scholar="ada", metric="machine_hours_median"))
    assert told.latencies is not None
    assert told.latencies["hours"].to_list() == pytest.approx(
        [minute / 60 for minute in range(1, 8)]
    )
    assert told.latencies["survival"].to_list() == pytest.approx([n / 7 for n in range(6, -1, -1)])
    assert told.value == pytest.approx(4 / 60)
    assert told.steps[-1] == (
        "0.066667 hours = the smallest length at which survival is at most one half "
        "(0.428571, 4 at risk)"
    )


def test_a_median_that_is_never_reached_says_so():
    rows = [run(f"r{hour}", f"{hour:02}:00", f"{hour:02}:10") for hour in range(1, 7)]
    rows += [run(f"s{n}", "07:00", "07:30", state="killed", project=f"p{n}") for n in range(8)]
    told = only(explain(store_of(rows, "20:00"), scholar="ada", metric="machine_hours_median"))
    assert told.value is told.headline is None
    assert told.steps[-1] == "survival never comes down to one half; the largest is 0.5 hours"


def test_the_raw_rows_stand_beside_what_was_made_of_them():
    told = explain(worked(), scholar="ada", metric="busy_hours", week=MONDAY)
    assert told.runs.select("run", "class", "end_source", "experiment", "joined_by").rows()[:2] == [
        ("e/p/r1", "finished", "runtime", "e/p/r1", "first"),
        ("e/p/r2", "finished", "runtime", "e/p/r1", "together"),
    ]
    first = told.runs.row(0, named=True)
    assert (first["state"], first["created_at"], first["runtime_hours"]) == (
        "finished",
        at("09:00"),
        1.0,
    )
    assert told.runs["joined_by"][-1] == "script"
    assert told.sessions.height == 6
    assert told.experiments["runs"].to_list() == [2, 1, 1, 2]
    assert told.experiments["k"].to_list() == [1, 1, 1, 1]
    assert told.loops["status"].to_list() == ["closed", "awaiting", "closed", "awaiting"]
    assert told.left_out.is_empty()


def test_what_is_excluded_imputed_or_flagged_is_listed_with_its_reason():
    rows = [
        run("waits", "09:00", state="pending"),
        run("late", "21:00", state="running"),
        run("flies", "19:00", "19:59", state="running"),
        run("dead", "08:00", "08:30", state="running"),
        run("early", "07:00", "07:01", state="failed"),
        run("back", "12:00", "11:00", runtime_s=None, state="running"),
        run("endless", "13:00"),
        run("guessed", "15:00", "15:30", started_at=None, writer_starts=None),
    ]
    told = explain(store_of(rows, "20:00"), scholar="ada", metric="busy_hours")
    found = set(told.left_out.select("kind", "what").rows())
    assert found >= {
        ("excluded", "run e/p/waits"),
        ("excluded", "run e/p/late"),
        ("imputed", "run e/p/flies"),
        ("imputed", "run e/p/dead"),
        ("excluded", "experiment e/p/early"),
        ("flagged", "run e/p/back"),
        ("excluded", "experiment e/p/back"),
        ("flagged", "run e/p/endless"),
        ("imputed", "run e/p/guessed"),
    }
    assert told.left_out["why"].null_count() == 0


def test_a_week_shows_experiments_that_reach_into_it_and_counts_what_lies_inside():
    rows = [
        run("before", "2026-01-01 09:00", "2026-01-01 10:00"),
        run("into", "2026-01-04 22:00", "2026-01-05 03:00"),
        run("after", "2026-01-12 00:00", "2026-01-12 01:00"),
    ]
    snapshot = store_of(rows, "2026-01-13 00:00")
    told = explain(snapshot, scholar="ada", metric="run_hours", week=MONDAY)
    assert told.runs["run"].to_list() == ["e/p/into"]
    assert told.sessions.select("hours", "hours_inside").row(0) == (5.0, 3.0)
    assert only(told).value == only(told).headline == 3.0
    launched = explain(snapshot, scholar="ada", metric="experiments_started", week=MONDAY)
    assert only(launched).value == 0
    assert launched.experiments.height == 1


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"scholar": "adda"}, "There is no scholar 'adda'"),
        ({"metric": "serial_shares"}, "'serial_shares' is not a figure"),
        ({"metric": "p50"}, "'p50' is the median of all the other scholars, not a figure of a "),
        ({"metric": "pooled_rate"}, "'pooled_rate' is the rate of all scholars together, not a "),
        ({"metric": "littles_law_residual_hours"}, "'littles_law_residual_hours' is a check that "),
        ({"metric": "runway_days", "week": MONDAY}, "'runway_days' is known for the end of the "),
        ({"metric": "signal"}, "'signal' is a figure of a week."),
        ({"week": date(2026, 1, 6)}, "2026-01-06 is not a Monday."),
        ({"week": date(2026, 1, 12)}, "There is no data of ada in the week of 2026-01-12."),
        ({"week": date(2025, 12, 29)}, "There is no data of ada in the week of 2025-12-29."),
        ({"week": date(9999, 12, 27)}, "There is no data of ada in the week of 9999-12-27."),
        ({"metric": "balance", "week": date(2026, 1, 12)}, "There is no data of ada in the week "),
    ],
)
def test_what_cannot_be_explained_says_why(asked, message):
    arguments = {"scholar": "ada", "metric": "serial_share", "week": None} | asked
    with pytest.raises(VelocityError) as caught:
        explain(worked(), **arguments)
    assert caught.value.message.startswith(message)
    assert caught.value.hint


@pytest.mark.parametrize("metric", ["busy_hours", "weeks", "throughput_per_week", "credits"])
def test_a_scholar_without_runs_has_the_zeros_of_all_the_data(metric: str):
    (result,) = explain(without_ben(), scholar="ben", metric=metric).results
    assert result.value == result.headline
    assert result.headline == (None if metric == "throughput_per_week" else 0)


@pytest.mark.parametrize("scope", [Scope(), Scope(scholars=("bob",)), Scope(streams=("vision",))])
def test_a_viewer_who_may_not_see_the_scholar_gets_nothing(scope: Scope):
    with pytest.raises(VelocityError, match="There is no scholar 'ada'"):
        explain(rich(), scholar="ada", metric="busy_hours", scope=scope)
    rows = Rows(rich(), "ada", None, None, scope)
    assert all(rows.of(kind).is_empty() for kind in KINDS)
    assert rows.latencies("loop").is_empty()
    assert rows.loops().filter(pl.col("stream") != "vision").is_empty()


def test_awake_hours_of_a_line_are_the_scholars_own():
    own = Scope(scholars=("ada",), hours=("ada",))
    assert explain(rich(), scholar="ada", metric="blind_ratio", scope=own).results
    with pytest.raises(VelocityError, match="Awake hours of ada are shown to ada alone"):
        explain(rich(), scholar="ada", metric="blind_ratio", scope=Scope(scholars=("ada",)))
    assert set(explained()) - set(explained(hours=False)) == {
        *("blind_ratio", "reaction_awake_hours_median", "reaction_off_share")
    }
    rows = Rows(rich(), "ada", None, None, Scope(scholars=("ada",)))
    assert rows.of("gaps").is_empty()


def test_a_scholar_sees_the_own_explanation():
    own = explain(rich(), scholar="ada", metric="busy_hours", scope=Scope(scholars=("ada",)))
    everything = explain(rich(), scholar="ada", metric="busy_hours")
    assert only(own).value == only(everything).value


@pytest.mark.parametrize("store", [rich, worked, lambda: store_of([], "20:00")])
def test_rows_have_their_schemas(store):
    rows = Rows(store(), "ada", None, None, Scope(everything=True))
    for kind in KINDS:
        assert rows.of(kind).schema == pl.Schema(ROW_SCHEMAS[kind])
    assert rows.latencies("recovery").schema == pl.Schema(ROW_SCHEMAS["latencies"])


@pytest.mark.parametrize("metric", ["serial_share", "loop_hours_median", "throughput_per_week_low"])
def test_the_text_ends_in_the_headline(metric: str):
    told = explain(rich(), scholar="ada", metric=metric)
    text = render_text(told)
    assert text.splitlines()[-1].startswith(f"Headline: {metric} = ")
    assert text.splitlines()[-2] == only(told).steps[-1]
    assert told.metric.text in text
    assert all(f"  {rule}: {words}" in text for rule, words in RULES.items())


def test_a_week_beyond_the_usual_range_is_a_signal():
    """One launch a week for ten weeks, then twelve, and one in the running week."""
    weekly = [timedelta(weeks=number) for number in range(10)]
    launches = [*weekly, *[timedelta(weeks=10)] * 12, timedelta(weeks=11)]
    begin = datetime(2026, 1, 5, 9, tzinfo=UTC)
    rows = [
        run(f"r{number}", begin + since, begin + since + timedelta(hours=1), project=f"p{number}")
        for number, since in enumerate(launches)
    ]
    snapshot = store_of(rows, begin + timedelta(weeks=11, hours=2))

    def steps_of(week):
        told = explain(
            snapshot, scholar="ada", metric="signal", week=MONDAY + timedelta(weeks=week)
        )
        (result,) = (it for it in told.results if it.of == "experiments_started")
        assert result.value is result.headline
        return result.steps

    assert steps_of(10) == (
        "22 experiments (from 11 rows) of each complete week",
        "11 experiments (from 10 rows) from one such week to the next",
        "2 experiments = 22 / 11, the centre",
        "1.1 experiments = 11 / 10, the mean move",
        "-0.926 to 4.926 experiments = 2 -/+ 2.66 * 1.1, the usual range",
        "yes: the week, 12 experiments, lies beyond",
    )
    assert steps_of(3)[-1] == "no: the week, 1 experiment, lies inside"
    assert steps_of(11)[-1] == "no: the week is still running"
    early = explain(worked(), scholar="ada", metric="signal", week=MONDAY)
    assert {it.steps[-1] for it in early.results} == {"no: the week is still running"}


def test_credits_left_are_granted_less_spent_and_last_as_long_as_the_last_14_days():
    day = datetime(2026, 1, 20, 9, tzinfo=UTC)
    rows = [
        run(
            "old",
            day - timedelta(days=15),
            day - timedelta(days=15) + timedelta(hours=1),
            gpu_count=4,
        ),
        run("new", day, day + timedelta(hours=7), gpu_count=4, project="q"),
    ]
    text = FULL.replace('scholar = "ben"\namount = 250.5', 'scholar = "ada"\namount = 44')
    roster = parsed(text.replace("2026-02-01", "2026-01-02"))
    snapshot = store_of(rows, day + timedelta(hours=8), roster=roster)
    told = only(explain(snapshot, scholar="ada", metric="runway_days"))
    assert told.steps == (
        "44 credits (from 1 row) granted",
        "16 credits (from 2 rows) charged, at the rate of the day",
        "14 credits (from 1 row) charged in the 14 days up to the end of the data",
        "28 credits left = 44 - 16",
        "1 credits per day = 14 / 14",
        "28 days = 28 / 1",
    )
    end = only(explain(snapshot, scholar="ada", metric="exhausted_on"))
    assert end.steps[-1] == "2026-02-17 = 2026-01-20 17:00:00 UTC + 28 days, in UTC"
    assert end.value == end.headline == date(2026, 2, 17)
    week = date(2026, 1, 5)
    before = only(explain(snapshot, scholar="ada", metric="balance", week=week))
    assert (before.value, before.headline) == (42, 42)
    early = explain(snapshot, scholar="ada", metric="balance", week=week - timedelta(weeks=2))
    assert (early.results, early.nothing) == ((), "Neither grants nor charges by then.")


def test_the_text_has_a_headline_for_each_line():
    told = explain(rich(), scholar="ada", metric="blind_ratio")
    assert len(told.results) > 1
    lines = render_text(told).splitlines()
    for result in told.results:
        assert any(it.startswith(f"Headline: blind_ratio of {result.of} = ") for it in lines)


def test_the_text_says_that_there_is_nothing_to_tell():
    told = explain(worked(), scholar="ada", metric="wip_age_hours")
    assert told.results == ()
    assert render_text(told).splitlines()[-1] == "No experiment is in flight."


@pytest.mark.parametrize(("launch", "said"), [("06:00", "older than"), ("18:30", "no older than")])
def test_open_work_is_compared_with_what_is_usual(launch, said):
    # 20 experiments of 2 hours, each of a group of its own.
    done = [run(f"r{n}", f"02:{n:02}", f"04:{n:02}", group_name=f"g{n}") for n in range(20)]
    going = run("open", launch, "20:00", state="running", group_name="open")
    told = explain(store_of([*done, going], "20:00"), scholar="ada", metric="wip_age_hours")
    (result,) = told.results
    assert result.headline == result.value == {"06:00": 14.0, "18:30": 1.5}[launch]
    assert result.steps[1].startswith(f"{said} usual")


def test_a_long_table_says_how_much_more_there_is():
    rows = [run(f"r{n}", "09:00", "10:00", project=f"p{n}") for n in range(60)]
    text = render_text(explain(store_of(rows, "20:00"), scholar="ada", metric="run_hours"))
    assert "and 20 more; --format json has all of them" in text


def test_names_cannot_move_the_cursor():
    rows = [run("r\x1b[2J\n1", "09:00", "10:00")]
    text = render_text(explain(store_of(rows, "20:00"), scholar="ada", metric="run_hours"))
    assert "\x1b" not in text


def test_long_ids_are_told_apart_by_their_ends():
    rows = [run(f"{'n' * 300}{number}", "09:00", "10:00") for number in range(2)]
    text = render_text(explain(store_of(rows, "20:00"), scholar="ada", metric="run_hours"))
    assert "nnn0 " in text
    assert "nnn1 " in text
    assert "n" * 80 not in text


def test_what_was_asked_for_cannot_move_the_cursor():
    for asked in ({"scholar": "a\x1b[2J"}, {"metric": "x\x1b[2J" + "m" * 300}):
        with pytest.raises(VelocityError) as caught:
            explain(worked(), **({"scholar": "ada", "metric": "busy_hours"} | asked))
        assert "\x1b" not in caught.value.message
        assert len(caught.value.message) < 100


def test_json_has_every_row_and_says_the_same():
    told = explain(rich(), scholar="ada", metric="loop_hours_median", week=weeks()[0])
    found = json.loads(as_json(told))
    (result,) = found["results"]
    assert result["headline"] == only(told).headline
    assert found["week"] == weeks()[0].isoformat()
    assert len(found["runs"]) == told.runs.height
    assert len(result["latencies"]) == only(told).latencies.height
    assert found["metric"]["id"] == "loop_hours_median"
    assert found["runs"][0]["created_at"].endswith("Z")
    share = json.loads(as_json(explain(worked(), scholar="ada", metric="serial_share")))
    totals = share["results"][0]["totals"]
    assert [total["value"] for total in totals] == pytest.approx([4.075, 4.4916666666])
    assert len(totals[1]["addends"]) == 9


@pytest.fixture
def command(capfdbinary, monkeypatch, tmp_path):
    """`velocity explain` in this process: its exit code, standard output and standard error."""
    store_of(WORKED, "20:00", data=tmp_path)

    def run_command(*arguments):
        line = ["velocity", "explain", "--data", str(tmp_path), *arguments]
        monkeypatch.setattr(sys, "argv", line)
        with pytest.raises(SystemExit) as end:
            main()
        return end.value.code or 0, *capfdbinary.readouterr()

    return run_command


def test_the_command_prints_what_the_page_shows(command):
    asked = ("--scholar", "ada", "--metric", "serial_share", "--week", "2026-01-05")
    told = explain(worked(), scholar="ada", metric="serial_share", week=MONDAY)
    assert command(*asked) == (0, render_text(told).encode(), b"")
    code, out, _ = command(*asked, "--format", "json")
    assert (code, out.decode()) == (0, as_json(told))


def test_the_command_says_what_it_cannot_explain(command):
    code, out, err = command("--scholar", "ada", "--metric", "serial_shar")
    assert (code, out) == (1, b"")
    assert b"Did you mean serial_share" in err
    assert command("--scholar", "ada", "--metric", "weeks", "--week", "soon")[0] == 2
