"""The app on any data folder, without the user's own settings."""

from contextlib import contextmanager

from scripts import browsing
from tests.commands import environment


@contextmanager
def served(data):
    """The address, with token, that the app prints for `data` and its settings."""
    home = data.parent
    with browsing.served(
        data, data / "velocity.toml", log=home / f"{data.name}-app.log", env=environment(home)
    ) as address:
        yield address
