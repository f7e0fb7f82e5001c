"""The first sentence of Runs: how many started, and their outcomes."""

from __future__ import annotations

import pytest

from tests.plain_sentences import plain
from tests.sentence_frames import figures
from velocity import sentences


def test_runs_shows_outcomes_and_shares_only_of_enough_runs():
    row = figures(runs_started=214, runs_finished=171, runs_failed=18, runs_killed=9)
    told = sentences.runs(figures={**row, "failure_share": 0.09, "early_failures": 3}, started=214)
    assert plain(told.sentence) == (
        "214 runs started in this window: 171 finished, 18 failed, 9 were killed."
    )
    assert plain(told.support) == "9 % of the runs that ended failed, 3 of them within 2 minutes."
    few = figures(runs_started=1, runs_failed=5, failure_share=1.0, rework_share=1.0)
    assert sentences.runs(figures=few, started=1).support == ""
    none = "No run started or ended in this window."
    assert sentences.runs(figures=None, started=0).sentence == none


@pytest.mark.parametrize(("started", "said"), [(1, "1 run started"), (415, "415 runs started")])
def test_runs_of_no_other_kind_are_counted(started, said):
    told = sentences.runs(figures=None, started=started)
    assert plain(told.sentence) == f"{said} in this window."
