"""Jobs from the output of sacct: text with delimiters, or JSON."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from velocity.errors import SourceError
from velocity.sources import values
from velocity.sources.slurm_values import gpus_of, instant_of, known, nodes_of, seconds_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
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
_NEEDED = ("jobidraw jobid", "state", "submit", "start", "end elapsedraw elapsed")
_HEADING = re.compile(r"JobID(Raw)?\b", re.IGNORECASE)
_SEPARATORS = "|,;\t^"
_ARRAY = re.compile(r"(\d+)_\d+")
#: A step (".batch", ".extern", ".0"), or the tasks of an array that still wait ("1000_[6-9]").
_NO_JOB = re.compile(r"\.|_\[")
_HETEROGENEOUS = re.compile(r"(\d+)\+\d+")


@dataclass(frozen=True)
class Job:
    """One job (one task of an array), as far as Slurm knows it; None: not known."""

    job_id: str  # the number that the job sees as SLURM_JOB_ID, if sacct wrote it
    state: str
    submitted: datetime
    started: datetime | None = None  # None: it never ran
    ended: datetime | None = None
    active_s: float | None = None  # without the time for which it was suspended
    cluster: str | None = None
    account: str | None = None
    user: str | None = None
    name: str | None = None
    array: str | None = None  # the id of its array
    heterogeneous: str | None = None  # the id of the job that it is a part of
    hosts: list[str] = field(default_factory=list)
    gpus: int | None = None  # of all hosts together
    gpu_type: str | None = None
    unreadable: list[str] = field(default_factory=list)  # columns that could not be read
    is_earlier: bool = False  # a later attempt of the same job followed

    @property
    def run_id(self) -> str:
        """The id of the run: that of the job, or ID@start (as of a reused id) if it is earlier."""
        return f"{self.job_id}@{self.begin:%Y-%m-%dT%H:%M:%SZ}" if self.is_earlier else self.job_id

    @property
    def begin(self) -> datetime:
        """When it started, or was submitted if it never did."""
        return self.started or self.submitted

    @property
    def latest(self) -> datetime:
        """The latest instant that is known of it."""
        length = timedelta(seconds=self.active_s or 0)
        return max(self.submitted, self.begin + length, self.ended or self.begin)


def _job(
    *,
    job_id: str | None,
    submitted: datetime | None,
    nodes: str | None,
    resources: str | None,
    **told: Any,
) -> Job:
    """A job with its hosts and GPUs; ValueError without an id or a time of submission."""
    if not job_id:
        raise ValueError("it has no job id")
    if submitted is None:
        raise ValueError("it has no time of submission")
    gpus, gpu_type = (None, None) if resources is None else gpus_of(resources)
    hosts = nodes_of(nodes) if nodes else []
    return Job(job_id, submitted=submitted, hosts=hosts, gpus=gpus, gpu_type=gpu_type, **told)


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
    needed = [each.split() for each in _NEEDED]
    if missing := [each[0] for each in needed if not {*each} & {*names}]:
        raise SourceError(
            f"{path} does not have the column {', '.join(missing)}.",
            f"Write it with: {COMMAND}",
        )
    for number, line in enumerate(lines, start=2):
        cells = line.rstrip("\r\n").split(separator)
        if not line.strip() or cells == header.split(separator):  # files that were put together
            continue
        if len(cells) != len(names):
            yield number, f"it has {len(cells)} values but {len(names)} headings"
            continue
        row = dict(zip(names, cells, strict=True))
        if not _NO_JOB.search(row.get("jobid") or row.get("jobidraw", "")):
            yield number, _or_reason(_job_of_line, row, zone)


def read_jobs(jobs: Iterable[Any]) -> Iterator[tuple[int, Job | str]]:
    """The same for the objects of `sacct --json`, numbered from 1."""
    for number, told in enumerate(jobs, start=1):
        if not _text(_object(_object(told).get("array")).get("task")):  # an array that still waits
            yield number, _or_reason(_job_of_object, told)


def _or_reason(make: Callable[..., Job], *told: Any) -> Job | str:
    try:
        return make(*told)
    except ValueError as error:
        return str(error)


def _job_of_line(row: Mapping[str, str], zone: ZoneInfo | None) -> Job:
    """The job of a line; ValueError if a time that it needs cannot be read."""
    unreadable: list[str] = []

    def instant(name: str) -> datetime | None:
        text = known(row.get(name))
        return None if text is None else instant_of(text, zone)

    def seconds() -> float | None:
        text = known(row.get("elapsedraw")) or known(row.get("elapsed"))
        return None if text is None else seconds_of(text)

    def readable(name: str, read: Callable[[], _Value | None]) -> _Value | None:
        try:
            return read()
        except ValueError:
            unreadable.append(name)
            return None

    name = known(row.get("jobid")) or ""
    nodes = known(row.get("nodelist"))
    array, part = _ARRAY.fullmatch(name), _HETEROGENEOUS.fullmatch(name)
    active_s, started = readable("elapsed", seconds), instant("start")
    # Old releases write the end of a job that never ran as its start.
    ran = nodes is not None or "nodelist" not in row or active_s
    return _job(
        job_id=known(row.get("jobidraw")) or name,
        state=row["state"].strip(),
        submitted=instant("submit"),
        started=started if ran else None,
        ended=readable("end", lambda: instant("end")),
        active_s=active_s,
        cluster=known(row.get("cluster")),
        account=known(row.get("account")),
        user=known(row.get("user")),
        name=known(row.get("jobname")),
        array=array and array[1],
        heterogeneous=part and part[1],
        nodes=nodes,
        resources=row.get("alloctres", row.get("allocgres")),
        unreadable=unreadable,
    )


def _job_of_object(told: Any) -> Job:
    """The job of an object, whose shape differs between releases of Slurm."""
    if not isinstance(told, dict):
        raise ValueError("it is not an object")  # noqa: TRY004 - the job is wrong, not the code
    number, times = _number(told.get("job_id")), _object(told.get("time"))
    nodes, active_s = known(_text(told.get("nodes"))), _number(times.get("elapsed"))
    return _job(
        job_id=None if number is None else str(int(number)),
        state=_state(told.get("state")),
        submitted=_instant(times.get("submission")),
        # Some releases write the end of a job that never ran as its start.
        started=_instant(times.get("start")) if nodes is not None or active_s else None,
        ended=_instant(times.get("end")),
        active_s=active_s,
        cluster=known(_text(told.get("cluster"))),
        account=known(_text(told.get("account"))),
        user=known(_text(told.get("user"))),
        name=known(_text(told.get("name"))),
        array=_id(_object(told.get("array")).get("job_id")),
        heterogeneous=_id(_object(told.get("het")).get("job_id")),
        nodes=nodes,
        resources=_resources(_object(told.get("tres")).get("allocated")),
    )


def _number(value: Any) -> float | None:
    """A number, also as {"set": true, "infinite": false, "number": 5} of later releases."""
    if isinstance(value, dict):
        value = value.get("number") if value.get("set") and not value.get("infinite") else None
    return values.finite(value)


def _id(value: Any) -> str | None:
    number = _number(value)  # 0: there is none
    return str(int(number)) if number else None


def _instant(value: Any) -> datetime | None:
    return values.instant_of(_number(value) or None)  # 0: not known


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _state(value: Any) -> str:
    """The word of {"current": "FAILED"}, of later releases' {"current": ["FAILED"]}, or itself."""
    current = value.get("current") if isinstance(value, dict) else value
    if isinstance(current, list):
        current = next(iter(current), None)
    return _text(current) or ""


def _resources(found: Any) -> str | None:
    """The resources as in sacct's text."""
    if not isinstance(found, list):
        return None
    return ",".join(
        f"gres/{it.get('name')}={int(count)}"
        for it in map(_object, found)
        if it.get("type") == "gres" and (count := _number(it.get("count"))) is not None
    )
