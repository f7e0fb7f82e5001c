"""A replica's copy of what is in the bucket: pulled whole, checked, and then used."""

import logging
from contextlib import suppress
from pathlib import Path
from threading import Event

from velocity.database.connection import make_durable
from velocity.errors import StoreError, VelocityError
from velocity.paths import make_private
from velocity.store.bucket import Bucket, Pointer
from velocity.store.snapshot import changing_current, current_snapshot, make_current

_log = logging.getLogger(__name__)

EVERY_S = 5.0


class Replica:
    """The snapshots of a data folder, which follow those of a bucket.

    Several processes may share the data folder: one of them pulls at a time.
    """

    def __init__(self, data: Path, bucket: Bucket) -> None:
        self._data = data
        self._bucket = bucket
        self._e_tag: str | None = None
        self._trouble = ""

    def follow(self, stop: Event) -> None:
        """Pull what is new until `stop` is set; what is here stays in use if that fails."""
        while not stop.is_set():
            try:
                self.pull()
                trouble = ""
            except VelocityError as error:
                trouble = error.message
            except Exception as error:  # noqa: BLE001 - the next attempt may succeed
                reason = getattr(error, "strerror", None) or type(error).__name__
                trouble = f"The snapshot cannot be pulled: {reason}."
            if trouble != self._trouble:
                _log.warning("%s", trouble or "The bucket answers again.")
            self._trouble = trouble
            stop.wait(EVERY_S)

    def pull(self) -> None:
        """Pull and use the published snapshot, unless it is here already.

        Raises:
            StoreError: the bucket does not answer, or the snapshot is damaged.
            OSError: it cannot be stored.
        """
        make_private(self._data)
        make_private(self._data / "snapshots")
        with changing_current(self._data):
            found = self._bucket.find(self._e_tag)
            if found is None:
                return
            if found.pointer.name is not None:
                self._use(found.pointer, found.pointer.name)
            self._tidy(found.pointer)
            self._e_tag = found.e_tag

    def _use(self, pointer: Pointer, name: str) -> None:
        folder = self._data / "snapshots"
        path = folder / f"{name}.duckdb"
        if not path.exists():
            partial = folder / "pulled.partial"
            try:
                self._bucket.pull(pointer, partial)
                partial.rename(path)
            finally:
                partial.unlink(missing_ok=True)
            make_durable(folder)
        with suppress(StoreError):
            if current_snapshot(self._data).stem == name:
                return
        make_current(self._data, name)

    def _tidy(self, pointer: Pointer) -> None:
        """Remove snapshots that are no longer in the bucket."""
        kept = {f"{name}.duckdb" for name in pointer.kept}
        for path in (self._data / "snapshots").glob("*.duckdb"):
            if path.name not in kept:
                path.unlink()
        if pointer.name is None:
            (self._data / "CURRENT").unlink(missing_ok=True)
