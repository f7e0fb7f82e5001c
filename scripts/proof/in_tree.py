"""Runs in the tree under test: makes a store from raw inputs, and reads everything in it.

    python in_tree.py TREE sync CONFIG DATA AT
    python in_tree.py TREE import CONFIG DATA FILE AT [FILE AT ...]     AT: an instant, or "-"
    python in_tree.py TREE read CONFIG DATA COMMANDS OUT

Everything this proof needs to know about the inside of a tree is in this file: the location of the
two functions that take a clock, how many projects are pulled at once, `load_settings`, `main`, and
where the data folder keeps its latest snapshot.
"""

from __future__ import annotations

import io
import json
import sys
import tempfile
import zipfile
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

#: Where `sync_wandb` and `import_tables` are, newest place first.
_SYNC_MODULES = ("velocity.sync.commands", "velocity.sync")
#: Time in the log of an import whose input has no instant.
_SOME_TIME = datetime(2026, 11, 29, 1, tzinfo=UTC)


def _sync_function(*names: str) -> Callable[..., Any]:
    """Return the first of these functions that exists in the tree's sync.

    The command line cannot be used here: it has no way to set the clock.
    """
    for place in _SYNC_MODULES:
        parent = place.rpartition(".")[0]
        if hasattr(import_module(parent), "__path__") and find_spec(place) is not None:
            module = import_module(place)
            for name in names:
                if hasattr(module, name):
                    return getattr(module, name)  # type: ignore[no-any-return]  # found by name
    sys.exit(f"no {' or '.join(names)} in {' or '.join(_SYNC_MODULES)}")


def _pull_one_by_one() -> None:
    """Make a sync pull one project at a time.

    In parallel pulls the order of the threads decides the numbers of runs, and rows of runs that
        start at the same instant are in the order of these numbers.
    """
    server = import_module("velocity.sources.wandb_api").WandbServer
    if not hasattr(server, "at_once"):
        sys.exit("WandbServer.at_once, how many projects are pulled at once, has moved")
    server.at_once = 1


def _sync(config: str, data: str, at: str) -> None:
    """Sync with the W&B server of the environment, as if the time were `at`."""
    settings = import_module("velocity.settings").load_settings(Path(config))
    instant = datetime.fromisoformat(at)
    _pull_one_by_one()
    result = _sync_function("sync_wandb")(Path(data), settings, clock=lambda: instant)
    for error in result.errors:
        raise error


def _import(config: str, data: str, *tables: str) -> None:
    """Import tables one by one, each complete to its own instant ("-": to its largest time)."""
    settings = import_module("velocity.settings").load_settings(Path(config))
    import_tables = _sync_function("import_tables", "import_runs")
    for file, at in zip(tables[::2], tables[1::2], strict=True):
        as_of = None if at == "-" else datetime.fromisoformat(at)
        now = as_of or _SOME_TIME
        what: tuple[Any, ...] = ([Path(file)],)
        if import_tables.__name__ == "import_runs":
            what = "table", import_module("velocity.sources.base").Asked([file])
        import_tables(Path(data), settings, *what, as_of=as_of, clock=lambda now=now: now)


def _read(config: str, data: str, commands: str, out: str) -> None:
    """Write a zip: every table of the snapshot, and the output of each command."""
    wanted = json.loads(Path(commands).read_text(encoding="utf-8"))
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        for name, content in _tables(Path(data)):
            file.writestr(f"tables/{name}.parquet", content)
        for name, words in wanted.items():
            code, output, errors = _run(["--data", data, "--config", config, *words])
            if code == 0:
                file.writestr(name, output)
            else:
                file.writestr(f"{name}.error", f"exit {code}\n{errors}")


def _tables(data: Path) -> Iterator[tuple[str, bytes]]:
    """Yield every table of the latest snapshot as Parquet, rows sorted by all columns."""
    name = (data / "CURRENT").read_text(encoding="ascii").strip()
    with (
        duckdb.connect(data / "snapshots" / f"{name}.duckdb", read_only=True) as snapshot,
        tempfile.TemporaryDirectory() as folder,
    ):
        snapshot.execute("SET TimeZone = 'UTC'")
        found = "SELECT table_name FROM duckdb_tables() WHERE NOT temporary ORDER BY ALL"
        for (table,) in snapshot.execute(found).fetchall():
            file = Path(folder) / "table.parquet"
            rows = f'SELECT * FROM "{table}" ORDER BY ALL'  # noqa: S608 - of the file's own tables
            snapshot.execute(f"COPY ({rows}) TO '{file}' (FORMAT parquet)")
            yield table, file.read_bytes()


def _run(words: Sequence[str]) -> tuple[int, bytes, str]:
    """Run one command of the tree in this process; return its exit code, output and error text."""
    main = import_module("velocity.cli").main
    content, errors = io.BytesIO(), io.StringIO()
    output = io.TextIOWrapper(content, encoding="utf-8")
    sys.argv = ["velocity", *words]
    code = 0
    with redirect_stdout(output), redirect_stderr(errors):
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
    output.flush()
    return code, content.getvalue(), errors.getvalue()


def _add_on_one_thread() -> None:
    """Make every DuckDB connection use one thread.

    Several threads add up floats in a random order, so two reads of one snapshot differ
    in the last digit.
    """
    duckdb.connect = partial(duckdb.connect, config={"threads": 1})


def _main(tree: str, action: str, *arguments: str) -> None:
    loaded = Path(str(import_module("velocity").__file__))
    if not loaded.is_relative_to(tree):
        sys.exit(f"velocity was loaded from {loaded}, not from {tree}")
    actions: dict[str, Callable[..., None]] = {"sync": _sync, "import": _import, "read": _read}
    _add_on_one_thread()
    actions[action](*arguments)


if __name__ == "__main__":
    _main(*sys.argv[1:])
