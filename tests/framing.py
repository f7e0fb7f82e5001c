"""Writes the framing of `*.wandb` files, in the simplest way."""

import struct
from zlib import crc32

BLOCK_BYTES = 32 * 1024
FRAME_BYTES = 7
FILE_HEADER = b":W&B\xe1\xbe\x00"


def framed(records: list[bytes]) -> tuple[bytes, list[int]]:
    """Return a file of these records, and the offset just after each record."""
    out = bytearray(FILE_HEADER)
    ends = []
    for record in records:
        rest, first = record, True
        while first or rest:
            left = BLOCK_BYTES - len(out) % BLOCK_BYTES
            if left < FRAME_BYTES:
                out += bytes(left)
                left = BLOCK_BYTES
            part, rest = rest[: left - FRAME_BYTES], rest[left - FRAME_BYTES :]
            kind = (3 if rest else 4) if not first else (2 if rest else 1)
            sealed = bytes([kind]) + part
            out += struct.pack("<IH", crc32(sealed), len(part)) + sealed
            first = False
        ends.append(len(out))
    return bytes(out), ends
