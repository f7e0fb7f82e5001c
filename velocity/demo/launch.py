"""Prepares the demo: a real sync pulls the seeded cohort from the protocol server.

Everything is in one folder: the store, velocity.toml, roster.toml, and a note with the time and
version of the code that made the store, so that a second start can reuse it.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from itertools import repeat
from pathlib import Path

from velocity.demo import NOTE, RUN_PAGES, is_demo
from velocity.demo.cohort import Cohort
from velocity.demo.stories import SEED
from velocity.paths import make_private
from velocity.queries import list_queries
from velocity.sync.results import OnProgress

_FRESH_FOR = timedelta(hours=12)
#: The code that a store depends on: when it changes, the store is rebuilt.
_CODE = ("database", "demo", "record", "sources", "store", "records.py", "sync")
_SOURCES = {".py", ".jinja"}


def prepare_demo(folder: Path, now: datetime, *, on_progress: OnProgress) -> tuple[Path, Path]:
    """Build the demo's store, unless this code has built a recent one.

    Args:
        folder: for the data; created if it does not exist.
        now: aware; the cohort's data ends at the full hour before it.
        on_progress: receives the progress.

    Returns:
        The data folder and the settings file to serve.

    Raises:
        VelocityError: the folder cannot be written, or another process is writing to it.
    """
    config = folder / "velocity.toml"
    as_of = now.replace(minute=0, second=0, microsecond=0)
    made_of = _fingerprint()
    if _is_fresh(folder, as_of, made_of):
        return folder, config

    from velocity.demo.cohort import build_cohort  # noqa: PLC0415 - not for a second start
    from velocity.sync.results import of_steps  # noqa: PLC0415 - as above

    tell = partial(
        of_steps("connect", on_progress), "a stand-in for Weights & Biases with an invented cohort"
    )
    cohort = build_cohort(SEED, as_of, on_person=tell)
    _start_over(folder)
    config.write_text(cohort.settings_toml, encoding="utf-8")
    (folder / "roster.toml").write_text(cohort.roster_toml, encoding="utf-8")
    _pull(folder, config, cohort, on_progress)
    (folder / NOTE).write_text(f"{as_of.isoformat()} {made_of}", encoding="ascii")
    return folder, config


def _is_fresh(folder: Path, as_of: datetime, made_of: str) -> bool:
    if not is_demo(folder) or not (folder / "CURRENT").exists():
        return False
    made_at, _, of = (folder / NOTE).read_text(encoding="ascii").partition(" ")
    return of == made_of and as_of - datetime.fromisoformat(made_at) < _FRESH_FOR


def _pull(folder: Path, config: Path, cohort: Cohort, on_progress: OnProgress) -> None:
    """Run the real sync with the real client, a day ago and now; only the server is a stand-in.

    As with every sync, past weeks change during that day, so the pages have changes to show.
    """
    from velocity.demo.wandb_server.server import ProtocolServer  # noqa: PLC0415 - see prepare_demo
    from velocity.demo.wandb_server.world import World  # noqa: PLC0415
    from velocity.settings import load_settings  # noqa: PLC0415
    from velocity.sync.commands import sync_wandb  # noqa: PLC0415

    world, settings = World(), load_settings(config)
    with ProtocolServer(world) as server, _signed_in(server.url, server.api_key):
        pulls = (cohort.runs_before, cohort.before), (cohort.runs, cohort.as_of)
        for runs, instant in pulls:
            world.put(*runs)
            server.clock = clock = repeat(instant).__next__
            result = sync_wandb(folder, settings, on_progress=on_progress, clock=clock)
            for error in result.errors:
                raise error


def _start_over(folder: Path) -> None:
    """Remove the earlier store, but not its snapshots, which may be open in a browser."""
    from velocity.database.lock import writer_lock  # noqa: PLC0415 - see prepare_demo

    make_private(folder)
    with writer_lock(folder):
        (folder / NOTE).write_text("unfinished", encoding="ascii")
        for path in folder.glob("*.duckdb*"):
            path.unlink()


@contextmanager
def _signed_in(url: str, api_key: str) -> Iterator[None]:
    """Make the W&B client of this process use the server instead of the user's own settings.

    The client reads the environment only once, so it must be reset before and after.
    """
    from velocity.sources.wandb_client import forget_environment  # noqa: PLC0415 - see prepare_demo

    # The server ends with the sync: velocity.serve has a page for links to its pages.
    ours = {"WANDB_BASE_URL": url, "WANDB_API_KEY": api_key, "WANDB_APP_URL": RUN_PAGES}
    # This comes first, because it also writes the address of its process into the environment.
    forget_environment()
    before = {name: value for name, value in os.environ.items() if name.startswith("WANDB_")}
    for name in before:
        del os.environ[name]
    os.environ.update(ours)
    try:
        yield
    finally:
        forget_environment()
        for name in ours:
            del os.environ[name]
        os.environ.update(before)


def _fingerprint() -> str:
    """A hash of everything that a store depends on except the time: seed, code and queries."""
    made_of = hashlib.sha256(str(SEED).encode())
    package = Path(__file__).resolve().parent.parent
    for name in _CODE:
        path = package / name
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in (it for it in files if it.suffix in _SOURCES):
            made_of.update(file.read_bytes())
    for query in list_queries():
        made_of.update(f"{query.name} {query.body}".encode())
    return made_of.hexdigest()
