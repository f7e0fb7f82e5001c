"""Reads the records of a `*.wandb` file (`wandb_internal_pb2.Record`) into a session.

The file is a LevelDB log with an additional short header: a sequence of 32 KiB blocks, the first of
which begins with a 7-byte header (`:W&B`, u16 magic, u8 version). A block holds fragments,
`crc32 u32 | length u16 | type u8 | payload`, little-endian; the checksum covers type and payload,
and no fragment crosses a block's end. A record is one FULL fragment, or a FIRST, any number of
MIDDLE and a LAST one. If the rest of a block is too short for another fragment, it is filled with
zeros.
"""

import struct
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO
from zlib import crc32

from velocity.sources.local_runs import Session, take_summary
from velocity.sources.values import GPU_PERCENT, finite, instant_of, read_json

BLOCK_BYTES = 32 * 1024
#: Bytes of a record; a logged row or config has a few thousand.
LONGEST_RECORD = 16 * 2**20
FILE_HEADER = b":W&B" + struct.pack("<HB", 0xBEE1, 0)

_FRAME = struct.Struct("<IHB")
_NO_FRAME = bytes(_FRAME.size)
_GAP, _FULL, _FIRST, _MIDDLE, _LAST = range(5)

# Nearly all records are logged rows and their summaries, of which only the first and the last
# matter. Keys are searched for in the bytes (each follows its length), and the few relevant records
# are parsed at the end: parsing every key took ten times as long.
_TIMESTAMP = b"\x0a_timestamp"
_SUMMARY_MARKS = (b"\x06_wandb", b"\x08_runtime", _TIMESTAMP)
_SAME_NAMES = ("entity", "project", "display_name", "job_type", "notes")
#: Fields of a session -> fields of a run record.
_RUN_TEXTS = {it: it for it in _SAME_NAMES} | {"group_name": "run_group", "sweep": "sweep_id"}

#: Bytes of all the records that make up a config.
_LONGEST_CONFIG = 32 * 2**20


class RecordReader:
    """Iterates over the complete records of a `*.wandb` file and skips damaged parts.

    A record that is longer than `LONGEST_RECORD` counts as damaged.

    A file that ends within a record is not damaged: it is still being written, or its writer died.
    Any other inconsistency is damage, with its byte offset in `damaged_at`. Reading then continues
    with the next fragment if that one is intact, else with the next block. (A short file is one
    block: if it were skipped, one flipped bit would lose the end of the run.)
    """

    def __init__(self, stream: BinaryIO) -> None:
        self.damaged_at: list[int] = []
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        """Payloads of the complete records, in order; read lazily."""
        record: bytearray | None = None  # whose LAST fragment has not been read yet
        for offset, kind, payload in self._fragments():
            if kind in (_FULL, _FIRST):
                if record is not None:
                    self.damaged_at.append(offset)
                record = bytearray(payload)
            elif kind in (_MIDDLE, _LAST) and record is not None:
                record += payload
                if len(record) > LONGEST_RECORD:
                    self.damaged_at.append(offset)
                    record = None
            else:  # a gap, or a fragment of a record whose beginning was lost
                record = None
            if kind in (_FULL, _LAST) and record is not None:
                yield bytes(record)
                record = None

    def _fragments(self) -> Iterator[tuple[int, int, bytes]]:
        """(offset, type, payload) of each intact fragment; a gap if something is missing."""
        block, start = self._stream.read(BLOCK_BYTES), 0
        at = len(FILE_HEADER)
        if block[:at] != FILE_HEADER[: len(block)]:
            self.damaged_at.append(0)
        while block:
            yield from self._in_block(block, start, at)
            if len(block) < BLOCK_BYTES:  # the end, even if the file has grown meanwhile
                return
            start += len(block)
            block, at = self._stream.read(BLOCK_BYTES), 0

    def _in_block(self, block: bytes, start: int, at: int) -> Iterator[tuple[int, int, bytes]]:
        """The fragments of the block at offset `start`, from its byte `at` on."""
        sound = True  # the fragment before
        while at + _FRAME.size <= len(block):
            head = block[at : at + _FRAME.size]
            checksum, length, kind = _FRAME.unpack(head)
            end = at + _FRAME.size + length
            if end > len(block) and len(block) < BLOCK_BYTES:  # the file ends here, for now
                return
            if head == _NO_FRAME:  # zeros up to the next block
                yield start + at, _GAP, b""
                return
            if end <= len(block) and crc32(block[at + 6 : end]) == checksum:
                sound = True
                yield start + at, kind, block[at + _FRAME.size : end]
            else:
                if not sound:  # twice in a row: the length cannot be trusted
                    return
                sound = False
                self.damaged_at.append(start + at)
                yield start + at, _GAP, b""
            at = end


