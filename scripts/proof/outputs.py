"""Makes the outputs of a tree from recorded inputs: one zip per case, two cases at a time."""

from __future__ import annotations

import json
import tempfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.proof.commands import WEEKS, Commands, commands

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from scripts.proof.trees import Tree

_PROCESSES = 2
_INPUT = "input"  # relative names, so that no output can hold the name of a temporary folder
_CONFIG = f"{_INPUT}/velocity.toml"
_DATA = "data"


def is_drawn(case: Path) -> bool:
    """Whether a case is one of many small drawn ones."""
    return case.name.startswith("drawn-")


def for_each_case(
    inputs: Path, make: Callable[[Path], Path], wanted: str = "*"
) -> Iterator[tuple[Path, Path]]:
    """Yield every case and the result of `make` for it, in order, while others are being made.

    `wanted` is a glob over the names of cases.
    """
    cases = [path.parent for path in inputs.glob(f"{wanted}/arrivals.json")]
    cases.sort(key=lambda case: (is_drawn(case), case.name))  # the largest first
    # Threads suffice: the work is done by the processes that they start.
    with ThreadPoolExecutor(_PROCESSES) as threads:
        yield from zip(cases, threads.map(make, cases), strict=True)


def record_outputs(case: Path, base: Tree, metrics: Sequence[str], out: Path) -> Path:
    """Write `<case>.zip` and the commands that gave it, `<case>.json`, into the folder `out`."""
    with _stored(case, base, base) as work:
        _read(work, base, WEEKS, work / "weeks.zip")
        with zipfile.ZipFile(work / "weeks.zip") as file:
            weeks = json.loads(file.read(next(iter(WEEKS))))
        wanted = commands(weeks, metrics, thorough=not is_drawn(case))
        (out / f"{case.name}.json").write_text(json.dumps(wanted, indent=0), encoding="utf-8")
        _read(work, base, wanted, out / f"{case.name}.zip")
    return out / f"{case.name}.zip"


def make_outputs(case: Path, tree: Tree, base: Tree, wanted: Commands, out: Path) -> Path:
    """Write the output of recorded commands in a tree to `<case>.zip` in the folder `out`."""
    with _stored(case, tree, base) as work:
        _read(work, tree, wanted, out / f"{case.name}.zip")
    return out / f"{case.name}.zip"


@contextmanager
def _stored(case: Path, tree: Tree, base: Tree) -> Iterator[Path]:
    """Yield a temporary folder with the store that a tree makes from a case."""
    with tempfile.TemporaryDirectory(prefix="proof-") as folder:
        work = Path(folder)
        (work / _INPUT).symlink_to(case.resolve())
        arrivals = json.loads((case / "arrivals.json").read_text(encoding="utf-8"))
        tables = []
        for it in arrivals:
            if "table" in it:
                tables += [f"{_INPUT}/{it['table']}", it["at"]]
                continue
            with base.serving(case / it["nodes"], it["at"]) as address:
                # No settings or keys of the person who runs this.
                env = {**address, "HOME": folder}
                tree.run("in_tree.py", "sync", _CONFIG, _DATA, it["at"], cwd=work, env=env)
        if tables:
            tree.run("in_tree.py", "import", _CONFIG, _DATA, *tables, cwd=work)
        yield work


def _read(work: Path, tree: Tree, wanted: Commands, out: Path) -> None:
    """Runs commands on the store in `work`; their outputs and all tables go to the zip `out`."""
    (work / "commands.json").write_text(json.dumps(wanted), encoding="utf-8")
    tree.run("in_tree.py", "read", _CONFIG, _DATA, "commands.json", out.resolve(), cwd=work)
