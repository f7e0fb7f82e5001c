"""Imports packages of optional extras when a setting asks for them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from velocity.errors import ConfigurationError


def import_extra(setting: str, module: str) -> Any:
    """Return a module of the extra `scale`.

    Raises:
        ConfigurationError: the extra is not installed.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise ConfigurationError(
            f"The setting {setting} needs a package that is not installed: {error.name}.",
            'Install it: pip install "research-velocity[scale]".',
        ) from error
