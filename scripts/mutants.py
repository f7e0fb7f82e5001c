"""Break the queries one fault at a time and see that the tests notice.

    python -m scripts.mutants [NAME ...]

Works on a copy of the tree. A fault whose old text is not there exactly once stops everything, as
does a copy whose tests fail before anything is broken. Faults that no test notices are listed, and
the exit code is 1.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

#: Quick first: the first red test ends a run.
TESTS = (
    "tests/test_worked_example.py",
    "tests/test_run_rules.py",
    "tests/test_properties_rows.py::test_rows_are_the_oracles",
    "tests/test_properties_figures.py::test_figures_are_the_oracles",
    "tests/test_outside_oracles.py",
)
#: Of the tests that are made for many places, those of one; and not the slowest.
CHOSEN = "(not base or base1) and not limits_are_those_of_lifelines"


@dataclass(frozen=True)
class Fault:
    """A fault: its name, the query it is put in, what stands there and what comes instead."""

    name: str
    query: str
    old: str
    new: str


FAULTS = (
    Fault(
        "stale a moment early", "derive/010_run_base", "<= setting.stale_us", "< setting.stale_us"
    ),
    Fault(
        "preempting is unknown",
        "derive/010_run_base",
        "'preempting' THEN 'preempted'",
        "'preempting' THEN 'unknown'",
    ),
    Fault(
        "crashed is killed",
        "derive/010_run_base",
        "'crashed' THEN 'crashed'",
        "'crashed' THEN 'killed'",
    ),
    Fault("localhost is a host", "derive/010_run_base", "('', 'localhost')", "('')"),
    Fault("deleted runs count", "derive/010_run_base", "WHERE raw.deleted_at IS NULL", ""),
    Fault(
        "sessions outlast as_of",
        "derive/020_session",
        "least(coalesce(end_us, session.as_of_us), session.as_of_us)",
        "coalesce(end_us, session.as_of_us)",
    ),
    Fault("pending runs count", "derive/020_session", "session.class <> 'pending' AND", ""),
    Fault(
        "all tags are experiments", "derive/030_run_interval", "starts_with(tag, 'exp:') AND", ""
    ),
    Fault(
        "last tag wins", "derive/030_run_interval", "list_min(list_filter", "list_max(list_filter"
    ),
    Fault(
        "two minutes exclusive",
        "derive/040_link",
        "<= setting.together_us",
        "< setting.together_us",
    ),
    Fault(
        "sixty seconds exclusive",
        "derive/040_link",
        "<= setting.script_gap_us",
        "< setting.script_gap_us",
    ),
    Fault("killed runs go on", "derive/040_link", "class <> 'killed' AND NOT open", "NOT open"),
    Fault(
        "ties by no run id",
        "derive/040_link",
        "ORDER BY run.start_us, run.run_id",
        "ORDER BY run.start_us, run.run_id DESC",
    ),
    Fault(
        "touching stretches apart",
        "derive/060_segment",
        "start_us <= reached_us",
        "start_us < reached_us",
    ),
    Fault(
        "k one too many",
        "derive/070_experiment_core",
        "WHEN finished_ends[(n + 1) // 2]",
        "WHEN finished_ends[n // 2 + 1]",
    ),
    Fault(
        "stale is no failure",
        "derive/070_experiment_core",
        "('failed', 'crashed', 'stale')",
        "('failed', 'crashed')",
    ),
    Fault("early failure exclusive", "derive/070_experiment_core", "<= 120000000", "< 120000000"),
    Fault(
        "membership's last day counts",
        "derive/070_experiment_core",
        "< membership.to_date",
        "<= membership.to_date",
    ),
    Fault("twins overlap", "derive/090_experiment", "coalesce(own.beginning, 0) > 0", "1 > 0"),
    Fault("twin does not answer", "derive/092_loop_core", "AND launches = 1 THEN", "THEN"),
    Fault(
        "five days exclusive",
        "derive/092_loop_core",
        "next_us - signal_us <=",
        "next_us - signal_us <",
    ),
    Fault("false starts have loops", "derive/092_loop_core", "outcome <> 'false_start' AND", ""),
    Fault("clocks have loops", "derive/092_loop_core", "AND NOT clock", ""),
    Fault(
        "killed ends machine time",
        "derive/100_loop",
        "NOT IN ('killed', 'other')",
        "NOT IN ('other')",
    ),
    Fault(
        "open loops end at 0",
        "derive/100_loop",
        "coalesce(signal_us, as_of_us)",
        "coalesce(signal_us, start_us)",
    ),
    Fault(
        "recovery starts before", "derive/105_recovery", ">= failed.signal_us", "> failed.signal_us"
    ),
    Fault(
        "false starts not recovered",
        "derive/105_recovery",
        "('failure', 'false_start')",
        "('failure')",
    ),
    Fault(
        "rework before the end", "derive/095_run", "END <= base.start_us,", "END < base.start_us,"
    ),
    Fault(
        "two is not parallel",
        "derive/110_day_fact",
        "FILTER (experiments > 1)",
        "FILTER (experiments > 2)",
    ),
    Fault(
        "partial is not concluded",
        "derive/110_day_fact",
        "outcome IN ('success', 'partial')",
        "outcome IN ('success')",
    ),
    Fault("hosts without limit", "derive/126_host_share", "least(1, capacity / demand)", "1.0"),
    Fault(
        "censorings before events", "macros/curve_of", "length_us, event DESC", "length_us, event"
    ),
    Fault(
        "half is not a half",
        "macros/kaplan_meier",
        "survival <= 0.5 + 1e-9",
        "survival < 0.5 - 1e-9",
    ),
    Fault(
        "six events do not suffice",
        "macros/kaplan_meier",
        "CASE WHEN events >= 6 THEN median",
        "CASE WHEN events > 6 THEN median",
    ),
    Fault("one-sided limits", "macros/poisson_high", "- 0.025", "- 0.05"),
    Fault(
        "weeks begin on Sunday",
        "macros/period_of",
        "date_trunc('week', day::DATE)::DATE",
        "date_trunc('week', day::DATE + 1)::DATE - 1",
    ),
    Fault(
        "days begin in UTC",
        "macros/local_day",
        "timezone(zone, make_timestamptz(instant_us))",
        "timezone('UTC', make_timestamptz(instant_us))",
    ),
)


def main(names: list[str]) -> int:
    """Try the faults of these names, or all; the exit code."""
    faults = [fault for fault in FAULTS if not names or fault.name in names]
    survivors = []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "tree"
        leave = shutil.ignore_patterns(".git", ".venv", "data", "dist", "__pycache__", ".*_cache")
        shutil.copytree(ROOT, copy, ignore=leave)
        for fault in faults:
            broken(copy, fault)
        if not passes(copy):
            sys.exit("The tests fail with nothing broken.")
        for fault in faults:
            path, whole, text = broken(copy, fault)
            path.write_text(text, encoding="utf-8")
            begun = time.monotonic()
            noticed = not passes(copy)
            path.write_text(whole, encoding="utf-8")
            if not noticed:
                survivors.append(fault.name)
            said = "noticed " if noticed else "SURVIVED"
            print(
                f"{said} {time.monotonic() - begun:5.1f} s  {fault.query}: {fault.name}", flush=True
            )
    print(f"{len(faults) - len(survivors)} of {len(faults)} faults noticed.")
    return 1 if survivors else 0


def broken(copy: Path, fault: Fault) -> tuple[Path, str, str]:
    """Where a fault goes, the text as it is and the text with the fault.

    Raises:
        SystemExit: the old text is not there exactly once.
    """
    path = copy / "queries" / f"{fault.query}.sql"
    whole = path.read_text(encoding="utf-8")
    if whole.count(fault.old) != 1:
        sys.exit(f"{fault.name}: {whole.count(fault.old)} times in {fault.query}: {fault.old}")
    return path, whole, whole.replace(fault.old, fault.new)


def passes(copy: Path) -> bool:
    """Whether the tests pass in the copy.

    Raises:
        SystemExit: pytest ended otherwise than with tests passed or failed.
    """
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-k", CHOSEN, *TESTS]
    done = subprocess.run(
        [*command, "-p", "no:cacheprovider"], cwd=copy, check=False, capture_output=True, text=True
    )
    if done.returncode not in (0, 1):
        sys.exit(f"pytest ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
