"""Rows of lists and their days, in one small store calculated by hand."""

from datetime import date

import polars as pl
import pytest

from tests.builders import at, run, store_of
from tests.roster_texts import ADA, BEN, parsed, rate, stream
from velocity.reading import reads

pytestmark = pytest.mark.sampled(6)

TUESDAY = date(2026, 1, 6)
PEOPLE = ADA + BEN
ROSTER = parsed(
    PEOPLE
    + stream("s", members='[{scholar = "ada"}]')
    + stream("t", projects='["f/*"]')
    + rate("*", "2026-01-06", 2)
)
#: Monday, Tuesday twice (overlapping), and Monday three weeks later; one by an unknown user.
ROWS = [
    run("r1", "09:00", "10:00", gpu_count=1, gpu_type="A", gpu_utilisation=0.5),
    run("r2", "2026-01-06 09:00", "2026-01-06 12:00", gpu_count=1, gpu_type="A"),
    run("r3", "2026-01-06 11:00", "2026-01-06 12:00", username="ben"),
    run("r4", "2026-02-02 09:00", "2026-02-02 10:00", gpu_count=2, gpu_type="A", project="q"),
    run("r5", "2026-02-02 09:00", "2026-02-02 10:00", username="cy", entity="f", group_name="g"),
]
AS_OF = {
    ("e", "p"): at("2026-02-03 00:00"),
    ("e", "q"): at("2026-02-02 20:00"),
    ("f", "p"): at("2026-02-03 12:00"),
}


@pytest.fixture(scope="module")
def snapshot():
    return store_of(ROWS, AS_OF, roster=ROSTER)


@pytest.mark.parametrize(
    ("read", "column", "ada"),
    [
        (reads.runs, "run_id", {"scholars": ["ada"]}),
        (reads.experiments, "experiment_id", {"scholar": "ada"}),
        (reads.loops, "experiment_id", {"scholar": "ada"}),
    ],
)
def test_lists_have_exactly_the_days_of_the_window(read, column, ada, snapshot):
    found = read(snapshot, from_day=date(2026, 1, 5), to_day=TUESDAY)
    assert [it.removeprefix("e/p/") for it in found[column]] == ["r1"]
    found = read(snapshot, from_day=TUESDAY, **ada)
    assert [it[-2:] for it in found[column]] == ["r4", "r2"]


def test_runs_can_be_filtered_by_project_and_class_or_be_the_latest(snapshot):
    def found(**filters):
        return reads.runs(snapshot, **filters)["run_id"].to_list()

    everything = found()
    assert set(everything) == {"r1", "r2", "r3", "r4", "r5"}
    assert found(most=2) == everything[:2]
    assert found(projects=["q"]) == ["r4"]
    assert found(classes=["running"]) == []
    assert found(classes=["finished"], projects=["p"], scholars=["ben"]) == ["r3"]


def test_runs_can_be_those_of_an_experiment(snapshot):
    every = reads.runs(snapshot)
    for experiment, ids in every.group_by("experiment_id").agg("run_id").rows():
        found = reads.runs(snapshot, experiments=[experiment])
        assert sorted(found["run_id"]) == sorted(ids)
        assert reads.run_counts(snapshot, experiments=[experiment])["runs"].sum() == len(ids)
    assert reads.runs(snapshot, experiments=["e/p/none"]).is_empty()


def test_doubtful_runs_can_be_selected():
    rows = [run("sure", "09:00", "10:00"), run("ahead", "2026-01-07 09:00", "2026-01-07 10:00")]
    snapshot = store_of(rows, "2026-01-06 00:00")
    assert reads.runs(snapshot, doubtful=True)["run_id"].to_list() == ["ahead"]


@pytest.mark.parametrize("window", [{}, {"from_day": date(2026, 1, 5), "to_day": TUESDAY}])
def test_the_counts_match_the_rows_of_runs(window, snapshot):
    counted = reads.run_counts(snapshot, **window).select("scholar", "project", "class", "runs")
    runs = reads.runs(snapshot, **window).group_by("scholar", "project", "class").len("runs")
    key = ["scholar", "project", "class"]
    assert counted.rows() == runs.sort(key).with_columns(pl.col("runs").cast(pl.Int64)).rows()


