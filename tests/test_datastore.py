"""The reader of `*.wandb` files against a small writer of the same framing."""

import io

from hypothesis import example, given, strategies as st

from tests.framing import BLOCK_BYTES, FILE_HEADER, FRAME_BYTES, framed
from velocity.sources.log_records import RecordReader


def read(data: bytes) -> tuple[list[bytes], list[int]]:
    reader = RecordReader(io.BytesIO(data))
    return list(reader), reader.damaged_at


def flipped(data: bytes, bit: int) -> bytes:
    broken = bytearray(data)
    broken[bit // 8] ^= 1 << bit % 8
    return bytes(broken)


def is_subsequence(some: list[bytes], of: list[bytes]) -> bool:
    rest = iter(of)
    return all(item in rest for item in some)


#: Sizes near which a record just fits a block, or leaves room for an empty frame, or less.
_EDGES = [
    BLOCK_BYTES * n - FRAME_BYTES * k + d for n in (1, 2) for k in range(4) for d in (-1, 0, 1)
]
_SIZES = st.one_of(st.integers(0, 300), st.sampled_from(_EDGES), st.integers(0, 3 * BLOCK_BYTES))
RECORDS = st.lists(_SIZES, max_size=8).map(
    lambda sizes: [bytes([number + 1]) * size for number, size in enumerate(sizes)]
)


@given(RECORDS)
def test_written_records_are_read(records: list[bytes]) -> None:
    data, _ = framed(records)
    assert read(data) == (records, [])


@given(st.integers(-20, 20), st.integers(-20, 20))
def test_every_block_boundary_case_is_read(first: int, second: int) -> None:
    records = [
        b"a" * (BLOCK_BYTES - len(FILE_HEADER) - 2 * FRAME_BYTES + first),
        b"b" * (BLOCK_BYTES + second),
        b"",
        b"c",
    ]
    assert read(framed(records)[0]) == (records, [])


@given(RECORDS, st.data())
def test_a_file_cut_off_anywhere_gives_its_complete_records(records, data):
    whole, ends = framed(records)
    cut = data.draw(st.integers(0, len(whole)))
    kept = [record for record, end in zip(records, ends, strict=True) if end <= cut]
    assert read(whole[:cut]) == (kept, [])


@given(RECORDS.filter(bool), st.data())
def test_a_flipped_bit_loses_at_most_its_own_block(records, data):
    whole, ends = framed(records)
    bit = data.draw(st.integers(0, 8 * len(whole) - 1))
    found, _ = read(flipped(whole, bit))
    assert is_subsequence(found, records)
    block = bit // 8 // BLOCK_BYTES * BLOCK_BYTES
    starts = [len(FILE_HEADER), *ends[:-1]]
    sure = [
        record
        for record, start, end in zip(records, starts, ends, strict=True)
        if end <= bit // 8 or start >= block + BLOCK_BYTES
    ]
    assert is_subsequence(sure, found)


@given(st.integers(0, 8 * 30 - 1))
@example(0)
def test_a_flipped_bit_in_a_payload_loses_only_that_record(bit: int) -> None:
    records = [b"before" * 5, b"struck" * 5, b"after" * 5]
    whole, ends = framed(records)
    broken = flipped(whole, 8 * (ends[0] + FRAME_BYTES) + bit)
    assert read(broken) == ([records[0], records[2]], [ends[0]])


def test_a_missing_middle_never_joins_two_records() -> None:
    records = [b"a" * (3 * BLOCK_BYTES), b"b" * (3 * BLOCK_BYTES), b"c"]
    whole, _ = framed(records)
    hole = whole[: 2 * BLOCK_BYTES] + bytes(BLOCK_BYTES) * 2 + whole[4 * BLOCK_BYTES :]
    assert read(hole)[0] == [b"c"]


def test_a_file_that_grows_while_it_is_read_is_read_correctly() -> None:
    records = [b"a" * 100, b"b" * 100]
    whole, ends = framed(records)

    class Growing(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            given_now = super().read(size)
            self.seek(0, io.SEEK_END)
            self.write(whole[len(self.getvalue()) :])
            self.seek(len(given_now))
            return given_now

    reader = RecordReader(Growing(whole[: ends[0] + 20]))
    assert (list(reader), reader.damaged_at) == ([records[0]], [])


def test_another_kind_of_file_has_no_records() -> None:
    found, damaged_at = read(b"\x89PNG\r\n" + bytes(range(256)) * 300)
    assert (found, damaged_at[0]) == ([], 0)
