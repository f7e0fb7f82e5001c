"""Writes every frame of a reader as Parquet, in a folder whose files all change at once."""

import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args

import polars as pl

from velocity import __version__
from velocity.api import Reader
from velocity.database.connection import make_durable
from velocity.errors import VelocityError
from velocity.paths import link_to, make_private
from velocity.reading.downloads import parquet_bytes
from velocity.reading.reads import By, Period

LATEST = "latest"
#: Methods of `Reader` with a file of the same name.
_ROWS = (
    *("runs", "experiments", "loops", "lines", "one_setting", "open_work", "waiting_results"),
    *("idle_hosts", "scholars", "streams", "projects", "definitions"),
)
#: One about the snapshot, and for each kind of group its metrics by period, weeks and credits.
_FILES = 1 + len(get_args(By)) * (len(get_args(Period)) + 2) + len(_ROWS)
_KEPT = 2  # a program may still be reading the files of the export before


def frames(reader: Reader) -> Iterator[tuple[str, pl.DataFrame]]:
    """Every frame of an export, with the name of its file without its suffix."""
    as_of = pl.Series("as_of", [reader.as_of], pl.Datetime("us", "UTC"))
    about = {"timezone": reader.timezone, "snapshot": reader.path.stem, "version": __version__}
    yield "snapshot", as_of.to_frame().with_columns(**{it: pl.lit(about[it]) for it in about})
    for by in get_args(By):
        for period in get_args(Period):
            yield f"metrics_{by}_{period}", reader.metrics(by=by, period=period)
        yield f"weekly_{by}", reader.weekly(by=by)
        yield f"credits_{by}", reader.credits(by=by)
    for name in _ROWS:
        yield name, getattr(reader, name)()


def write_parquet(
    reader: Reader, folder: Path, *, on_file: Callable[[str, int, int], None] = lambda *_: None
) -> Path:
    """Write every frame to a new folder and let the link `latest` in `folder` lead to it.

    Files get the permissions of `folder`. If it does not exist, it is made for its owner alone.
    Whatever interrupts this, `latest` leads to a complete export. `on_file` is called with the name
    of each file when it is written, how many are written, and how many there are.

    Returns:
        The link.

    Raises:
        VelocityError: the folder cannot be written.
    """
    try:
        make_private(folder)
        exports = [int(path.name) for path in folder.iterdir() if path.name.isdigit()]
        target = folder / f"{max(exports, default=0) + 1:08d}"
        _write(reader, target, stat.S_IMODE(folder.stat().st_mode), on_file)
        link_to(target, folder / LATEST)
        make_durable(folder)
        for number in sorted([*exports, int(target.name)])[:-_KEPT]:
            shutil.rmtree(folder / f"{number:08d}")
    except OSError as error:
        raise VelocityError(
            f"The export to {folder} cannot be written: {error.strerror}.",
            "Free some disk space, check the permissions, or name another folder. The previous "
            "export stays in use.",
        ) from error
    return folder / LATEST


def _write(
    reader: Reader, target: Path, mode: int, on_file: Callable[[str, int, int], None]
) -> None:
    """Write all files beside the target, then give them its name."""
    partial = target.with_name(f"{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    try:
        for done, (name, frame) in enumerate(frames(reader), 1):
            path = partial / f"{name}.parquet"
            path.write_bytes(parquet_bytes(frame))  # Polars would hide that the disk is full
            path.chmod(mode & 0o666)
            make_durable(path)
            on_file(name, done, _FILES)
        partial.chmod(mode)
        make_durable(partial)
        partial.rename(target)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
