"""People and their automation are counted apart, whatever the rule that tells them apart."""

import random
from datetime import timedelta
from functools import cache
from types import SimpleNamespace
from typing import Any, get_args

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.builders import at, run, store_of
from tests.explained_stores import Remembering, only, same
from tests.roster_texts import parsed
from velocity.explain import explain, explained, ways
from velocity.queries import list_metric_queries
from velocity.reading import reads
from velocity.store import Snapshot

PEOPLE = """\
[[scholars]]
id = "ada"
name = "Ada"
usernames = ["ada"]
timezone = "Europe/London"
awake = "10:00-22:00"

[[scholars]]
id = "ben"
name = "Ben"
usernames = ["ben"]

[[streams]]
id = "vision"
name = "Vision"
members = [{ scholar = "ada" }, { scholar = "ben" }]
"""
AGENT = '[[automation]]\nscholar = "ada"\ntag = "agent"\n'
AS_OF = "2026-01-20 20:00"
ACTORS: tuple[reads.Actor, ...] = get_args(reads.Actor)
#: Columns that count both actors, or only automation, for every choice of actor.
FIXED = [
    column
    for query in list_metric_queries()
    if query.key and query.actor
    for metric in query.metrics
    for column in metric.columns
]


def people(snapshot: Snapshot, **asked: Any) -> pl.DataFrame:
    """Every figure about people."""
    return reads.metrics(snapshot, **{"by": "scholar"} | asked).drop(FIXED)


ENDED = {("e", project): at(AS_OF) for project in ("p", "q")}


def drawn_rows() -> list[dict[str, Any]]:
    """Two weeks of runs of two people in two projects, half of them automated."""
    chance = random.Random(1)  # noqa: S311 - no secret
    rows = [run("first", "2026-01-05 00:00", "2026-01-05 00:30")]
    for number in range(400):
        begun = at("2026-01-05 00:00") + timedelta(seconds=chance.randrange(14 * 24 * 3600))
        ended = begun + timedelta(minutes=chance.choice([1, 4, 30, 300]))
        columns = {
            "state": chance.choice(["finished", "finished", "failed", "killed", "running"]),
            "username": chance.choice(["ada", "ben"]),
            "project": chance.choice(["p", "q"]),
            "tags": chance.choice([[], ["agent"], ["night", "agent"], ["x"]]),
            "config_hash": chance.choice([None, "a", "b", "c"]),
            "host": chance.choice(["h1", "h2", None]),
        }
        rows.append(run(f"r{number:03}", begun, ended, gpu_count=1, gpu_type="X", **columns))
    return rows


@cache
def world() -> SimpleNamespace:
    """One drawn log, read with a rule for its automated runs, and in three other ways."""
    rows = drawn_rows()
    rule = parsed(PEOPLE + '[[automation]]\ntag = "agent"\n')
    agents = PEOPLE.partition("[[streams]]")[0]
    for name in ("ada", "ben", "Ada", "Ben"):
        agents = agents.replace(f'"{name}"', f'"{name}-agent"')
    renamed = [it | {"username": f"{it['username']}-agent"} if automated(it) else it for it in rows]
    return SimpleNamespace(
        rows=rows,
        ruled=store_of(rows, ENDED, roster=rule),
        unruled=store_of(rows, ENDED, roster=parsed(PEOPLE)),
        # Without the automated runs, but with the same rule.
        without=store_of([it for it in rows if not automated(it)], ENDED, roster=rule),
        # The automated runs are launched by users of their own, NAME-agent.
        apart=store_of(renamed, ENDED, roster=parsed(agents + PEOPLE)),
    )


def automated(row: dict[str, Any]) -> bool:
    return "agent" in (row.get("tags") or ())


@pytest.mark.thorough
def test_automated_launches_move_no_figure_of_a_person():
    ruled, without = world().ruled, world().without
    for asked in ({}, {"period": "week"}, {"by": "stream"}, {"by": "programme", "period": "day"}):
        assert_frame_equal(people(ruled, **asked), people(without, **asked), check_exact=True)
    for read in (reads.loops, reads.experiments, reads.lines, reads.open_work, reads.stuck):
        more = {"min_hours": 0} if read is reads.stuck else {}
        assert_frame_equal(read(ruled, **more), read(without, **more), check_exact=True)


@pytest.mark.thorough
def test_automation_has_the_figures_of_a_scholar_of_its_own():
    ruled, apart = world().ruled, world().apart
    for name in ("ada", "ben"):
        for asked in ({}, {"period": "week"}):
            ours = people(ruled, actor="automation", groups=[name], **asked)
            theirs = people(apart, groups=[f"{name}-agent"], **asked)
            assert_frame_equal(ours.drop("scholar"), theirs.drop("scholar"), check_exact=True)
    for by in ("scholar", "stream", "programme"):
        counted = reads.metrics(ruled, by=by, period="week")
        expected = reads.metrics(ruled, by=by, period="week", actor="automation")
        for what in ("started", "concluded"):
            figures = expected[f"experiments_{what}"]
            assert counted[f"automated_{what}"].to_list() == figures.to_list()
            assert figures.sum() > 0


