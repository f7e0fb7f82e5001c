"""Breaks the queries one fault at a time and checks that the tests notice.

    python -m scripts.mutants [NAME ...]

Each fault goes into a copy of queries/ that the tests of one process read instead; the first test
that fails ends that process. A fault's likely tests run first, then TESTS. Prints the test that
noticed each fault, and the seconds it took. The exit code is 1 if a fault survived, if its old text
is not exactly once in its query, or if a test that noticed a fault also fails without one.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass, field
from importlib import import_module
from multiprocessing import connection
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import velocity
from scripts.faults import FAULTS, TESTS, Fault
from velocity import queries as sql

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import ModuleType

WORKERS = min(4, os.cpu_count() or 1)
_OPTIONS = (
    *("-o", "addopts=--strict-markers --import-mode=importlib", "-x"),
    *("-p", "no:terminal", "-p", "no:cacheprovider"),
)


@dataclass
class _Witness:
    """A pytest plugin that remembers the first test that failed."""

    noticed_by: str | None = field(default=None)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and self.noticed_by is None:
            self.noticed_by = report.nodeid


def main(names: Sequence[str]) -> int:
    """Try the faults with these names, or all of them; return the exit code."""
    faults = [fault for fault in FAULTS if not names or fault.name in names]
    wrong = [it for fault in faults for it in misplaced(fault)]
    if wrong or not faults:
        print("\n".join(wrong) or "There is no fault with that name.")
        return 1
    os.environ["CI"] = "true"  # the same examples each time
    begun = time.monotonic()
    # Importing the tests takes long, so they are loaded once, before the processes fork.
    pytest.main(
        [*_OPTIONS, "--collect-only", *TESTS, *(it for fault in faults for it in fault.tests)]
    )
    survivors = []
    witnesses: dict[str, None] = {}
    for fault, noticed_by, seconds in tried(faults):
        print(f"{seconds:6.1f} s  {fault.name:<38} {noticed_by or 'SURVIVED'}", flush=True)
        if noticed_by is None:
            survivors.append(fault.name)
        else:
            witnesses[noticed_by] = None
    unbroken = [Fault("", "", "", "", (it,)) for it in witnesses]
    liars = [it for _, it, _ in tried(unbroken) if it is not None]
    noticed = len(faults) - len(survivors)
    print(f"{noticed} of {len(faults)} faults noticed in {time.monotonic() - begun:.0f} s.")
    print("".join(f"Fails without a fault: {it}\n" for it in liars), end="")
    return 1 if survivors or liars else 0


def misplaced(fault: Fault) -> Iterator[str]:
    """The problem with a fault's place, if there is one."""
    found = _path(fault).read_text(encoding="utf-8").count(fault.old)
    if found != 1:
        yield f"{fault.name}: found {found} times in {fault.query}: {fault.old}"


def _path(fault: Fault, queries: Path | None = None) -> Path:
    if _in_module(fault):
        return Path(velocity.__file__).parent.parent / fault.query
    return (queries or sql.queries_folder()) / f"{fault.query}.sql"


def _in_module(fault: Fault) -> bool:
    return fault.query.endswith(".py")


def _break_module(fault: Fault) -> None:
    """Runs a module again with the fault, and replaces what others have imported from it."""
    place = _path(fault)
    module = import_module(fault.query.removesuffix(".py").replace("/", "."))
    before = {name: it for name, it in vars(module).items() if _is_of(module, it)}
    text = place.read_text(encoding="utf-8").replace(fault.old, fault.new)
    exec(compile(text, place, "exec"), vars(module))  # noqa: S102 - our own module
    broken = {id(it): vars(module)[name] for name, it in before.items()}
    for other in [*sys.modules.values()]:
        for name, it in [*vars(other).items()]:
            if id(it) in broken:
                setattr(other, name, broken[id(it)])


def _is_of(module: ModuleType, it: object) -> bool:
    return getattr(it, "__module__", None) == module.__name__


def tried(faults: Sequence[Fault]) -> Iterator[tuple[Fault, str | None, float]]:
    """Each fault with the test that noticed it (or None), and the seconds it took.

    Raises:
        SystemExit: a process ended without an answer.
    """
    context = multiprocessing.get_context("fork")
    waiting = list(reversed(faults))
    running: dict[connection.Connection, tuple[Fault, float]] = {}
    while waiting or running:
        while waiting and len(running) < WORKERS:
            fault = waiting.pop()
            answer, sender = context.Pipe(duplex=False)
            context.Process(target=_try, args=(fault, sender), daemon=True).start()
            sender.close()
            running[answer] = fault, time.monotonic()
        ready = connection.wait([*running])
        for answer in [it for it in running if it in ready]:
            fault, begun = running.pop(answer)
            try:
                noticed_by = answer.recv()
            except EOFError:
                sys.exit(f"{fault.name}: the tests did not finish")
            yield fault, noticed_by, time.monotonic() - begun


def _try(fault: Fault, sender: connection.Connection) -> None:
    """Runs in a process of its own: applies the fault and sends the test that noticed it."""
    witness = _Witness()
    with tempfile.TemporaryDirectory() as folder, Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 2)  # libraries print their errors there
        if _in_module(fault):
            _break_module(fault)
        elif fault.name:
            copy = Path(folder) / "queries"
            shutil.copytree(sql.queries_folder(), copy)
            place = _path(fault, copy)
            text = place.read_text(encoding="utf-8").replace(fault.old, fault.new)
            place.write_text(text, encoding="utf-8")
            sql.queries_folder = lambda: copy
            sql.load_query.cache_clear()
            sql.list_metric_queries.cache_clear()
            sql.queries_fingerprint.cache_clear()
        code = pytest.main([*_OPTIONS, *fault.tests], plugins=[witness])
        if fault.name and code == pytest.ExitCode.OK:
            code = pytest.main([*_OPTIONS, *TESTS], plugins=[witness])
    if code in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        sender.send(witness.noticed_by)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
