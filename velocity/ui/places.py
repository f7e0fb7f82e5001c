"""The settings of the app, read anew on every rerun."""

from __future__ import annotations

from typing import TYPE_CHECKING

from velocity.paths import config_file
from velocity.settings import load_settings

if TYPE_CHECKING:
    from velocity.settings import Settings


def settings_now() -> Settings:
    """The settings as their file stands now.

    Raises:
        ConfigurationError: they cannot be used.
    """
    return load_settings(config_file())
