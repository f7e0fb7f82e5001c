"""A flag explains which facts contradict each other, and which one counts."""

import pytest

from tests.builders import at, run, store_of
from velocity.cli.findings import in_store
from velocity.explain import explain
from velocity.reading import reads
from velocity.records import run_frame
from velocity.store import open_live

pytestmark = pytest.mark.thorough


def stored(*, sound=0, data=None):
    rows = [
        run("slept", "09:00", "12:00", runtime_s=600, last_metric_at="12:00"),
        run("late", "09:00", "10:00", created_at="18:00", heartbeat_at="18:01", project="q"),
        run("odd", "09:00", "10:00", state="gone fishing", project="r"),
        *(run(f"s{number}", "09:00", "10:00", project=f"s{number}") for number in range(sound)),
    ]
    return store_of(rows, "20:00", data=data)


def test_flags_are_counted_and_explained_and_only_faults_are_doubtful():
    snapshot = stored()
    flags = reads.flags(snapshot)
    assert flags.select("flag", "runs", "fault").rows() == [
        ("unknown_state", 1, True),
        ("uploaded_late", 1, False),
        ("suspended", 1, True),
    ]
    assert flags["share"].to_list() == pytest.approx([1 / 3] * 3)
    assert flags["held"].null_count() == flags["used"].null_count() == 0
    known = {flag for (flag,) in snapshot.frame("SELECT flag FROM meaning_of_flag()").rows()}
    assert len(known) == 18
    assert set(flags["flag"]) <= known
    assert set(reads.runs(snapshot, doubtful=True)["run_id"]) == {"slept", "odd"}
    assert reads.trust(snapshot)["contradicted_runs"].item() == 2


def test_an_explanation_names_the_flags_of_its_runs():
    told = explain(stored(), scholar="ada", metric="busy_hours")
    flagged = {what: why for kind, what, why in told.left_out.rows() if kind == "flagged"}
    assert flagged["run slept"].startswith("suspended: rows continue after")
    assert "active for the runtime" in flagged["run slept"]
    assert "run late" not in flagged
    slept = told.sessions.filter(run="e/p/slept").select("hours", "active_hours").row(0)
    assert slept == pytest.approx((3, 1 / 6))


def test_doctor_reports_faults_of_many_runs(tmp_path):
    stored(data=tmp_path / "few")
    stored(data=tmp_path / "many", sound=50)
    few, many = ({it.about: it for it in in_store(tmp_path / name)} for name in ("few", "many"))
    assert "gone (1 run)" in few["states"].told
    assert any(row.startswith("suspended: 1 run (33%)") for row in few["evidence"].rows)
    assert "evidence" not in many


@pytest.mark.thorough
def test_doctor_finds_what_a_stopped_command_did_not_publish(tmp_path):
    def found():
        return {it.about: it for it in in_store(tmp_path)}

    store_of([run("r1", "09:00", "10:00")], "20:00", data=tmp_path)
    assert found().keys() == {"store", "age"}
    with open_live(tmp_path) as store:
        store.record.merge_runs(run_frame([run("r1", "09:00", "11:00")]))
        none = [f"runs_{it}" for it in ("new", "changed", "unchanged", "deleted", "rejected")]
        row = {"command": "sync", "entity": "e", "project": "p", "requests": 0, "error": "it broke"}
        times = {"started_at": at("20:00"), "finished_at": at("20:01")}
        store.record.merge_log(row | times | dict.fromkeys(none, 0))
        assert "is being written by process" in found()["snapshot"].told
    assert found()["snapshot"].told.endswith("changed runs of 1 username")
    assert "it broke" in found()["sync"].told
    store_of([run("r1", "09:00", "11:00")], "20:00", data=tmp_path)
    assert "snapshot" not in found()
