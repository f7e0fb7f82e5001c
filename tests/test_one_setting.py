"""Experiments of a line that change one setting at a time, one after another."""

from datetime import date, timedelta
from functools import cache

import pytest

from tests.builders import apart, at, run, store_of
from tests.roster_texts import ADA, BEN, parsed
from velocity.reading import reads
from velocity.reading.access import Scope
from velocity.records import config_text
from velocity.settings import Experiments, Settings

pytestmark = pytest.mark.sampled(10)

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
END = "2026-03-01 00:00"


def line(*configs, gap=5 * MINUTE, length=HOUR, **columns):
    """One run per config, each `gap` after the result of the one before."""
    start, rows = at("00:00"), []
    for number, config in enumerate(configs):
        text = None if config is None else config_text(config)
        made = run(f"r{number}", start, start + length, config=text, **columns)
        rows.append(made)
        start += length + gap
    return rows


def other(name, start, end, *, state="finished", **config):
    return run(name, start, end, state=state, config=config_text(config))


def rates(*values, **more):
    return [{"lr": value, "w": 1} | more for value in values]


def changed(rows, number, **columns):
    """The rows, with other values of one of them."""
    return [row | columns if place == number else row for place, row in enumerate(rows)]


def seeds(count):
    return [{"lr": 1, "seed": n} for n in range(count)]


FOUR = ["r0", "r1", "r2", "r3"]
THREE = FOUR[:3]
SWEEP, LISTED, NONE = [("lr", FOUR)], [("l.[0].g", THREE)], []
HASHED = {"config": None, "config_hash": "h"}
IGNORED = line(*[{"lr": n, "seed": n, "output_dir": f"/{n}"} for n in range(3)])
OVERLAPPING = [
    other(f"r{n}", *span, **rates(n)[0])
    for n, span in enumerate((("00:00", "02:00"), ("01:00", "03:00"), ("03:05", "04:05")))
]


def waits(wait):
    """Three values, and a fourth after a wait."""
    start = at("03:10") + wait
    return [*line(*rates(1, 2, 3)), other("r3", start, start + HOUR, **rates(4)[0])]


def unready(count):
    """Two ready launches of three, and some that waited."""
    starts = [at("04:00") + n * 2 * HOUR for n in range(count)]
    later = [other(f"s{n}", it, it + HOUR, **rates(4 + n)[0]) for n, it in enumerate(starts)]
    return [*line(*rates(1, 2, 3)), *later]


def with_other_lines():
    """A sweep in one project, while other settings change in another one."""
    others = line({"q": 1}, {"z": 2}, {"u": 3}, project="q")
    return [*line(*rates(1, 2, 3, 4)), *(it | {"run_id": f"q{it['run_id']}"} for it in others)]


