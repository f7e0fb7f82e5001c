"""“Sync now”: `velocity sync` as a process beside the server."""

import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping
from pathlib import Path

import streamlit as st

import velocity
from velocity import formats
from velocity.demo import is_demo
from velocity.errors import VelocityError
from velocity.paths import config_file, data_folder
from velocity.reading.access import Viewer
from velocity.settings import Settings
from velocity.ui.parts import show_error
from velocity.ui.sign_in import admission, settings_now

_LINES_KEPT = 20
_ERROR = "Error: "
#: The variables that a sync needs from the server's environment: where programs and certificates
#: are, how to reach W&B and as whom. It must not get the secrets of sign-in and webhook.
_KEPT = frozenset(
    {
        *("HOME", "LANG", "LANGUAGE", "LD_LIBRARY_PATH", "LOGNAME", "NETRC", "PATH", "TMPDIR"),
        *("TZ", "USER", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_DIR", "SSL_CERT_FILE"),
        *("ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"),
    }
)
_KEPT_PREFIXES = ("DASK_", "LC_", "WANDB_", "XDG_")

_FAILED = VelocityError(
    "The last sync failed.", "Ask the person who runs this dashboard: its log says why."
)


class SyncNow:
    """A sync that was started from a page. It belongs to the server: the page may be closed."""

    def __init__(self, data: Path, config: Path) -> None:
        places = ["--data", str(data.resolve()), "--config", str(config.resolve())]
        self._lines: deque[str] = deque(maxlen=_LINES_KEPT)
        self._process = subprocess.Popen(  # noqa: S603 (our own command line, no shell)
            # -P: no file in the working directory becomes a module.
            [sys.executable, "-P", "-m", "velocity", *places, "sync"],
            cwd=data,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            env=_environment(os.environ),
        )
        # Read continuously: a full pipe would block the sync.
        self._reader = threading.Thread(target=self._read, name="sync-now", daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with self._process:
            self._lines.extend(filter(None, map(str.strip, self._process.stderr or ())))

    @property
    def under_way(self) -> bool:
        """Whether it is still running."""
        return self._reader.is_alive()

    @property
    def last_line(self) -> str:
        """Its last line of output; "" before the first."""
        return self._lines[-1] if self._lines else ""

    @property
    def error(self) -> VelocityError | None:
        """Why it failed, as the command line says it; None while it runs and on success."""
        if self.under_way or self._process.returncode == 0:
            return None
        lines = list(self._lines)
        for number, line in enumerate(lines):
            if line.startswith(_ERROR):
                return VelocityError(line.removeprefix(_ERROR), " ".join(lines[number + 1 :]))
        message = " ".join(line for line in lines if ": failed. " in line)
        message = message or f"The sync ended with code {self._process.returncode}."
        return VelocityError(message, "Run “velocity sync” in a terminal for details.")


def _environment(ours: Mapping[str, str]) -> dict[str, str]:
    """The variables of a sync that a server with the variables `ours` starts."""
    kept = {it: ours[it] for it in ours if it.upper() in _KEPT or it.startswith(_KEPT_PREFIXES)}
    # Our own code, then the server's absolute paths: relative ones depend on where the sync runs.
    given = ours.get("PYTHONPATH", "").split(os.pathsep)
    code = [str(Path(velocity.__file__).resolve().parent.parent)]
    path = os.pathsep.join(code + [it for it in given if Path(it).is_absolute()])
    return kept | {"PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"}


_begun: dict[Path, SyncNow] = {}
_beginning = threading.Lock()


def begin(data: Path, config: Path) -> None:
    """Starts a sync of the data folder, unless one from this server is still running.

    If another process is syncing, this sync ends with the error that the store is locked.
    """
    with _beginning:
        known = _begun.get(data)
        if known is None or not known.under_way:
            _begun[data] = SyncNow(data, config)


def latest(data: Path) -> SyncNow | None:
    """The last sync of the data folder that a page of this server started."""
    return _begun.get(data)


def may_sync(viewer: Viewer, settings: Settings, data: Path) -> bool:
    """Whether the viewer may start a sync, and there is a project to sync.

    With a bucket, one machine syncs by itself: replicas do not have the record, nor a page the key.
    """
    here = settings.store.snapshots is None and not is_demo(data)
    return "lead" in viewer.roles and bool(settings.wandb.projects) and here


def show_sync_now() -> None:
    """The button, the sync's progress, and why it failed; drawn in a fragment."""
    data = data_folder()
    sync = latest(data)
    # Its lines name projects and entities, and a personal entity has its owner's name.
    in_full = admission().viewer.scope.everything
    if sync is not None and sync.under_way:
        far = formats.markdown(sync.last_line) if in_full else ""
        st.caption(f"Syncing · {far}" if far else "Syncing", width="content")
        return
    if st.button("Sync now", key="sync-now", type="tertiary", width="content"):
        # The rights may have gone since the page was drawn.
        if admission().holds() and may_sync(admission().viewer, settings_now(), data):
            begin(data, config_file())
        # The page checks more often during a sync.
        st.rerun()
    if sync is not None and sync.error is not None:
        show_error(sync.error if in_full else _FAILED)
