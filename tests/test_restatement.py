"""Changes of past weeks are reported, with the values before and after."""

import polars as pl
import pytest

from tests.builders import apart, at, run, store_of
from tests.roster_texts import ADA, BEN, parsed, stream
from tests.stores import built
from velocity.reading import reads
from velocity.sentences.weeks import restated
from velocity.settings import Experiments, Settings
from velocity.store import Snapshot, latest_snapshot
from velocity.sync.forget import forget_person, look_up

pytestmark = pytest.mark.sampled(8)

DEFAULTS = Settings()
ON_TIME = [run("r1", "09:00", "10:00")]
WITH_BEN = [*ON_TIME, run("b", "14:00", "15:00", username="ben")]
LATE = [run("late", "12:00", "13:00")]
NEXT_WEEK = [run("r2", "2026-01-12 09:00", "2026-01-12 10:00")]


def sync(data, rows, as_of, settings=DEFAULTS, roster=None):
    return store_of(rows, {("e", "p"): at(as_of)}, settings=settings, roster=roster, data=data)


def told(frame: pl.DataFrame) -> dict[str, tuple[float, float]]:
    return {row["measure"]: (row["value_before"], row["value_after"]) for row in frame.to_dicts()}


def words(frame: pl.DataFrame) -> list[str]:
    """The sentences of pages and the digest, with plain spaces."""
    return [line.replace("\xa0", " ") for line in restated(frame)]


def of_all(snapshot: Snapshot) -> pl.DataFrame:
    return reads.restated(snapshot, by="programme")


def test_a_run_that_arrives_late_restates_its_week(tmp_path):
    sync(tmp_path, ON_TIME, "2026-01-12 08:00")
    snapshot = sync(tmp_path, LATE, "2026-01-13 08:00")
    assert told(of_all(snapshot)) == {
        "experiments_started": (1, 2),
        "experiments_concluded": (1, 2),
        "runs_started": (1, 2),
        "busy_hours": (1, pytest.approx(2)),
    }
    # The figures of the pages come first, because there may not be room for all.
    assert words(of_all(snapshot))[0] == "Experiments concluded, week of 5 Jan: 1 → 2."


def test_new_weeks_and_the_running_week_are_not_restatements(tmp_path):
    sync(tmp_path, ON_TIME, "10:30")
    sync(tmp_path, LATE, "2026-01-12 08:00")
    snapshot = sync(tmp_path, NEXT_WEEK, "2026-01-13 08:00")
    assert told(of_all(snapshot)) == {}


def test_other_settings_restate_with_the_reason_configuration(tmp_path):
    pair = [run("r1", "09:00", "10:00"), run("r2", "09:01", "10:00")]
    sync(tmp_path, pair, "2026-01-12 08:00")
    apart = Settings(experiments=Experiments(together_minutes=0))
    snapshot = sync(tmp_path, pair, "2026-01-12 08:00", apart)
    assert told(of_all(snapshot)) == {
        "experiments_started": (1, 2),
        "experiments_concluded": (1, 2),
        "serial_share": (1, pytest.approx(1 / 60)),
        "experiment_parallelism": (1, pytest.approx(119 / 60)),
    }
    assert reads.restated(snapshot, by="programme")["by_configuration"].all()


def _values(snapshot: Snapshot, reason: str) -> set[tuple[float | None, float | None]]:
    """Values before and after of every restatement with this reason."""
    frame = snapshot.frame("FROM restatement").filter(reason=reason)
    assert frame.height
    return set(frame.select("value_before", "value_after").rows())


OF_ADA = parsed(ADA + stream("s", members='[{scholar = "ada"}]'))
OF_BOTH = parsed(ADA + BEN + stream("s", members='[{scholar = "ada"}, {scholar = "ben"}]'))


def test_a_restatement_by_a_roster_edit_has_no_values_and_hides_earlier_ones(tmp_path):
    """The difference of the values would be the week of the person who was added."""
    sync(tmp_path, WITH_BEN, "2026-01-12 08:00", roster=OF_ADA)
    late = sync(tmp_path, LATE, "2026-01-13 08:00", roster=OF_ADA)
    assert reads.restated(late, by="stream")["value_after"].null_count() == 0
    snapshot = sync(tmp_path, [], "2026-01-13 09:00", roster=OF_BOTH)
    assert _values(snapshot, "people") == {(None, None)}
    read = reads.restated(snapshot, by="stream")
    assert read.filter("by_people")["value_before"].null_count() == read.height
    stream = snapshot.frame("FROM restatement").filter(kind="stream", measure="runs_started")
    assert stream["value_after"].to_list() == [None, None]
    said = "changed by a roster edit or an erasure; the values are not stored."
    assert f"Experiments concluded, week of 5 Jan: {said}" in words(read)