#: A claim, the runs of a scholar, and the key and experiments of each of their sequences.
CASES = {
    "one key that changes from launch to launch is found": (line(*rates(1, 2, 3, 4)), SWEEP),
    "two values are not a sequence": (line(*rates(1, 2)), NONE),
    "runs with the same config are seeds": (line(*seeds(4)), [(None, FOUR)]),
    "two seeds are not a sequence": (line(*seeds(2)), NONE),
    "a nested key has its name": (
        line(*[{"a": {"b/c": n}, "w": 1} for n in range(3)]),
        [("a.b/c", THREE)],
    ),
    "a key in a list has its name": (line(*[{"l": [{"g": n}]} for n in range(3)]), LISTED),
    "a new key has its name": (line({"w": 1}, {"w": 1, "x": 1}, {"w": 1, "x": 2}), [("x", THREE)]),
    "ignored keys do not count": (IGNORED, [("lr", THREE)]),
    "several keys are not one setting": (line(*[{"lr": n, "w": n} for n in range(5)]), NONE),
    "a key is not one setting if another comes or goes with it": (
        line({"a": 1}, {"a": 2, "y": 1}, {"a": 3}, {"a": 4, "y": 1}),
        NONE,
    ),
    "other keys are not one setting": (
        line({"a": 1, "b": 1}, {"a": 2, "b": 1}, {"a": 2, "b": 2}, {"a": 3, "b": 2}),
        NONE,
    ),
    "a retry in between belongs to the sweep": (
        changed(line(*rates(1, 2, 2, 3, 4)), 1, state="failed"),
        [("lr", [*FOUR, "r4"])],
    ),
    "a key that changed once and a retry are not a sweep": (line(*rates(1, 2, 2)), NONE),
    "repeats belong to the sweep": (line(*rates(1, 1, 2, 2, 3, 3)), [("lr", [*FOUR, "r4", "r5"])]),
    "seeds before a single change": (line(*rates(1, 1, 1, 2)), [(None, THREE)]),
    "seeds after a single change": (line(*rates(2, 1, 1, 1)), [(None, FOUR[1:])]),
    "two sweeps in a row are two": (
        line(*rates(1, 2, 3), {"lr": 3, "w": 2}, {"lr": 3, "w": 4}),
        [("lr", THREE), ("w", ["r2", "r3", "r4"])],
    ),
    "two sweeps with a repeat in between are two": (
        line(*rates(1, 2, 3), *rates(3, 3, w=2), *rates(3, w=4)),
        [("lr", THREE), ("w", ["r2", "r3", "r4", "r5"])],
    ),
    "false starts in between are left out": (
        [*line(*rates(1, 2, 3, 4)), other("x", "01:02", "01:03", state="failed", q=1)],
        SWEEP,
    ),
    "a launch before the result does not follow it": (OVERLAPPING, NONE),
    "another launch in between ends a sequence": (
        [*line(*rates(1, 2, 3, 4)), other("x", "01:30", "01:40", q=1)],
        NONE,
    ),
    "a launch within five days follows": (waits(120 * HOUR), SWEEP),
    "a launch after five days does not": (waits(120 * HOUR + MINUTE), [("lr", THREE)]),
    "half of the launches were ready": (unready(2), [("lr", [*THREE, "s0", "s1"])]),
    "fewer than half were ready": (unready(3), NONE),
    "after a result within minutes no launch was ready": (
        line(*rates(1, 2, 3, 4), length=9 * MINUTE),
        NONE,
    ),
    **{
        f"an experiment with several configs ends a sequence: {name}": (
            [*line(*rates(1, 2, 3, 4, 5)), other(name, "02:10:30", "03:10", other=1)],
            NONE,
        )
        for name in ("a", "x")
    },
    "an experiment without a config ends a sequence": (
        line(*rates(1, 2), None, *rates(3, 4, 5)),
        [("lr", ["r3", "r4", "r5"])],
    ),
    "a hash from a table is not a config": (
        [it | HASHED | {"config_hash": it["run_id"]} for it in line(*rates(1, 2, 3, 4, 5))],
        NONE,
    ),
    "a hash between two configs ends a sequence": (
        changed(line({"lr": 1}, {"lr": 2}, {"lr": 3}), 1, **HASHED),
        NONE,
    ),
    "other lines do not matter": (with_other_lines(), SWEEP),
    "nor do other scholars": (line({"q": 1}, {"z": 2}, {"u": 3}), NONE),
}
LONG = line(*rates(1, 2, 3, 4), length=8 * HOUR)
URL = "https://w.example/e/p/runs/r2"
NAMED = changed(line(*rates(1, 2, 3), length=2 * HOUR), 2, url=URL)


@cache
def together():
    """One store of all cases, in which each has a scholar of its own."""
    rows = [row for claim, (rows, _) in CASES.items() for row in apart(claim, rows)]
    return store_of([*rows, *apart("long", LONG), *apart("named", NAMED)], END)


def found(scholar, snapshot=None, **options):
    """Key and experiments of each sequence."""
    sequences = reads.one_setting(snapshot or together(), scholar=scholar, **options)
    found = sequences.select("key", "experiment_ids").iter_rows()
    return [(key, [it.rpartition("/")[2] for it in ids]) for key, ids in found]


@pytest.mark.parametrize("claim", CASES)
def test_a_sequence_changes_one_setting_at_a_time(claim):
    assert found(claim) == CASES[claim][1]


def test_a_row_has_names_times_and_hours():
    (row,) = reads.one_setting(together(), scholar="named").to_dicts()
    assert (row["labels"], row["urls"]) == (THREE, [None, None, URL])
    assert (row["started_at"], row["result_at"]) == (at("00:00"), at("06:10"))
    assert (row["experiments"], row["machine_hours"], row["ready_share"]) == (3, 6, 1)
    assert (row["scholar"], row["entity"], row["project"]) == ("named", "e named", "p")


def test_other_keys_are_ignored_with_other_settings():
    few = Settings(experiments=Experiments(same_idea_ignore=("seed",)))
    assert found("ada", store_of(apart("ada", IGNORED), END, settings=few)) == []


def test_a_viewer_of_one_stream_sees_a_sequence_only_if_all_of_it_is_in_the_stream():
    both = '[{ scholar = "ada", %s = 2026-01-06 }, { scholar = "ben", %s = 2026-01-06 }]'
    roster = parsed(
        f'{ADA}{BEN}[[streams]]\nid = "s"\nname = "S"\nmembers = {both % ("to", "to")}\n'
        f'[[streams]]\nid = "t"\nname = "T"\nmembers = {both % ("from", "from")}\n'
    )
    snapshot = store_of([*apart("ada", LONG), *apart("ben", LONG[:3])], END, roster=roster)
    for streams, seen in ((("s",), 0), (("t",), 0), (("s", "t"), 1)):
        sequences = reads.one_setting(snapshot, scope=Scope(streams=streams), scholar="ada")
        assert sequences.height == seen
    (row,) = reads.one_setting(snapshot, scope=Scope(streams=("s",))).to_dicts()
    assert (row["scholar"], row["stream"]) == ("ben", "s")


def test_a_sequence_belongs_to_the_day_of_its_first_launch():
    assert found("long", from_day=date(2026, 1, 6)) == []
    assert found("long", to_day=date(2026, 1, 6)) == SWEEP
