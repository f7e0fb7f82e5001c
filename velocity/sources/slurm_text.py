"""Jobs from the output of `sacct --parsable2`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

from velocity.errors import SourceError
from velocity.sources.slurm_jobs import Job
from velocity.sources.slurm_values import gpus_of, instant_of, known, nodes_of, seconds_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path
    from zoneinfo import ZoneInfo

_Value = TypeVar("_Value")

#: The columns that velocity reads; the rest of a line is skipped.
COMMAND = (
    "sacct -X --parsable2 --duplicates --format=JobID,JobIDRaw,Cluster,Account,User,JobName,State,"
    "Submit,Start,End,ElapsedRaw,NodeList,AllocTRES"
)
#: At least one column of each.
_NEEDED = (
    ("jobidraw", "jobid"),
    ("state",),
    ("submit",),
    ("start",),
    ("end", "elapsedraw", "elapsed"),
)
_HEADING = re.compile(r"JobID(Raw)?\b", re.IGNORECASE)
_SEPARATORS = "|,;\t^"
_ARRAY = re.compile(r"(\d+)_\d+")
#: A step (".batch", ".extern", ".0"), or the tasks of an array that still wait ("1000_[6-9]").
_NO_JOB = re.compile(r"\.|_\[")
_HETEROGENEOUS = re.compile(r"(\d+)\+\d+")


def is_sacct(first_line: str) -> bool:
    """Whether a file with this first line has been written by sacct with delimiters."""
    names = re.split(rf"[{re.escape(_SEPARATORS)}]", first_line)
    return any(_HEADING.fullmatch(name.strip()) for name in names)


def read_lines(
    path: Path, lines: Iterator[str], zone: ZoneInfo | None
) -> Iterator[tuple[int, Job | str]]:
    """The number of each line with its job, or with the reason why it cannot become one.

    Lines of steps are skipped, and so are the tasks of an array that still wait. The first line has
    the headings.

    Raises:
        SourceError: a needed column is missing, or times are local and there is no `zone`.
    """
    header = next(lines).rstrip("\r\n")
    separator = max(_SEPARATORS, key=header.count)
    names = [name.strip().lower() for name in header.split(separator)]
    if missing := [each[0] for each in _NEEDED if not {*each} & {*names}]:
        raise SourceError(
            f"{path} does not have the column {', '.join(missing)}.",
            f"Write it with: {COMMAND}",
        )
    for number, line in enumerate(lines, start=2):
        values = line.rstrip("\r\n").split(separator)
        if not line.strip() or values == header.split(separator):  # files that were put together
            continue
        if len(values) != len(names):
            yield number, f"it has {len(values)} values but {len(names)} headings"
            continue
        row = dict(zip(names, values, strict=True))
        if _NO_JOB.search(row.get("jobid") or row.get("jobidraw", "")):
            continue
        try:
            yield number, _job(row, zone)
        except ValueError as error:
            yield number, str(error)


def _job(row: Mapping[str, str], zone: ZoneInfo | None) -> Job:
    """The job of a line.

    Raises:
        ValueError: it does not have an id, or a time that it needs.
    """
    name = known(row.get("jobid")) or ""
    job_id = known(row.get("jobidraw")) or name
    if not job_id:
        raise ValueError("it has no job id")
    submitted = _instant(row, "submit", zone)
    if submitted is None:
        raise ValueError("it has no time of submission")
    unreadable: list[str] = []
    nodes = known(row.get("nodelist"))
    active_s = _or_unreadable("elapsed", lambda: _seconds(row), unreadable)
    started = _instant(row, "start", zone)
    if nodes is None and "nodelist" in row and not active_s:
        started = None  # old releases write the end of a job that never ran as its start
    array, part = _ARRAY.fullmatch(name), _HETEROGENEOUS.fullmatch(name)
    gpus, gpu_type = _gpus(row)
    return Job(
        job_id=job_id,
        state=row["state"].strip(),
        submitted=submitted,
        started=started,
        ended=_or_unreadable("end", lambda: _instant(row, "end", zone), unreadable),
        active_s=active_s,
        cluster=known(row.get("cluster")),
        account=known(row.get("account")),
        user=known(row.get("user")),
        name=known(row.get("jobname")),
        array=array[1] if array else None,
        heterogeneous=part[1] if part else None,
        hosts=nodes_of(nodes) if nodes else [],
        gpus=gpus,
        gpu_type=gpu_type,
        unreadable=unreadable,
    )


def _instant(row: Mapping[str, str], name: str, zone: ZoneInfo | None) -> datetime | None:
    text = known(row.get(name))
    return None if text is None else instant_of(text, zone)


def _seconds(row: Mapping[str, str]) -> float | None:
    text = known(row.get("elapsedraw")) or known(row.get("elapsed"))
    return None if text is None else seconds_of(text)


def _or_unreadable(
    name: str, read: Callable[[], _Value | None], unreadable: list[str]
) -> _Value | None:
    try:
        return read()
    except ValueError:
        unreadable.append(name)
        return None


def _gpus(row: Mapping[str, str]) -> tuple[int | None, str | None]:
    """What the job was given; None if no column says so."""
    for name in ("alloctres", "allocgres"):
        if name in row:
            return gpus_of(row[name])
    return None, None
