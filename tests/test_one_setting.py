"""Experiments of a line that change one setting at a time, one after another."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.builders import at, run, store_of
from tests.roster_texts import parsed
from velocity.reading import reads
from velocity.reading.access import Scope
from velocity.records import config_text
from velocity.settings import Experiments, Settings

pytestmark = pytest.mark.sampled(10)

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def line(*configs, gap=5 * MINUTE, length=HOUR, **columns):
    """One run per config, each `gap` after the result of the one before."""
    start, rows = at("00:00"), []
    for number, config in enumerate(configs):
        text = None if config is None else config_text(config)
        made = run(f"r{number}", start, start + length, config=text, **columns)
        rows.append(made)
        start += length + gap
    return rows


def found(rows, **options):
    """Key and experiments of each sequence."""
    settings = options.pop("settings", None)
    sequences = reads.one_setting(store_of(rows, "2026-03-01 00:00", settings=settings), **options)
    return [
        (key, [it.rpartition("/")[2] for it in ids])
        for key, ids in sequences.select("key", "experiment_ids").iter_rows()
    ]


def rates(*values, **more):
    return [{"lr": value, "w": 1} | more for value in values]


FOUR = ["r0", "r1", "r2", "r3"]


def test_one_key_that_changes_from_launch_to_launch_is_found():
    assert found(line(*rates(1, 2, 3, 4))) == [("lr", FOUR)]
    assert found(line(*rates(1, 2))) == []


def test_runs_with_the_same_config_are_seeds():
    assert found(line(*[{"lr": 1, "seed": n} for n in range(4)])) == [(None, FOUR)]
    assert found(line(*[{"lr": 1, "seed": n} for n in range(2)])) == []


def test_a_row_has_names_times_and_hours():
    rows = line(*rates(1, 2, 3), gap=5 * MINUTE, length=2 * HOUR)
    rows[2]["url"] = "https://w.example/e/p/runs/r2"
    (row,) = reads.one_setting(store_of(rows, "20:00")).to_dicts()
    assert row["labels"] == ["r0", "r1", "r2"]
    assert row["urls"] == [None, None, "https://w.example/e/p/runs/r2"]
    assert (row["started_at"], row["result_at"]) == (at("00:00"), at("06:10"))
    assert (row["experiments"], row["machine_hours"], row["ready_share"]) == (3, 6, 1)
    assert (row["scholar"], row["entity"], row["project"]) == ("ada", "e", "p")


def test_a_nested_key_a_new_key_and_a_key_in_a_list_have_their_names():
    nested = [{"a": {"b/c": n}, "w": 1} for n in range(3)]
    assert found(line(*nested)) == [("a.b/c", FOUR[:3])]
    listed = [{"l": [{"g": n}]} for n in range(3)]
    assert found(line(*listed)) == [("l.[0].g", FOUR[:3])]
    added = [{"w": 1}, {"w": 1, "x": 1}, {"w": 1, "x": 2}]
    assert found(line(*added)) == [("x", FOUR[:3])]


def test_ignored_keys_do_not_count():
    rows = line(*[{"lr": n, "seed": n, "output_dir": f"/{n}"} for n in range(3)])
    assert found(rows) == [("lr", FOUR[:3])]
    few = Settings(experiments=Experiments(same_idea_ignore=("seed",)))
    assert found(rows, settings=few) == []


def test_several_keys_or_other_keys_are_not_one_setting():
    assert found(line(*[{"lr": n, "w": n} for n in range(5)])) == []
    assert found(line({"a": 1, "b": 1}, {"a": 2, "b": 1}, {"a": 2, "b": 2}, {"a": 3, "b": 2})) == []


def test_a_retry_in_between_belongs_to_the_sweep():
    rows = line(*rates(1, 2, 2, 3, 4))
    rows[1] |= {"state": "failed"}
    assert found(rows) == [("lr", ["r0", "r1", "r2", "r3", "r4"])]
    # A key that changed once and a retry are not a sweep.
    assert found(line(*rates(1, 2, 2))) == []
    assert found(line(*rates(1, 1, 2, 2, 3, 3))) == [("lr", [f"r{n}" for n in range(6)])]


def test_seeds_beside_a_single_change_are_still_seeds():
    assert found(line(*rates(1, 1, 1, 2))) == [(None, FOUR[:3])]
    assert found(line(*rates(2, 1, 1, 1))) == [(None, FOUR[1:])]


def test_two_sweeps_in_a_row_are_two():
    rows = line(*rates(1, 2, 3), *rates(3, 3, w=2), *rates(3, w=4))
    assert found(line(*rates(1, 2, 3), {"lr": 3, "w": 2}, {"lr": 3, "w": 4})) == [
        ("lr", FOUR[:3]),
        ("w", ["r2", "r3", "r4"]),
    ]
    assert found(rows) == [("lr", FOUR[:3]), ("w", ["r2", "r3", "r4", "r5"])]


def test_a_viewer_of_one_stream_sees_a_sequence_only_if_all_of_it_is_in_the_stream():
    roster = parsed(
        '[[scholars]]\nid = "ada"\nname = "Ada"\nusernames = ["ada"]\n'
        '[[streams]]\nid = "s"\nname = "S"\nmembers = [{ scholar = "ada", to = 2026-01-06 }]\n'
        '[[streams]]\nid = "t"\nname = "T"\nmembers = [{ scholar = "ada", from = 2026-01-06 }]\n'
    )
    rows = line(*rates(1, 2, 3, 4), length=8 * HOUR)
    for streams, seen in ((("s",), 0), (("t",), 0), (("s", "t"), 1)):
        snapshot = store_of(rows, "2026-03-01 00:00", roster=roster)
        assert reads.one_setting(snapshot, scope=Scope(streams=streams)).height == seen
    inside = store_of(rows[:3], "2026-03-01 00:00", roster=roster)
    (row,) = reads.one_setting(inside, scope=Scope(streams=("s",))).to_dicts()
    assert row["stream"] == "s"


def test_false_starts_in_between_are_left_out():
    rows = line(*rates(1, 2, 3, 4))
    start = at("01:02")
    rows.append(run("x", start, start + MINUTE, state="failed", config=config_text({"q": 1})))
    assert found(rows) == [("lr", FOUR)]


def test_each_launch_follows_the_result_before_within_five_days():
    times = (("00:00", "02:00"), ("01:00", "03:00"), ("03:05", "04:05"))
    overlapping = [
        run(f"r{n}", *span, config=config_text(it))
        for n, (span, it) in enumerate(zip(times, rates(1, 2, 3), strict=True))
    ]
    assert found(overlapping) == []
    rows = line(*rates(1, 2, 3, 4))
    assert found([*rows, run("x", "01:30", "01:40", config=config_text({"q": 1}))]) == []
    for wait, experiments in ((120 * HOUR, 4), (120 * HOUR + MINUTE, 3)):
        start = at("03:10") + wait
        late = run("r3", start, start + HOUR, config=config_text(rates(4)[0]))
        assert found([*line(*rates(1, 2, 3)), late]) == [("lr", FOUR[:experiments])]


def test_half_of_the_launches_must_have_been_ready():
    rows = line(*rates(1, 2, 3))
    start = at("04:00")
    later = [
        run(f"s{n}", start + n * 2 * HOUR, start + (n * 2 + 1) * HOUR, config=config_text(it))
        for n, it in enumerate(rates(4, 5))
    ]
    assert found([*rows, *later]) == [("lr", ["r0", "r1", "r2", "s0", "s1"])]
    more = run("s2", start + 4 * HOUR, start + 5 * HOUR, config=config_text(rates(6)[0]))
    assert found([*rows, *later, more]) == []
    assert found(line(*rates(1, 2, 3, 4), length=9 * MINUTE)) == []


def test_an_experiment_with_several_configs_or_none_ends_a_sequence():
    rows = line(*rates(1, 2, 3, 4, 5))
    beside = run("x", "02:10:30", "03:10", config=config_text({"other": 1}))
    assert found([*rows, beside]) == []
    unknown = line(*rates(1, 2), None, *rates(3, 4, 5))
    assert found(unknown) == [("lr", ["r3", "r4", "r5"])]
    of_table = [it | {"config": None, "config_hash": str(n)} for n, it in enumerate(rows)]
    assert found(of_table) == []
    alone = line({"lr": 1}, {"lr": 2}, {"lr": 3})
    alone[1] |= {"config": None, "config_hash": "h"}
    assert found(alone) == []


def test_other_scholars_and_lines_do_not_matter():
    rows = line(*rates(1, 2, 3, 4))
    for place, (username, project) in enumerate((("bob", "p"), ("ada", "q"))):
        rows += [
            it | {"username": username, "project": project, "run_id": f"{it['run_id']}-{place}"}
            for it in line({"q": 1}, {"z": 2}, {"u": 3})
        ]
    assert found(rows, scholar="ada") == [("lr", FOUR)]
    assert found(rows, scholar="bob") == []


def test_a_sequence_belongs_to_the_day_of_its_first_launch():
    rows = line(*rates(1, 2, 3, 4), length=8 * HOUR)
    assert found(rows, from_day=date(2026, 1, 6)) == []
    assert found(rows, to_day=date(2026, 1, 6)) == [("lr", FOUR)]