def test_a_restatement_by_an_erasure_has_no_values(tmp_path):
    settings = Settings(roster=tmp_path / "none.toml")
    sync(tmp_path, WITH_BEN, "2026-01-12 08:00", settings)
    forget_person(tmp_path, settings, look_up(tmp_path, settings, "ben"))
    assert _values(latest_snapshot(tmp_path), "people") == {(None, None)}


def test_a_median_is_restated_if_loops_of_its_week_only_wait_longer(tmp_path):
    """Six results are answered within hours, and six of other people are not: on Monday they have
    waited for half an hour, two days later longer than any answered result."""
    starts = (6, 8, 11, 15, 20, 26, 33)
    ada = [run(f"a{hour}", at("00:00", days=hour // 24).replace(hour=hour % 24)) for hour in starts]
    for row in ada:
        row["runtime_s"] = 1800.0
    span = ("2026-01-11 23:00", "2026-01-11 23:45")
    others = [run(f"b{seat}", *span, username=f"bird{seat}") for seat in range(6)]
    sync(tmp_path, [*ada, *others], "2026-01-12 00:15")
    snapshot = sync(tmp_path, [], "2026-01-14 08:00")
    assert told(of_all(snapshot)) == {
        "reaction_hours_median": (pytest.approx(4.5), None),
        "reaction_working_hours_median": (pytest.approx(3.5), None),
        "loop_hours_median": (pytest.approx(5), None),
    }
    assert "Feedback loop, median, week of 5 Jan: 5 h → not known." in words(of_all(snapshot))


#: Scholar -> what the syncs after the first one bring.
CHANGES = {
    "reverted": ([run("r1", "09:00", "10:00", state="failed")], ON_TIME),
    "grown": ([run(f"r{hour}", f"{hour}:00", f"{hour}:30") for hour in range(10, 20)], []),
    "in steps": (LATE, [run("later", "15:00", "16:00")]),
    "barely": ([run("late", "12:00", "12:00:06", state="failed")], []),
}


def three_syncs(folder):
    """A run of each scholar on time, and two syncs: at the same instant, except for one scholar."""
    of = {name: [ON_TIME, *more] for name, more in CHANGES.items()}
    for number, as_of in enumerate(["2026-01-12 08:00", *["2026-01-13 08:00"] * 2]):
        rows = [row for name, syncs in of.items() for row in apart(name, syncs[number])]
        ends = {(f"e {name}", "p"): at(as_of) for name in CHANGES}
        ends["e reverted", "p"] = at("2026-01-12 08:00", days=number)
        store_of(rows, ends, data=folder)


def changes_of(scholar: str) -> pl.DataFrame:
    found = reads.restated(latest_snapshot(built(three_syncs)), by="scholar")
    return found.filter(group_id=scholar)


#: Scholar -> some figures before and after.
TOLD = {
    # A reverted change is not reported.
    "reverted": None,
    # A week with one loop does not have a median, which is not 0; a week with ten does.
    "grown": ("loop_hours_median", None, 1),
    # A change in steps is reported from the first to the last value, also if several syncs have the
    # same instant, as when settings are tried out.
    "in steps": ("runs_started", 1, 3),
    # Figures have units; an hour and 6 s more both read "1 h", so they are not reported.
    "barely": ("busy_hours", 1, 1 + 6 / 3600),
}


@pytest.mark.parametrize("scholar", TOLD)
def test_a_change_is_reported_from_its_first_to_its_last_value(scholar):
    found = told(changes_of(scholar))
    if TOLD[scholar] is None:
        assert found == {}
    else:
        measure, before, after = TOLD[scholar]
        assert found[measure] == (before, pytest.approx(after))


def test_changes_have_units_and_equal_texts_are_not_reported():
    loops = "Feedback loop, median, week of 5 Jan: not known → 1 h."
    assert loops in words(changes_of("grown"))
    found = words(changes_of("barely"))
    assert not [line for line in found if line.startswith("Busy")]
    assert "Share of runs failed, week of 5 Jan: 0.0 % → 50.0 %." in found
