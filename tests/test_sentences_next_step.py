"""What a scholar may do next when no result waits."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.plain_sentences import plain
from tests.sentence_frames import FOUR_WEEKS, figures, frame
from velocity.reading.today import Today
from velocity.sentences.facts import Facts, Setting, Whose
from velocity.sentences.today import groups, next_step, silent

NOW = datetime(2026, 11, 29, 1, 0, tzinfo=UTC)
READY = figures(busy_hours=500.0, side_by_side_hours=56.0, ready_launches=6, serial_share=0.7)
FACTS = Facts(now=figures(busy_hours=500.0), window=FOUR_WEEKS)
TODAY = Today([], [], [], [], [], since=NOW, evening=False)
ME = Whose("Curlew", own=True)
ROW = {"experiment_id": "aviary/sae/run-0", "label": "sae-0"}


def running(*ends, old=()):
    """Work in flight that ends so many hours from now, None without an estimate."""
    rows = [
        {
            "experiment_id": f"aviary/sae/run-{at}",
            "wip_age_hours": 70.0 - at,
            "older_than_usual": at in old,
            "eta_at": None if hours is None else NOW + timedelta(hours=hours),
        }
        for at, hours in enumerate(ends)
    ]
    return frame("open_work", rows)


def said(open_work, facts=FACTS, today=TODAY):
    return plain(next_step(today, open_work, facts, ME, "UTC")).replace("**", "")


@pytest.mark.parametrize(
    ("window", "hour", "ended", "evening"),
    [
        ((9, 21), 1, (-1, 21), False),
        ((9, 21), 18, (-1, 21), True),
        ((9, 21), 21, (0, 21), False),
        # After midnight, the window of the day before goes on.
        ((14, 26), 1, (-1, 2), True),
        ((14, 26), 2, (0, 2), False),
        ((0, 24), 10, (0, 0), False),
    ],
)
def test_today_begins_with_the_end_of_the_last_awake_window(window, hour, ended, evening):
    opens, closes = (60 * it for it in window)
    who = {"timezone": "UTC", "awake_start_min": opens, "awake_end_min": closes}
    given = frame("loops"), frame("needs_decision")
    today = Today.of(*given, as_of=NOW.replace(hour=hour), zone="UTC", who=who)
    since = NOW.replace(hour=0) + timedelta(days=ended[0], hours=ended[1])
    assert (today.since, today.evening) == (since, evening)


def test_where_nothing_waits_the_ends_of_what_runs_are_said():
    def ends(*hours):
        told = said(running(*hours))
        assert told.startswith("Nothing waits")
        return told.removeprefix("Nothing waits")

    assert ends() == ", and nothing runs: the next launch can start now."
    assert ends(12) == ": 1 experiment runs, likely done Sun 29, 13:00."
    assert ends(None, None) == ": 2 experiments run, no estimate yet."
    assert ends(5, 12) == (
        ": 2 experiments run; the first is likely done Sun 29, 06:00, the last Sun 29, 13:00."
    )
    assert ends(None, 12) == (
        ": 2 experiments run; one is likely done Sun 29, 13:00, no estimate yet of the rest."
    )
    assert ends(None, 5, 12) == (
        ": 3 experiments run; the first of 2 with an estimate is likely done Sun 29, 06:00, the "
        "last Sun 29, 13:00."
    )


def test_the_step_is_the_oldest_work_then_one_sweep_then_side_by_side():
    facts = replace(FACTS, now=READY, chains=2)
    assert said(running(5), facts).endswith(
        "6 launches came within 10 minutes of a result, 26 Oct to 22 Nov: two ideas that are ready "
        "can run side by side."
    )
    assert " came within 1 minute of a " in said(running(5), replace(facts, ready_minutes=1))
    facts = replace(facts, setting=Setting("lr", 4, 11.0, date(2026, 11, 2), date(2026, 11, 6)))
    assert said(running(5), facts).endswith(
        "More values of lr? One sweep runs them at once; 4 ran one after another, 2 to 6 Nov."
    )
    assert said(running(5, 9, old=[1]), facts).endswith(
        "run-1 has run for 2 d 21 h, longer than usual: is it still needed?"
    )


@pytest.mark.parametrize("group", ["finished", "failed", "waiting"])
def test_with_a_result_or_failure_to_answer_the_list_says_enough(group):
    assert said(running(5), today=replace(TODAY, **{group: [ROW]})) == ""


def test_a_failure_says_how_long_nothing_followed():
    row = ROW | {"project": "sae", "result_at": NOW, "reaction_working_hours": 12.0}
    found = [*groups(replace(TODAY, failed=[row]), running(), "UTC")]
    assert plain(found[1].said[0]) == "sae · Sun 29, 01:00 · 12 h in working hours"


def test_a_killed_experiment_is_not_said_to_have_finished():
    rows = [
        ROW | {"project": "sae", "result_at": NOW, "outcome": it} for it in ("success", "killed")
    ]
    found = next(groups(replace(TODAY, finished=rows), running(), "UTC"))
    assert plain(found.title) == "with a result since Sun 29, 01:00"
    assert [plain(it) for it in found.said] == ["sae · Sun 29, 01:00", "sae · killed Sun 29, 01:00"]


def test_silent_runs_are_said_with_what_they_may_hold():
    row = {"project": "sae", "url": "https://w/r", "since_at": NOW, "n": 2}
    assert plain(silent(frame("stuck", [row]), "UTC")) == (
        "**2 runs** are silent and may hold a GPU for nothing: [sae](https://w/r) since Sun 29, "
        "01:00."
    )
    assert silent(frame("stuck"), "UTC") == ""


def test_an_older_experiment_has_its_name_where_it_is_known():
    assert " sae-0 has run" in said(running(5, old=[0]), today=replace(TODAY, running=[ROW]))