def test_only_lines_without_a_stream_are_listed_as_ambiguous(snapshot):
    found = reads.ambiguous(snapshot)
    assert found.select("scholar", "project", "experiments").rows() == [("ben", "p", 1)]
    assert reads.ambiguous(store_of(ROWS, AS_OF, roster=parsed(PEOPLE))).is_empty()


def test_usernames_and_gpu_types_are_listed_with_their_number_of_runs():
    expected = [("ada", "A100", 2), ("ada", None, 1), ("ben", "H100", 1)]
    rows = [
        run(f"{username}{gpu_type}{n}", "09:00", "10:00", username=username, gpu_type=gpu_type)
        for username, gpu_type, count in expected
        for n in range(count)
    ]
    assert reads.usernames(store_of(rows, AS_OF)).rows() == expected


def test_only_users_who_are_not_in_the_roster_are_unattributed(snapshot):
    found = reads.unattributed(snapshot).select("username", "runs", "first_at", "last_at")
    assert found.rows() == [("cy", 1, at("2026-02-02 09:00"), at("2026-02-02 09:00"))]


def test_a_username_is_unmapped_without_a_roster_and_otherwise_mapped_or_unattributed():
    for roster, flag in ((None, "unmapped"), (parsed(ADA), ""), (parsed(BEN), "unattributed")):
        snapshot = store_of([run("r1", "09:00", "10:00")], "20:00", roster=roster)
        assert reads.runs(snapshot)["flags"].to_list() == [flag]


def test_trust_is_as_of_the_oldest_project_and_counts_scholars_of_the_roster(snapshot):
    found = reads.trust(snapshot).row(0, named=True)
    assert found["as_of"] == at("2026-02-02 20:00")
    assert found["attributed_share"] == pytest.approx(4 / 5)
    assert (found["projects"], found["scholars"], found["runs"]) == (3, 2, 5)


def test_stretches_are_cut_to_the_window(snapshot):
    window = {"from_at": at("2026-01-06 10:00"), "to_at": at("2026-01-06 11:30")}
    (stretch,) = reads.concurrency(snapshot, scholar="ada", **window).to_dicts()
    assert (stretch["start_at"], stretch["end_at"]) == tuple(window.values())
    assert (stretch["experiments"], stretch["runs"]) == (1, 1)


def test_gpu_types_and_weeks_have_their_hours_and_what_was_measured(snapshot):
    names = ("gpu_hours", "gpu_utilisation", "gpu_measured_share", "credits")
    found = reads.gpu_types(snapshot, to_day=date(2026, 2, 1)).select(names)
    # Monday costs nothing: it is before the first rate.
    assert found.rows() == [pytest.approx((4, 0.5, 1 / 4, 3 * 2))]
    weeks = reads.gpu_weeks(snapshot).select("week_start", "stream", "gpu_hours").rows()
    assert weeks == [
        (date(2026, 1, 5), "s", pytest.approx(4)),
        (date(2026, 2, 2), "s", pytest.approx(2)),
    ]


@pytest.mark.thorough
def test_a_user_without_remaining_runs_is_not_a_scholar(tmp_path):
    store_of(ROWS[:2], AS_OF, data=tmp_path)
    gone = [row | {"username": "dee"} for row in ROWS[:2]]
    assert reads.scholars(store_of(gone, AS_OF, data=tmp_path))["scholar"].to_list() == ["dee"]


def test_launches_on_other_lines_while_a_result_waited_are_counted():
    rows = [
        run("r1", "09:00", "10:00"),
        run("before", "09:30", "09:40", project="q"),
        run("one", "11:00", "11:10", project="q"),
        run("two", "12:00", "12:10", project="s"),
        run("r2", "13:00", "14:00"),
        run("late", "15:00", "15:10", project="q"),
    ]
    snapshot = store_of(rows, "20:00")
    counts = dict(reads.meanwhile(snapshot, scholar="ada")["experiment_id", "launches"].rows())
    assert (counts["e/p/r1"], counts["e/p/r2"], counts["e/q/late"]) == (2, 1, 0)
    assert reads.meanwhile(snapshot, scholar="ada", from_day=TUESDAY).is_empty()
