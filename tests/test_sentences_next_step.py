"""What a scholar may do next when no result waits."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from tests.plain_sentences import plain
from tests.sentence_frames import figures
from velocity.reading.periods import Window
from velocity.reading.today import Today
from velocity.sentences.facts import Facts, Setting, Whose
from velocity.sentences.today import next_step

NOW = datetime(2026, 11, 29, 1, 0, tzinfo=UTC)
READY = figures(
    busy_hours=500.0, side_by_side_hours=56.0, ready_launches=6, serial_share=0.7
)  # fmt: skip
FACTS = Facts(now=figures(busy_hours=500.0), window=Window(date(2026, 10, 26), date(2026, 11, 22)))
TODAY = Today([], [], [], [], [], since=NOW, evening=False)
ME = Whose("Curlew", own=True)


def running(*ends, old=()):
    """Work in flight that ends so many hours from now, None without an estimate."""
    return pl.DataFrame(
        [
            {
                "experiment_id": f"aviary/sae/run-{at}",
                "wip_age_hours": 70.0 - at,
                "older_than_usual": at in old,
                "eta_at": None if hours is None else NOW + timedelta(hours=hours),
            }
            for at, hours in enumerate(ends)
        ],
        schema={
            "experiment_id": pl.String,
            "wip_age_hours": pl.Float64,
            "older_than_usual": pl.Boolean,
            "eta_at": pl.Datetime("us", "UTC"),
        },
    )


def said(open_work, facts=FACTS, today=TODAY):
    return plain(next_step(today, open_work, facts, ME, "UTC")).replace("**", "")


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        ((), "Nothing waits, and nothing runs: the next launch can start now."),
        ((12,), "Nothing waits: 1 experiment runs, likely done Sun 29, 13:00."),
        ((None, None), "Nothing waits: 2 experiments run, no estimate yet."),
        (
            (5, 12),
            (
                "Nothing waits: 2 experiments run; the first is likely done Sun 29, 06:00, the "
                "last Sun 29, 13:00."
            ),
        ),
        (
            (None, 12),
            (
                "Nothing waits: 2 experiments run; one is likely done Sun 29, 13:00, no estimate "
                "yet of the rest."
            ),
        ),
        (
            (None, 5, 12),
            (
                "Nothing waits: 3 experiments run; the first of 2 with an estimate is likely done "
                "Sun 29, 06:00, the last Sun 29, 13:00."
            ),
        ),
    ],
)
def test_where_nothing_waits_the_ends_of_what_runs_are_said(ends, expected):
    assert said(running(*ends)) == expected


def test_the_step_is_the_oldest_work_then_one_sweep_then_side_by_side():
    facts = replace(FACTS, now=READY, chains=2)
    assert said(running(5), facts).endswith(
        "6 launches came within 10 minutes of a result, 26 Oct to 22 Nov: two ideas that are ready "
        "can run side by side."
    )
    facts = replace(facts, setting=Setting("lr", 4, 11.0, date(2026, 11, 2), date(2026, 11, 6)))
    assert said(running(5), facts).endswith(
        "More values of lr? One sweep runs them at once; 4 ran one after another, 2 to 6 Nov."
    )
    assert said(running(5, 9, old=[1]), facts).endswith(
        "run-1 has run for 2 d 21 h, longer than usual: is it still needed?"
    )


def test_with_a_result_or_failure_to_answer_the_list_says_enough():
    row = {"experiment_id": "aviary/sae/run-0", "label": "sae-0"}
    for group in ("finished", "failed", "waiting"):
        assert said(running(5), today=replace(TODAY, **{group: [row]})) == ""


def test_an_older_experiment_has_its_name_where_it_is_known():
    row = {"experiment_id": "aviary/sae/run-0", "label": "sae-0"}
    assert " sae-0 has run" in said(running(5, old=[0]), today=replace(TODAY, running=[row]))