class LogRecords:
    """Reads the records of one `*.wandb` file, in order, into a session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._rows: list[Any] = []  # first and last logged row
        self._summaries: dict[bytes, Any] = {}  # last summary with each mark
        self._config_bytes = 0

    def take(self, payload: bytes, record: Any) -> None:
        """Read one record, parsed from `payload`; most kinds are ignored."""
        kind = record.WhichOneof("record_type")
        if kind == "history":
            if _TIMESTAMP in payload:
                self._rows[1:] = [record]
        elif kind == "summary":
            if not self._summaries and not self._rows:
                self._take_restored(record)
            self._summaries.update((mark, record) for mark in _SUMMARY_MARKS if mark in payload)
        elif kind in _TAKE:
            if kind in ("run", "config"):
                self._config_bytes += len(payload)
                if self._config_bytes > _LONGEST_CONFIG:
                    return
            _TAKE[kind](self._session, getattr(record, kind))

    def _take_restored(self, first: Any) -> None:
        """Read the runtime of earlier sessions from the first summary.

        A client that resumes a run begins with the server's summary, with `_wandb` as one value.
        The client's own summaries are written key by key.
        """
        internal = next((it for it in first.summary.update if it.key == "_wandb"), None)
        restored = None if internal is None else _json(internal.value_json)
        if isinstance(restored, dict):
            earlier = finite(restored.get("runtime")) or 0.0
            self._session.resumed = True
            self._session.earlier_runtime_s = max(self._session.earlier_runtime_s, earlier)

    def finish(self) -> None:
        """Read the first and last rows and summaries, after all records."""
        if self._config_bytes > _LONGEST_CONFIG:
            self._session.config = None
            self._session.unreadable.append("config")
        for record in self._rows:
            self._session.logged(instant_of(_value(record.history.item, "_timestamp")))
        names = {mark[1:].decode(): it.summary.update for mark, it in self._summaries.items()}
        summary = {name: _value(update, name) for name, update in names.items()}
        if not self._rows and self._session.resumed:
            summary.pop("_timestamp", None)  # of an earlier session's last row
        take_summary(self._session, summary)


def _take_run(session: Session, run: Any) -> None:
    session.seen(_instant(run.start_time))
    session.created_at = session.created_at or _instant(run.start_time)
    for name, field in _RUN_TEXTS.items():
        if text := getattr(run, field):
            setattr(session, name, text)
    session.host = session.host or run.host or None
    session.commit = run.git.commit or session.commit
    session.tags = list(run.tags) or session.tags or []
    # A rewound run also has earlier steps, like a fork, which is a run with another id.
    is_rewound = run.HasField("branch_point") and run.branch_point.run == run.run_id
    # Clients of 2026 write the request, not the server's answer.
    is_resumed = (
        run.resumed or run.resume or is_rewound or (run.starting_step > 0 and not run.forked)
    )
    session.rewound = bool(session.rewound or is_rewound)
    session.resumed = bool(session.resumed or is_resumed)
    session.earlier_runtime_s = max(session.earlier_runtime_s, float(run.runtime))
    _take_config(session, run.config)


def _take_config(session: Session, change: Any) -> None:
    config = session.config = session.config if session.config is not None else {}
    if not _tree(change.update, config):
        session.unreadable.append("config")
    for item in change.remove:
        config.pop(item.key, None)


def _take_environment(session: Session, environment: Any) -> None:
    if environment.HasField("started_at"):
        session.started_at = session.started_at or _instant(environment.started_at)
        session.seen(session.started_at)
    session.host = environment.host or session.host
    session.commit = environment.git.commit or session.commit
    session.gpu_type = environment.gpu_type or session.gpu_type
    session.gpu_count = environment.gpu_count or session.gpu_count
    session.job_id = environment.slurm.get("job_id") or session.job_id


def _take_stats(session: Session, stats: Any) -> None:
    session.seen(_instant(stats.timestamp))
    percents = (_json(it.value_json) for it in stats.item if GPU_PERCENT.fullmatch(it.key))
    session.gpu_percents.extend(it for it in map(finite, percents) if it is not None)


def _take_exit(session: Session, ended: Any) -> None:
    session.exit_code = ended.exit_code
    session.runtime_s = float(ended.runtime)


_TAKE: dict[str, Callable[[Session, Any], object]] = {
    "run": _take_run,
    "config": _take_config,
    "environment": _take_environment,
    "stats": _take_stats,
    "output_raw": lambda session, line: session.seen(_instant(line.timestamp)),
    "preempting": lambda session, _: setattr(session, "preempting", True),
    "exit": _take_exit,
}


def _tree(items: Sequence[Any], into: dict[str, Any]) -> bool:
    """Add the items' values, each under its key or nested keys; return whether all are readable."""
    whole = True
    for item in items:
        *path, name = item.nested_key or [item.key]
        tree = into
        for step in path:
            below = tree.get(step)
            tree[step] = tree = below if isinstance(below, dict) else {}
        try:
            tree[name] = read_json(item.value_json)
        except ValueError:
            whole = False
    return whole


def _value(items: Sequence[Any], name: str) -> Any:
    """The value under one key; None if it cannot be read."""
    tree: dict[str, Any] = {}
    _tree(items, tree)
    return tree.get(name)


def _json(text: str) -> Any:
    try:
        return read_json(text)
    except ValueError:
        return None


def _instant(stamp: Any) -> datetime | None:
    if not stamp.seconds:
        return None
    try:
        whole = datetime.fromtimestamp(stamp.seconds, UTC)
        return whole + timedelta(microseconds=stamp.nanos // 1000)
    except (ValueError, OverflowError, OSError):  # a damaged record
        return None