@pytest.mark.thorough
def test_an_automated_launch_never_closes_a_loop_of_a_person():
    begun = {
        (it["username"], it["project"], it["writers"][0]["start"])
        for it in world().rows
        if not automated(it)
    }
    closed = reads.loops(world().ruled).filter(status="closed")
    assert closed.height > 20
    for loop in closed.iter_rows(named=True):
        assert (loop["scholar"], loop["project"], loop["next_at"]) in begun


@pytest.mark.thorough
def test_both_actors_together_are_the_sum_of_each():
    ruled, unruled = world().ruled, world().unruled
    sums = ["runs_started", "experiments_started", "experiments_concluded", "loops_closed"]
    for by in ("scholar", "stream", "programme"):
        one, other, both = (
            reads.metrics(ruled, by=by, actor=actor).select(by, *sums, "gpu_hours")
            for actor in ACTORS
        )
        added = one.with_columns(one[name] + other[name] for name in sums)
        assert_frame_equal(both, added)
    charged = ["scholar", "gpu_hours", "gpu_hours_failed", "unpriced_run_hours"]
    assert_frame_equal(
        reads.metrics(ruled, by="scholar").select(charged),
        reads.metrics(unruled, by="scholar").select(charged),
    )


def busy() -> list[dict[str, Any]]:
    """Ada works by day, and her agent day and night, in the same project."""
    rows = []
    for day in range(7):
        for hour in range(9, 19, 2):
            state = "failed" if hour == 13 else "finished"
            machine = {"gpu_count": 1, "gpu_type": "X", "host": f"h{hour}"}
            begun = at("00:00", days=day) + timedelta(hours=hour)
            columns = {"state": state, "config_hash": str(hour % 4), **machine}
            rows.append(run(f"a{day}{hour}", begun, begun + timedelta(hours=1), **columns))
        for place in range(30):
            state = "failed" if place % 5 == 0 else "finished"
            begun = at("00:10", days=day) + timedelta(minutes=40 * place)
            columns = {"state": state, "config_hash": f"x{place % 3}", "tags": ["agent"]}
            rows.append(run(f"b{day}{place}", begun, begun + timedelta(minutes=30), **columns))
    return [*rows, run("open", "2026-01-11 18:30", "2026-01-11 19:55", state="running")]


@pytest.fixture(scope="module")
def beside():
    return store_of(busy(), "2026-01-11 20:00", roster=parsed(PEOPLE + AGENT))


@pytest.mark.thorough
@pytest.mark.parametrize("actor", ACTORS)
def test_an_explanation_adds_up_to_the_figure_of_each_actor(actor: reads.Actor, beside):
    beside = Remembering(beside)  # most explanations rest on the same reads
    figures = reads.metrics(beside, by="scholar", groups=["ada"], actor=actor)
    seen = 0
    for metric in [it for it in explained() if it != "signal" and "scholar" in ways()[it].kinds]:
        found = explain(beside, metric=metric, scholar="ada", actor=actor)
        for result in found.results:
            assert same(result.value, result.headline), (metric, result.value, result.headline)
        if metric in figures.columns:
            assert same(only(found).headline, figures[metric][0])
            seen += 1
        expected = {"gpu_hours": "all", "automated_started": "automation"}.get(metric, actor)
        if metric in {"gpu_hours", "automated_started", "experiments_started"}:
            assert found.actor == expected
    assert seen > 50
    for metric in ("experiments_started", "peak_runs", "loop_hours_median", "weeks", "gpu_hours"):
        for group in ({"stream": "vision"}, {}):
            told = only(explain(beside, metric=metric, actor=actor, **group))
            assert same(told.value, told.headline), (metric, group, told)


def test_figures_of_each_actor_differ(beside):
    for actor, started in (("person", 36), ("automation", 210), ("all", 246)):
        figures = reads.metrics(beside, by="scholar", groups=["ada"], actor=actor)
        assert figures["experiments_started"].to_list() == [started], actor
    assert reads.lines(beside, scholar="ada", actor="all")["loops"].to_list() == [246]


def test_a_person_and_their_automation_are_one_scholar_in_lists(beside):
    assert reads.scholars(beside)["scholar"].to_list() == ["ada", "ben"]
    trust = reads.trust(beside).row(0, named=True)
    assert (trust["scholars"], trust["runs"], trust["automated_runs"]) == (2, 246, 210)
    flags = reads.runs(beside)["flags"].str.split(" ").list.contains("automated")
    assert flags.sum() == 210
