"""Record a commit's outputs for raw inputs, and compare this tree's outputs with them.

    python -m scripts.proof record --out DIR [--base COMMIT] [--tables DIR]
    python -m scripts.proof compare DIR [--texts numbers|skip|exact] [--cases GLOB]

The inputs are the runs of the demo's W&B server at a fixed instant, the run tables of a folder
(`*.runs.parquet`), and drawn tables and histories. The outputs are the tables of the snapshot and
what the commands print. renames.toml lists allowed differences. The exit code of `compare` is 1 if
something else differs.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.proof.changes import load_changes
from scripts.proof.compare import compare_zips
from scripts.proof.outputs import for_each_case, make_outputs, record_outputs
from scripts.proof.trees import HERE, Tree, extract

if TYPE_CHECKING:
    from collections.abc import Sequence

_BASE = "bcfce33"
_ANCHOR = "2026-11-29T01:00:00+00:00"
_MAP = Path(__file__).with_name("renames.toml")


def main(words: Sequence[str]) -> int:
    """Run `record` or `compare`; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m scripts.proof")
    actions = parser.add_subparsers(dest="action", required=True)
    recording = actions.add_parser("record", help="record a commit's outputs")
    recording.add_argument("--out", type=Path, required=True, metavar="DIR")
    recording.add_argument("--base", default=_BASE, metavar="COMMIT")
    recording.add_argument("--tables", type=Path, metavar="DIR", help="has *.runs.parquet")
    comparing = actions.add_parser("compare", help="compare this tree with a recording")
    comparing.add_argument("recorded", type=Path, metavar="DIR")
    comparing.add_argument("--texts", choices=["numbers", "skip", "exact"], default="numbers")
    comparing.add_argument("--cases", default="*", metavar="GLOB", help="only these")
    asked = parser.parse_args(words)
    if asked.action == "record":
        return record(asked.out, asked.base, asked.tables)
    return compare(asked.recorded, asked.texts, asked.cases)


def record(out: Path, commit: str, tables: Path | None) -> int:
    """Write inputs and outputs to a new folder; return the exit code."""
    if out.exists() and any(out.iterdir()):
        print(f"{out} is not empty.")
        return 1
    begun = time.monotonic()
    inputs, outputs = out / "inputs", out / "outputs"
    for folder in (inputs, outputs):
        folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix="proof-base-") as temporary:
        base = extract(commit, Path(temporary))
        base.run("in_base.py", "inputs", inputs.resolve(), _ANCHOR)
        for table in sorted(tables.glob("*.runs.parquet")) if tables else ():
            _add_table(inputs / table.name.removesuffix(".runs.parquet"), table)
        metrics = json.loads((inputs / "metrics.json").read_text(encoding="utf-8"))
        for case, _ in for_each_case(
            inputs, lambda case: record_outputs(case, base, metrics, outputs)
        ):
            print(f"{time.monotonic() - begun:6.1f} s  {case.name}", flush=True)
    full = subprocess.run(
        ["git", "-C", HERE, "rev-parse", commit], capture_output=True, text=True, check=True
    ).stdout.strip()
    # Written last, so that only a complete recording has it.
    (out / "base.json").write_text(json.dumps({"commit": full}), encoding="utf-8")
    return 0


def _add_table(case: Path, table: Path) -> None:
    case.mkdir()
    shutil.copy(table, case / "runs.parquet")
    arrivals = [{"table": "runs.parquet", "at": "-"}]
    (case / "arrivals.json").write_text(json.dumps(arrivals), encoding="utf-8")


def compare(recorded: Path, texts: str, cases: str) -> int:
    """Print every difference between this tree and the recording; return the exit code.

    This tree's outputs stay beside the recording, in `now/`.
    """
    if not (recorded / "base.json").exists():
        print(f"{recorded} does not hold a complete recording.")
        return 1
    commit = json.loads((recorded / "base.json").read_text(encoding="utf-8"))["commit"]
    changes = load_changes(_MAP, texts)
    outputs, now = recorded / "outputs", recorded / "now"
    now.mkdir(exist_ok=True)
    compared, wrong, allowed = 0, 0, dict.fromkeys((it.name for it in changes.allowed), 0)
    with tempfile.TemporaryDirectory(prefix="proof-base-") as folder:
        base = extract(commit, Path(folder))  # its server serves the runs to this tree

        def make(case: Path) -> Path:
            words = json.loads((outputs / f"{case.name}.json").read_text(encoding="utf-8"))
            wanted = {name: changes.command(it) for name, it in words.items()}
            return make_outputs(case, Tree(HERE), base, wanted, now)

        for case, made in for_each_case(recorded / "inputs", make, cases):
            count, found = compare_zips(case.name, outputs / made.name, made, changes)
            compared += count
            for difference in found:
                if difference.allowed_by is None:
                    wrong += 1
                    print(difference, flush=True)
                else:
                    allowed[difference.allowed_by] += 1
    for it in changes.allowed:
        print(f"Allowed in {allowed[it.name]} places: {it.name}: {it.reason}")
    print(f"{compared:,} outputs compared with those of {commit[:7]}: {wrong:,} differences.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
