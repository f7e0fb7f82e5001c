"""Imports packages of optional extras when they are needed."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from velocity.errors import ConfigurationError

if TYPE_CHECKING:
    from velocity.errors import VelocityError


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
