"""A flag explains which facts contradict each other, and which one counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.builders import run, store_of
from velocity.cli.findings import in_store
from velocity.explain import explain
from velocity.reading import reads

if TYPE_CHECKING:
    from pathlib import Path

    from velocity.store.snapshot import Snapshot

pytestmark = pytest.mark.thorough

SLEPT = {"runtime_s": 600, "last_metric_at": "12:00"}


def stored(*, sound: int = 0, data: Path | None = None) -> Snapshot:
    rows = [
        run("slept", "09:00", "12:00", **SLEPT),
        run("late", "09:00", "10:00", created_at="18:00", heartbeat_at="18:01", project="q"),
        run("odd", "09:00", "10:00", state="gone fishing", project="r"),
        *(run(f"s{number}", "09:00", "10:00", project=f"s{number}") for number in range(sound)),
    ]
    return store_of(rows, "20:00", data=data)


def test_flags_are_counted_and_explained() -> None:
    flags = reads.flags(stored())
    assert flags.select("flag", "runs", "fault").rows() == [
        ("unknown_state", 1, True),
        ("uploaded_late", 1, False),
        ("suspended", 1, True),
    ]
    assert flags["share"].to_list() == pytest.approx([1 / 3] * 3)
    assert flags["held"].null_count() == flags["used"].null_count() == 0


def test_only_faults_are_listed_as_doubtful() -> None:
    assert set(reads.runs(stored(), doubtful=True)["run_id"]) == {"slept", "odd"}
    assert reads.trust(stored())["contradicted_runs"].item() == 2


def test_every_flag_has_a_meaning() -> None:
    snapshot = stored()
    known = {flag for (flag,) in snapshot.frame("SELECT flag FROM meaning_of_flag()").rows()}
    assert len(known) == 18
    assert set(reads.flags(snapshot)["flag"]) <= known


def test_an_explanation_names_the_flags_of_its_runs() -> None:
    told = explain(stored(), scholar="ada", metric="busy_hours").left_out
    flagged = {what: why for kind, what, why in told.rows() if kind == "flagged"}
    assert flagged["run slept"].startswith("suspended: rows continue after")
    assert "active for the runtime" in flagged["run slept"]
    assert "run late" not in flagged
    sessions = explain(stored(), scholar="ada", metric="busy_hours").sessions
    slept = sessions.filter(run="e/p/slept").row(0, named=True)
    assert (slept["hours"], slept["active_hours"]) == pytest.approx((3, 1 / 6))


def test_doctor_reports_faults_of_many_runs(tmp_path: Path) -> None:
    stored(data=tmp_path / "few")
    stored(data=tmp_path / "many", sound=50)
    few, many = ({it.about: it for it in in_store(tmp_path / name)} for name in ("few", "many"))
    assert "gone (1 run)" in few["states"].told
    assert any(row.startswith("suspended: 1 run (33%)") for row in few["evidence"].rows)
    assert "evidence" not in many
