"""The framing of `*.wandb` files: a LevelDB log with an additional short header.

A file is a sequence of 32 KiB blocks, the first of which begins with a 7-byte header (`:W&B`, u16
magic, u8 version). A block holds fragments, `crc32 u32 | length u16 | type u8 | payload`,
little-endian; the checksum covers type and payload, and no fragment crosses a block's end. A
record is one FULL fragment, or a FIRST, any number of MIDDLE and a LAST one. If the rest of a block
is too short for another fragment, it is filled with zeros.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, BinaryIO
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK_BYTES = 32 * 1024
#: Bytes of a record; a logged row or config has a few thousand.
LONGEST_RECORD = 16 * 2**20
FILE_HEADER = b":W&B" + struct.pack("<HB", 0xBEE1, 0)

_FRAME = struct.Struct("<IHB")
_NO_FRAME = bytes(_FRAME.size)
_GAP, _FULL, _FIRST, _MIDDLE, _LAST = range(5)


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
