"""The first sentences of Data health and of Runs: the worst doubt, and what became of the runs."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given, strategies as st

from tests.plain_sentences import assert_fits, hostile, plain, whole
from tests.read_schemas import READ_SCHEMAS
from tests.sentence_frames import frame
from velocity.reading.periods import Window
from velocity.sentences.health import data_health, runs
from velocity.sentences.weeks import restated_rows


def health(users=0, ambiguous=0, residual=0.0, errors=(), **trust):
    """`errors`: of the syncs of projects, None for a successful one."""
    syncs = [{"entity": "e", "project": name, "error": error} for name, error in errors]
    return data_health(
        trust={"runs": 1904, **trust},
        unattributed=frame("unattributed", [{"username": "x", "runs": users}] if users else []),
        ambiguous=frame("ambiguous", [{"experiments": ambiguous}] if ambiguous else []),
        syncs=frame("sync_log", syncs),
        residual_hours=residual,
    )


def doubt(*errors, **doubts):
    told = health(errors=[(f"p{at}", error) for at, error in enumerate(errors)], **doubts)
    return plain(told.sentence), plain(told.support)


def test_data_health_names_what_is_doubtful():
    assert doubt() == (
        "Nothing is doubtful: all 1,904 runs have a known scholar, a sound clock and a known end.",
        "",
    )
    # A sync that failed before a successful one is not a doubt.
    assert health(errors=[("p", None), ("p", "no")]).sentence.startswith("Nothing is doubtful")
    assert doubt(clock_runs=1) == ("1 run has impossible times (n = 1,904 runs).", "")
    assert doubt(clock_runs=5, users=27, ambiguous=2, stale_runs=1) == (
        "27 runs have no known scholar, and 5 runs have impossible times (n = 1,904 runs).",
        "Also 2 experiments have no stream; 1 run is presumed dead.",
    )
    assert doubt("no", clock_runs=5) == (
        "The last sync of e / p0 failed; its figures end earlier.",
        "5 runs have impossible times.",
    )
    both = "The last sync of 2 projects failed; their figures end earlier."
    assert doubt("no", "no") == (both, "")
    assert doubt("no", residual=0.5) == (
        "Daily figures and runs do not add up: a bug in this tool; please report it.",
        "They differ by 30 m.",
    )
    assert doubt(runs=0) == ("There are no runs yet.", "")


@given(
    counts=st.fixed_dictionaries(
        {
            name: whole
            for name in READ_SCHEMAS["trust"]
            if name.endswith(("_runs", "_rows")) or name == "runs"
        }
    ),
    users=whole,
    ambiguous=whole,
    residual=st.floats(-1e6, 1e6),
    failed=st.lists(st.tuples(hostile, st.just("no")), max_size=3),
)
def test_data_health_fits_and_is_inert_for_any_names(counts, users, ambiguous, residual, failed):
    assert_fits(health(users, ambiguous, residual, failed, **counts))


def test_restated_measures_have_their_titles_and_values_in_their_units():
    rows = pl.DataFrame(
        {
            "measure": ["failure_share", "loop_hours_median", "experiments_concluded"],
            "value_before": [0.091, 13.0, 252.0],
            "value_after": [0.094, None, 253.0],
            "by_people": False,
        }
    )
    # Nobody sees a change of less.
    less = rows.head(1).with_columns(value_after=pl.lit(0.0911))
    told = restated_rows(pl.concat([rows, less])).drop("by_people")
    assert [tuple(map(plain, row)) for row in told.rows()] == [
        ("Share of runs failed", "9.1 %", "9.4 %"),
        ("Feedback loop, median", "13 h", "not known"),
        ("Experiments concluded", "252", "253"),
    ]


NOVEMBER = Window(date(2026, 11, 2), date(2026, 11, 29))
SUNDAY = Window(date(2026, 11, 29), date(2026, 11, 29))


def counts(*, early=0, rework=0, **runs):
    """Runs by class; those that failed early and those that repeat a config are in the first."""
    rows = [
        {"scholar": "ada", "project": "p", "class": kind, "runs": n}
        | {"early_failures": 0 if at else early, "runs_rework": 0 if at else rework}
        for at, (kind, n) in enumerate(runs.items())
    ]
    return frame("run_counts", rows)


def test_runs_shows_outcomes_that_add_up_and_the_share_that_failed():
    told = runs(
        counts(finished=171, failed=10, crashed=6, stale=2, killed=9, running=16, early=3), NOVEMBER
    )
    assert plain(told.sentence) == (
        "214 runs started from 2 to 29 Nov 2026: 171 finished, 18 failed, 9 were killed, "
        "16 are running."
    )
    assert plain(told.support) == (
        "9 % of the 198 runs that ended failed, 3 of them within 2 minutes."
    )


def test_runs_says_what_the_filters_leave():
    chosen = [("of", "Heron"), ("in", "probe-base")]
    told = runs(counts(failed=6, rework=2), NOVEMBER, chosen=chosen)
    assert plain(told.sentence) == (
        "6 runs of Heron in probe-base started from 2 to 29 Nov 2026: all failed."
    )
    assert plain(told.support) == (
        "100 % of the 6 runs that ended failed. 2 runs repeat a config that had failed before."
    )


@pytest.mark.parametrize(
    ("kinds", "window", "said"),
    [
        ({}, NOVEMBER, "No run of Heron started from 2 to 29 Nov 2026."),
        ({"failed": 1}, SUNDAY, "1 run of Heron started on 29 Nov 2026: 1 failed."),
        ({"killed": 1}, SUNDAY, "1 run of Heron started on 29 Nov 2026: 1 was killed."),
    ],
)
def test_few_runs_have_no_share(kinds, window, said):
    told = runs(counts(**kinds), window, chosen=[("of", "Heron")])
    assert plain(told.sentence) == said
    assert told.support == ""


CLASSES = [
    *("finished", "failed", "crashed", "stale", "killed", "preempted"),
    *("running", "pending", "unknown"),
]


@given(
    kinds=st.dictionaries(st.sampled_from(CLASSES), st.integers(1, 10**9)),
    chosen=st.lists(st.tuples(st.sampled_from(["of", "in"]), hostile), max_size=3),
)
def test_any_counts_and_names_give_a_sentence(kinds, chosen):
    assert_fits(runs(counts(**kinds), NOVEMBER, chosen=chosen))
