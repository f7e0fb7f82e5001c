"""Snapshots in a bucket: one machine publishes them there, replicas pull them (`replica`).

A snapshot is an object that is created once. Then the pointer `CURRENT-VERSION` names it, but only
if nobody else has moved the pointer meanwhile. Each version of the queries has its own pointer and
folder, so that two versions of velocity can share a bucket during an upgrade.
"""

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from velocity.errors import StoreError, import_extra
from velocity.queries import queries_fingerprint
from velocity.store.snapshot import SNAPSHOTS_KEPT

_ASKER = "The setting store.snapshots"
_POINTER = "CURRENT-"
_VERSION_LENGTH = 16
_LIMITS = {"connect_timeout": "5s", "timeout": "600s"}
_RETRIES = {"max_retries": 2}
#: Other objects below the address belong to somebody else.
_OURS = re.compile(r"CURRENT-[0-9a-f]{16}|[0-9a-f]{16}/[0-9a-f-]{1,64}\.duckdb")
_CHUNK_BYTES = 4 * 2**20

_Name = Annotated[str, Field(pattern=r"^[0-9a-f-]{1,64}$")]  # it becomes the name of a file


class Pointer(BaseModel):
    """What `CURRENT-VERSION` says."""

    model_config = ConfigDict(frozen=True)

    name: _Name | None  # None: they were removed, because a person was forgotten
    size: int = Field(0, ge=0)  # bytes
    sha256: str = ""
    publisher: str = ""  # the machine, as an id
    kept: tuple[_Name, ...] = ()  # snapshots that replicas may have, newest first


class Found(NamedTuple):
    """The pointer, and the ETag with which it can be replaced."""

    pointer: Pointer
    e_tag: str


