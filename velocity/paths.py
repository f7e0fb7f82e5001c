"""Locations of the product's own files, and the default locations of data and settings."""

import os
from functools import cache
from pathlib import Path

#: Variable with which `velocity app` passes its access mode to its pages. Plain `streamlit run`
#: leaves it unset.
SERVED_MODE = "VELOCITY_SERVED"


@cache
def project_root() -> Path:
    """The folder that holds `app.py`, `queries/` and `.streamlit/`.

    A clone comes first: an editable install leaves a second copy of these files in site-packages,
    which may be outdated. `pyproject.toml` distinguishes a clone from a site-packages folder that
    happens to have a package called "queries".
    """
    package = Path(__file__).resolve().parent
    clone = package.parent
    if (clone / "pyproject.toml").is_file() and (clone / "queries").is_dir():
        return clone
    return package / "_bundle"


def data_folder() -> Path:
    """The data folder: VELOCITY_DATA if it is set and not empty, else ./data."""
    return Path(os.environ.get("VELOCITY_DATA") or "data")


def config_file() -> Path:
    """The settings file: VELOCITY_CONFIG if it is set and not empty, else ./velocity.toml."""
    return Path(os.environ.get("VELOCITY_CONFIG") or "velocity.toml")


def make_private(folder: Path) -> None:
    """Creates a folder that only its owner can open; an existing folder is not changed.

    Raises:
        OSError: it cannot be created.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def link_to(target: Path, link: Path) -> None:
    """Let a link lead to the target, which is in its folder or below; an older link is replaced.

    Raises:
        OSError: it cannot be written, or something other than a file or a link is in its place.
    """
    partial = link.with_name(f"{link.name}.partial")
    partial.unlink(missing_ok=True)
    partial.symlink_to(target.relative_to(link.parent))
    partial.replace(link)


def write_private(path: Path, text: str) -> None:
    """Writes an ASCII file that only its owner can read, completely or not at all.

    Raises:
        OSError: it cannot be written.
    """
    partial = path.with_name(f"{path.name}.partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
