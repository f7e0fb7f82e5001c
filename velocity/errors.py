"""The errors that users see. Each says what is wrong (message) and what to do (hint)."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


class VelocityError(Exception):
    """A problem that the user can fix: a sentence about it, and one about what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.add_note(hint)


class ConfigurationError(VelocityError):
    """Settings, roster or credentials must be changed before the command can work."""


class SourceError(VelocityError):
    """A source of runs (server, directory, table) cannot be read."""


class RetryLaterError(SourceError):
    """The source did not answer; a later retry may work."""


class UnansweredError(RetryLaterError):
    """The source answers small requests, but did not answer this one in time."""


class NoProjectError(SourceError):
    """The entity exists, but does not have this project, or the key may not see it."""


class StoreError(VelocityError):
    """The store cannot be opened, written or published."""


def no_data(data: Path) -> StoreError:
    """Return the error of a data folder without any data."""
    return StoreError(
        f"There is no data in {data} yet.",
        "Run `velocity init`, `velocity ingest` or `velocity import`, or try `velocity demo`.",
    )


class StoreBusyError(StoreError):
    """Another process is writing the store."""


def import_extra(
    extra: str, module: str, *, asker: str, error: type[VelocityError] = ConfigurationError
) -> Any:
    """Return a module that is in an extra, or that imports one; `asker` is what needs it.

    Raises:
        VelocityError: of the kind `error`; the extra is not installed.
    """
    try:
        return import_module(module)
    except ImportError as missing:
        raise error(
            f"{asker} needs a package that is not installed: {missing.name}.",
            f'Install it: pip install "research-velocity[{extra}]".',
        ) from missing
