"""Where the app finds its data and its settings, read anew on every rerun."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from velocity.settings import load_settings

if TYPE_CHECKING:
    from velocity.settings import Settings


def data_folder() -> Path:
    """The data folder: VELOCITY_DATA, else ./data."""
    return Path(os.environ.get("VELOCITY_DATA", "data"))


def config_file() -> Path:
    """The settings file: VELOCITY_CONFIG, else ./velocity.toml."""
    return Path(os.environ.get("VELOCITY_CONFIG", "velocity.toml"))


def settings_now() -> Settings:
    """The settings as their file stands now.

    Raises:
        ConfigurationError: they cannot be used.
    """
    return load_settings(config_file())
