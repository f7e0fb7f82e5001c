"""Unknown states are listed by the commands that add runs, and by doctor."""

import pytest

from tests.builders import run, store_of
from tests.commands import velocity
from tests.sampling import one_in
from velocity.cli.findings import in_store, unknown_states

HEADER = "entity,project,run_id,username,state,created_at,runtime_s\n"


@pytest.mark.parametrize(
    ("states", "told"),
    one_in(
        6,
        [
            (["gone fishing", "GONE", "odd"], "GONE (1 run), gone (1 run), odd (1 run)"),
            (["finished", "COMPLETED", "Running", "CANCELLED by 1000"], ""),
            (["odd", "even", "odd"], "odd (2 runs), even (1 run)"),
            (["", "unknown", " "], ""),
            (["a\x1b[31m"], "a\ufffd[31m (1 run)"),
            (list("mquvwxyz"), "m (1 run), q (1 run), u (1 run), v (1 run), w (1 run), and 3 more"),
        ],
    ),
)
def test_unknown_states_are_listed_with_their_number_of_runs(states: list[str], told: str) -> None:
    rows = [run(f"r{n}", "09:00", "10:00", state=state) for n, state in enumerate(states)]
    found = unknown_states(store_of(rows, "20:00"))
    assert found == (f"states that velocity does not know: {told}" if told else "")


def imported(folder, state):
    """Import a table with a run in this state."""
    row = f"lab,p,r1,ada,{state},2026-05-04T09:00:00Z,60\n"
    (folder / "runs.csv").write_text(HEADER + row, encoding="utf-8")
    return velocity("import", "runs.csv", cwd=folder)


@pytest.mark.thorough
def test_import_and_doctor_list_unknown_states(tmp_path):
    assert b"does not know" not in imported(tmp_path, "TIMEOUT").stderr
    done = imported(tmp_path, "GONE_FISHING")
    words = "states that velocity does not know: GONE_FISHING (1 run)"
    assert done.returncode == 0
    assert words in done.stderr.decode()
    (finding,) = (it for it in in_store(tmp_path / "data") if it.about == "states")
    assert (finding.state, finding.told) == ("note", words)