class Bucket:
    """The snapshots below an address such as s3://bucket/prefix.

    The endpoint, the region and the key come from the environment (AWS_ENDPOINT_URL and so on).

    Raises:
        ConfigurationError: the extra `scale` is not installed.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self._version = queries_fingerprint()[:_VERSION_LENGTH]
        self._obstore = import_extra("scale", "obstore", asker=_ASKER)
        store = import_extra("scale", "obstore.store", asker=_ASKER)
        plain = os.environ.get("AWS_ALLOW_HTTP", "").lower() == "true"
        with self._told("opened"):
            self._store = store.from_url(
                address, client_options=_LIMITS | {"allow_http": plain}, retry_config=_RETRIES
            )

    def find(self, known: str | None = None) -> Found | None:
        """Return the pointer; None if there is none, or if its ETag is still the known one.

        Raises:
            StoreError: the bucket does not answer, or the pointer is damaged.
        """
        options = {} if known is None else {"if_none_match": known}
        try:
            with self._told("read"):
                got = self._obstore.get(self._store, self._pointer, options=options)
                text, e_tag = bytes(got.bytes()), got.meta["e_tag"]
        except _MissingError:
            return None
        try:
            return Found(Pointer.model_validate_json(text), e_tag)
        except ValidationError as error:
            raise StoreError(
                f"{self.address}/{self._pointer} is damaged.",
                "Delete it from the bucket, and run `velocity sync`.",
            ) from error

    def put(self, path: Path, publisher: str) -> None:
        """Publish a snapshot file, unless somebody else publishes there.

        Raises:
            StoreError: another publisher has moved the pointer, or the bucket cannot be written.
        """
        before = self.find()
        if before is not None and before.pointer.publisher not in ("", publisher):
            raise _OvertakenError(self.address, self._pointer)
        earlier = before.pointer.kept if before else ()
        kept = (path.stem, *earlier)[:SNAPSHOTS_KEPT]
        self._create(self._object(path.stem), path)
        # Listed before the pointer moves: a publisher whose object is there by now can only move
        # the pointer after it has seen the new one.
        there = self._listed(self._version)
        pointer = Pointer(
            name=path.stem,
            size=path.stat().st_size,
            sha256=_sha256(path),
            publisher=publisher,
            kept=kept,
        )
        self._swap(self._pointer, pointer, before)
        self._remove(there - {self._object(name) for name in kept})

    def keep_only(self, name: str) -> None:
        """Remove all snapshots but one, of every version; replicas then remove theirs.

        Raises:
            StoreError: that one is no longer the current one, or the bucket cannot be written.
        """
        found = self.find()
        if found is None or found.pointer.name != name:
            raise _OvertakenError(self.address, self._pointer)
        there = self._listed()
        self._swap(self._pointer, found.pointer.model_copy(update={"kept": (name,)}), found)
        pointers = {it for it in there if it.startswith(_POINTER)}
        for other in pointers - {self._pointer}:
            self._write(other, Pointer(name=None), "overwrite")
        self._remove(there - pointers - {self._object(name)})

    def pull(self, pointer: Pointer, partial: Path) -> None:
        """Write the snapshot that the pointer names to a file.

        Raises:
            StoreError: it is not what the pointer says, or the bucket does not answer.
            OSError: the file cannot be written.
        """
        digest, size = hashlib.sha256(), 0
        with partial.open("wb") as file:
            for chunk in self._chunks(self._object(str(pointer.name))):
                size += len(chunk)
                digest.update(chunk)
                if size > pointer.size:
                    break
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        if size != pointer.size or digest.hexdigest() != pointer.sha256:
            raise StoreError(
                f"The snapshot {pointer.name} from {self.address} is damaged.",
                "It is not used; the previous one stays. Run `velocity sync` to publish another.",
            )

    @property
    def _pointer(self) -> str:
        return f"{_POINTER}{self._version}"

    def _object(self, name: str) -> str:
        return f"{self._version}/{name}.duckdb"

    def _chunks(self, path: str) -> Iterator[bytes]:
        with self._told("read"):
            stream = iter(self._obstore.get(self._store, path).stream(min_chunk_size=_CHUNK_BYTES))
        while True:
            with self._told("read"):
                chunk = next(stream, None)
            if chunk is None:
                return
            yield bytes(chunk)

    def _listed(self, prefix: str | None = None) -> set[str]:
        with self._told("read"):
            batches = self._obstore.list(self._store, prefix)
            paths = {entry["path"] for batch in batches for entry in batch}
        return {path for path in paths if _OURS.fullmatch(path)}

    def _create(self, path: str, file: Path) -> None:
        try:
            with self._told("written"):
                made = self._obstore.put(self._store, path, file, mode="create")
        except _OvertakenError:  # a repeated request found its own first attempt: no other has it
            return
        if made["version"] not in (None, "null"):
            self._remove({path})
            raise StoreError(
                f"The bucket of {self.address} keeps old versions of objects, so that a forgotten "
                "person would stay in it.",
                "Switch versioning off, or use another bucket.",
            )

    def _remove(self, paths: set[str]) -> None:
        with self._told("written"):
            for path in sorted(paths):
                self._obstore.delete(self._store, path)

    def _swap(self, path: str, pointer: Pointer, before: Found | None) -> None:
        """Replace the pointer if it is still the one from before."""
        mode = "create" if before is None else {"e_tag": before.e_tag}
        try:
            self._write(path, pointer, mode)
        except _OvertakenError:
            # A repeated request can find its own first attempt.
            found = self.find()
            if found is None or found.pointer != pointer:
                raise

    def _write(self, path: str, pointer: Pointer, mode: Any) -> None:
        with self._told("written"):
            text = pointer.model_dump_json().encode()
            self._obstore.put(self._store, path, text, mode=mode)

    @contextmanager
    def _told(self, done: str) -> Iterator[None]:
        """Turns errors of the client, which hold addresses and headers, into one sentence."""
        failed = self._obstore.exceptions
        try:
            yield
        except (FileNotFoundError, failed.NotModifiedError) as error:
            raise _MissingError(self.address) from error
        except (failed.PreconditionError, failed.AlreadyExistsError) as error:
            raise _OvertakenError(self.address, self._pointer) from error
        except failed.BaseError as error:
            raise StoreError(
                f"{self.address} cannot be {done}: {_reason(error)}.",
                "Check the network and the variables AWS_ENDPOINT_URL, AWS_REGION, "
                "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
            ) from error


class _MissingError(StoreError):
    """There is no such object, or it has not changed."""

    def __init__(self, address: str) -> None:
        super().__init__(
            f"{address} does not have that object, or there is no such bucket.",
            "Make the bucket, or correct store.snapshots; velocity makes the objects.",
        )


class _OvertakenError(StoreError):
    """The object is no longer the one that was to be replaced."""

    def __init__(self, address: str, pointer: str) -> None:
        super().__init__(
            f"Another machine publishes to {address}, so this snapshot was not published.",
            "Let only one machine sync and publish there. If this one takes over, delete the "
            f"object {pointer} from the bucket first.",
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _reason(error: Exception) -> str:
    """Why a request failed, without the address and the header that the client adds."""
    kinds = {
        "PermissionDeniedError": "permission denied",
        "UnauthenticatedError": "the key was not accepted",
    }
    return kinds.get(type(error).__name__, "the server did not answer as expected")
