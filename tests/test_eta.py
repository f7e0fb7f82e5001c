"""When the result of an experiment in flight is likely: against exact fractions, and by example."""

import random
from datetime import timedelta
from fractions import Fraction

import polars as pl
import pytest

from tests.builders import at, run, store_of
from tests.oracles.kaplan_meier import likely_length
from velocity.explain import explain
from velocity.reading import reads

ENOUGH = 19
SHARES = {"low": Fraction(1, 10), "middle": Fraction(1, 2), "high": Fraction(9, 10)}


def drawn_line(chance: random.Random, line: int) -> tuple[list[dict], int]:
    """Runs of one line, far apart, most of them over; and the age of its open run in minutes."""
    longest = chance.choice((8, 40, 600))
    # Results far apart: a run joins an experiment only if it begins during another.
    rows = []
    for number in range(chance.randint(22, 38)):
        start = at("00:00") + timedelta(hours=12 * number)
        end = start + timedelta(minutes=chance.randint(3, longest))
        state = chance.choice(("finished", "finished", "failed", "killed"))
        rows.append(run(f"{line}-{number}", start, end, state=state, project=f"p{line}"))
    age = chance.choice((1, chance.randint(1, longest), longest))
    start = at("2026-02-01 12:00") - timedelta(minutes=age)
    rows.append(run(f"{line}-open", start, "2026-02-01 12:00", state="running", project=f"p{line}"))
    return rows, age


@pytest.mark.thorough
def test_likely_lengths_match_exact_fractions(tell):
    chance = random.Random("eta")  # noqa: S311 - nothing secret
    lines = [drawn_line(chance, number) for number in range(240)]
    snapshot = store_of([row for rows, _ in lines for row in rows], "2026-02-01 12:00")
    loops = reads.loops(snapshot).with_columns(minutes=(pl.col("machine_hours") * 60).round())
    pairs = loops.select("project", pl.col("minutes").cast(int), "machine_event")
    parts = pairs.partition_by("project", as_dict=True, include_key=False)
    lengths = {project: part.rows() for (project,), part in parts.items()}
    found = {it["project"]: it for it in reads.open_work(snapshot).to_dicts()}
    assert len(found) == len(lines)
    known = few = 0
    for number, (_, age) in enumerate(lines):
        row, pairs = found[f"p{number}"], lengths[f"p{number}"]
        wanted = {name: likely_length(pairs, age, share) for name, share in SHARES.items()}
        if sum(event for _, event in pairs) < ENOUGH:
            wanted, few = dict.fromkeys(SHARES), few + 1
        given = (row["eta_low_at"], row["eta_at"], row["eta_high_at"])
        minutes = [it and (it - row["started_at"]) / timedelta(minutes=1) for it in given]
        assert minutes == list(wanted.values())
        left = None if wanted["middle"] is None else (wanted["middle"] - age) / 60
        assert row["eta_hours"] == pytest.approx(left)
        known += left is not None
    tell(f"likely results: {known} known, {few} with too few results, of {len(lines)}")
    assert known > 100
    assert few > 30


def test_an_experiment_that_has_lasted_longer_than_some_is_compared_with_the_others():
    """Ten of 1 h and ten of 3 h: after 2 h, the result is likely after 3 h."""
    ends = [n % 5 + (1 if n < 10 else 3) for n in range(20)]
    done = [
        run(f"r{n}", f"0{n % 5}:{n:02}", f"0{end}:{n:02}", group_name=f"g{n}")
        for n, end in enumerate(ends)
    ]
    for launch, eta in (("11:30", "12:30"), ("10:00", "13:00")):
        going = run("open", launch, "12:00", state="running", group_name="open")
        snapshot = store_of([*done, going], "12:00")
        (row,) = reads.open_work(snapshot).to_dicts()
        assert row["eta_at"] == at(eta)
        told = explain(snapshot, scholar="ada", metric="eta_hours").results[0]
        assert told.value == told.headline == row["eta_hours"]
    at_one = "Mon 5 Jan, 13:00 UTC"
    assert told.steps[0] == f"likely from {at_one} to {at_one}, by the line's machine time"
    assert told.steps[1].startswith("1 hours = Mon 5 Jan, 13:00 UTC (the median) - ")


def test_nothing_is_likely_beyond_the_longest_earlier_experiment():
    done = [run(f"r{n}", f"02:{n:02}", f"04:{n:02}", group_name=f"g{n}") for n in range(20)]
    going = run("open", "06:00", "20:00", state="running", group_name="open")
    snapshot = store_of([*done, going], "20:00")
    (row,) = reads.open_work(snapshot).to_dicts()
    names = ("eta_hours", "eta_at", "eta_low_at", "eta_high_at")
    assert [row[name] for name in names] == [None] * 4
    told = explain(snapshot, scholar="ada", metric="eta_hours").results[0]
    assert told.steps[-1].startswith("not known: ")
