"""Values as Slurm's sacct writes them: node lists, GPUs, lengths and local times."""

import itertools
import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from velocity.errors import SourceError
from velocity.sources.values import EARLIEST, LATEST, LONGEST_RUNTIME_S, MOST_GPUS

#: What sacct writes for "not known", in lower case.
_NOT_KNOWN = frozenset({"", "unknown", "none", "n/a", "(null)", "none assigned", "invalid"})
#: Slurm's numbers for "not set" and "no limit", of 16, 32 and 64 bits.
NO_NUMBER = frozenset(2**bits - less for bits in (16, 32, 64) for less in (1, 2))
#: "gres/gpu:a100=4", "gres/gpu=4" (TRES), and "gpu:a100:4(IDX:0-3)", "gres:gpu:4" (old versions),
#: or "7696487:4": the letters of "gpu" as one number, where sacct does not know the name.
_TRES = re.compile(r"gres/gpu(?::(?P<type>[^=,]+))?=(?P<count>\d+)", re.IGNORECASE)
_GRES = re.compile(
    r"(?:gres[:/])?(?:gpu|7696487)(?::(?P<type>[^:,(]*[^:,(\d][^:,(]*))?[:=](?P<count>\d+)(?:\([^)]*\))?",
    re.IGNORECASE,
)
_GPU = re.compile(r"(?:^|,)(?:gres[:/])?gpu(?![\w-])", re.IGNORECASE)
_LENGTH = re.compile(r"(?:(\d{1,6})-)?(\d{1,9}):(\d{2}):(\d{2})(?:\.\d+)?")
_SHORT_LENGTH = re.compile(r"(\d{1,9}):(\d{2})(?:\.\d+)?")
#: A name of a node list, with its commas in brackets: "gpu[01-04,07]".
_NAMES = re.compile(r"(?:[^,\[\]]|\[[^\[\]]*\])+")
_MOST_NODES = 10_000


def known(text: str | None) -> str | None:
    """The text without surrounding spaces; None if it says "not known" in one of sacct's ways."""
    text = (text or "").strip()
    return None if text.lower() in _NOT_KNOWN else text


def gpus_of(text: str) -> tuple[int, str | None]:
    """The number of GPUs in a list of resources (0 if it has none), and their type if it has one.

    Of several types, the first with the most GPUs.

    Raises:
        ValueError: it names GPUs in another way, or Slurm does not know how many.
    """
    found = list(_TRES.finditer(text)) or [
        match for item in re.split(r",(?![^(]*\))", text) if (match := _GRES.fullmatch(item))
    ]
    counts = [int(match["count"]) for match in found]
    lost = any(it in NO_NUMBER or it > MOST_GPUS for it in counts)
    if lost or (not found and _GPU.search(text)):
        raise ValueError(f'"{text}" does not say how many GPUs there are')
    by_type = {match["type"]: int(match["count"]) for match in found if match["type"]}
    total = [int(match["count"]) for match in found if not match["type"]]
    best = max(by_type, key=lambda name: by_type[name], default=None)
    return (total[0] if total else sum(by_type.values())), best


def nodes_of(text: str) -> list[str]:
    """The names in a node list: "gpu[01-02],login" has three. Unreadable text is one name."""
    try:
        names = [name for part in _NAMES.findall(text) for name in _expanded(part)]
    except ValueError:
        return [text]
    return list(dict.fromkeys(names))


def _expanded(part: str) -> Iterator[str]:
    """The names of one part: the text between brackets takes every number of its ranges."""
    pieces = re.split(r"\[([^\]]*)\]", part)
    choices = [
        list(_numbers(piece)) if place % 2 else [piece] for place, piece in enumerate(pieces)
    ]
    for count, name in enumerate(itertools.product(*choices)):
        if count >= _MOST_NODES:
            raise ValueError("too many nodes")
        yield "".join(name)


def _numbers(ranges: str) -> Iterator[str]:
    for piece in ranges.split(","):
        first, _, last = piece.partition("-")
        low, high = int(first), int(last or first)
        if not 0 <= high - low < _MOST_NODES:
            raise ValueError(f"{piece} is not a range of nodes")
        for number in range(low, high + 1):
            yield str(number).zfill(len(first))


def seconds_of(text: str) -> float:
    """The seconds of a length such as "1-02:03:04", "02:03" or "3600".

    Raises:
        ValueError: it is not the length of a job.
    """
    if found := _LENGTH.fullmatch(text) or _SHORT_LENGTH.fullmatch(text):
        days, hours, minutes, seconds = (int(it or 0) for it in (0, 0, *found.groups())[-4:])
        length = float(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
    else:
        length = float(text) if re.fullmatch(r"\d{1,12}", text) else math.inf
    if length >= LONGEST_RUNTIME_S:
        raise ValueError(f'"{text}" is not a length of time')
    return length


def instant_of(text: str, zone: ZoneInfo | None, *, fold: int = 0) -> datetime:
    """The instant of a time: local without an offset, or seconds since 1970.

    Of an hour that the clocks of `zone` repeat, the earlier one, or the later one if `fold` is 1.

    Raises:
        ValueError: it is no time.
        SourceError: it is local, and there is no `zone`.
    """
    is_epoch = re.fullmatch(r"\d{9,10}", text) is not None
    if is_epoch and int(text) in NO_NUMBER:
        raise ValueError(f'"{text}" stands for "not known"')
    read = datetime.fromtimestamp(int(text), UTC) if is_epoch else datetime.fromisoformat(text)
    if read.tzinfo is None:
        if zone is None:
            raise SourceError(
                "sacct wrote times without their zone: they are local times of the cluster.",
                "Add --timezone, such as --timezone Europe/Zurich; or --timezone UTC if sacct ran"
                " with TZ=UTC.",
            )
        read = read.replace(tzinfo=zone, fold=fold)
    if not EARLIEST <= read < LATEST:
        raise ValueError(f'"{text}" is before 1970 or after 2199')
    return read.astimezone(UTC)
