"""Jobs from the output of sacct: text with delimiters, or JSON."""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from velocity.errors import SourceError
from velocity.sources import values
from velocity.sources.slurm_values import (
    NO_NUMBER,
    gpus_of,
    instant_of,
    known,
    nodes_of,
    seconds_of,
)

_Value = TypeVar("_Value")

#: The columns that velocity reads; the rest of a line is skipped.
COMMAND = (
    "sacct -X --parsable2 --duplicates --format=JobID,JobIDRaw,Cluster,Account,User,JobName,State,"
    "Submit,Start,End,ElapsedRaw,NodeList,AllocTRES"
)
#: Columns in which a separator can only be in the name of the job.
_KNOWN = {*COMMAND.partition("=")[2].lower().split(","), "elapsed", "allocgres", ""}
#: At least one column of each.
_NEEDED = ("jobidraw jobid", "state", "submit", "start", "end elapsedraw elapsed")
_HEADING = re.compile(r"JobID(Raw)?\b", re.IGNORECASE)
_SEPARATORS = "|,;\t^"
_SPREADSHEETS = ",;\t"  # those of spreadsheets, which quote text that has commas in it
_A_SECOND = timedelta(seconds=1)
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
    output: int = 0  # number of its output in a file of several

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
    output = 0
    for number, line in enumerate(lines, start=2):
        text = line.rstrip("\r\n")
        if text == header:  # files that were put together
            output += 1
            continue
        if not text.strip():
            continue
        cells = _cells(text, names, separator)
        if len(cells) != len(names):
            yield number, f"it has {len(cells)} values but {len(names)} headings"
            continue
        row = dict(zip(names, cells, strict=True))
        if not _NO_JOB.search(row.get("jobid") or row.get("jobidraw", "")):
            job = _job_or_reason(row, zone)
            yield number, job if isinstance(job, str) else replace(job, output=output)


def _cells(text: str, names: list[str], separator: str) -> list[str]:
    """The cells of a line, as a spreadsheet quotes them if that fits the headings."""
    if '"' in text and separator in _SPREADSHEETS:
        with suppress(csv.Error):  # the mark is only a part of a name
            cells = next(csv.reader([text], delimiter=separator, strict=True))
            if len(cells) == len(names):
                return cells
    return _with_whole_name(text.split(separator), names, separator)


def _with_whole_name(cells: list[str], names: list[str], separator: str) -> list[str]:
    """The cells of a line; if the name of the job has separators in it, its parts are one again."""
    more = len(cells) - len(names)
    if separator == "," or more <= 0 or "jobname" not in names or not {*names} <= _KNOWN:
        return cells
    place = names.index("jobname")
    end = place + more + 1
    whole = [*cells[:place], separator.join(cells[place:end]), *cells[end:]]
    state = whole[names.index("state")]
    return whole if state[:1].isalpha() else cells  # the separator was in another cell


def read_jobs(jobs: Iterable[Any]) -> Iterator[tuple[int, Job | str]]:
    """The same for the objects of `sacct --json`, numbered from 1."""
    for number, told in enumerate(jobs, start=1):
        if not isinstance(told, dict):
            yield number, "it is not an object"
        elif not values.text_of(_object(told.get("array")).get("task")):  # a waiting array
            yield number, _job_or_reason(_row_of(told), None)


def _job_or_reason(row: Mapping[str, str], zone: ZoneInfo | None) -> Job | str:
    try:
        return _job(row, zone)
    except ValueError as error:
        return str(error)


def _job(row: Mapping[str, str], zone: ZoneInfo | None) -> Job:
    """The job of a line; ValueError if a time that it needs cannot be read."""
    told = {name: it for name, text in row.items() if (it := known(text)) is not None}
    unreadable: list[str] = []

    def readable(name: str, text: str | None, read: Callable[[str], _Value]) -> _Value | None:
        try:
            return None if text is None else read(text)
        except ValueError:
            unreadable.append(name)
            return None

    instant = partial(instant_of, zone=zone)
    name = told.get("jobid", "")
    if not (job_id := told.get("jobidraw") or name):
        raise ValueError("it has no job id")
    length = told.get("elapsedraw") or told.get("elapsed")
    active_s = readable("elapsed", length, seconds_of)
    started, ended = (readable(it, told.get(it), instant) for it in ("start", "end"))
    active = None if active_s is None else timedelta(seconds=active_s)
    if started and ended and active is not None and abs(ended - started - active) >= _A_SECOND:
        # Of an hour that the clocks repeat, the one that agrees with the length. Of one that they
        # skip, "again" would be earlier.
        again = partial(instant_of, zone=zone, fold=1)
        begins, ends = max(started, again(told["start"])), max(ended, again(told["end"]))
        started, ended = min(
            product((started, begins), (ended, ends)), key=lambda it: abs(it[1] - it[0] - active)
        )
    submitted = readable("submit", told.get("submit"), instant)
    if submitted is None and started is not None:
        submitted = started
        unreadable += [] if "submit" in unreadable else ["submit"]
    if submitted is None:
        raise ValueError("it has no time of submission or start")
    nodes = told.get("nodelist")
    if "start" in unreadable and (ended or active_s or nodes):  # it ran
        started = submitted if ended is None or active is None else ended - active
    if nodes is None and "nodelist" in row and not active_s:
        started = None  # some releases write the end of a job that never ran as its start
    # The accounting may be set up without GPUs among the TRES.
    texts = [row[it] for it in ("alloctres", "allocgres") if it in row]
    counts = (readable("resources", text, gpus_of) for text in texts)
    none = (0 if texts else None), None
    gpus, gpu_type = next((it for it in counts if it is None or it[0]), none) or (None, None)
    array, part = _ARRAY.fullmatch(name), _HETEROGENEOUS.fullmatch(name)
    return Job(
        job_id=job_id,
        state=row["state"].strip(),
        submitted=submitted,
        started=started,
        ended=ended,
        active_s=active_s,
        cluster=told.get("cluster"),
        account=told.get("account"),
        user=told.get("user"),
        name=told.get("jobname"),
        array=array and array[1],
        heterogeneous=part and part[1],
        hosts=nodes_of(nodes) if nodes else [],
        gpus=gpus,
        gpu_type=gpu_type,
        unreadable=unreadable,
    )


def _row_of(told: Mapping[str, Any]) -> dict[str, str]:
    """An object as a line has it; the shape of objects differs between releases of Slurm."""
    job_id, times = _whole(told.get("job_id")), _object(told.get("time"))
    array, part_of = (_number(_object(told.get(it)).get("job_id")) for it in ("array", "het"))
    # 0: it is not in an array, or not a part.
    within = f"{array:.0f}_0" if array else f"{part_of:.0f}+0" if part_of else None
    row = {
        "jobid": job_id and within,
        "jobidraw": job_id,
        "state": _state(told.get("state")),
        "submit": _time(times.get("submission")),
        "start": _time(times.get("start")),
        "end": _time(times.get("end")),
        "elapsedraw": _whole(times.get("elapsed")),
        "cluster": values.text_of(told.get("cluster")),
        "account": values.text_of(told.get("account")),
        "user": values.text_of(told.get("user")),
        "jobname": values.text_of(told.get("name")),
        "nodelist": values.text_of(told.get("nodes")),
    }
    resources = _resources(_object(told.get("tres")).get("allocated"))
    known_resources = {} if resources is None else {"alloctres": resources}
    return {name: text or "" for name, text in row.items()} | known_resources


def _number(value: Any) -> float | None:
    """A number, also as {"set": true, "infinite": false, "number": 5} of later releases."""
    if isinstance(value, dict):
        value = value.get("number") if value.get("set") and not value.get("infinite") else None
    return values.finite(value)


def _whole(value: Any) -> str | None:
    number = _number(value)
    return None if number is None else str(int(number))


def _time(value: Any) -> str | None:
    number = _number(value) or None  # 0: not known
    instant = None if number in NO_NUMBER else values.instant_of(number)
    return None if instant is None else instant.isoformat()


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _state(value: Any) -> str:
    """The word of {"current": "FAILED"}, of later releases' {"current": ["FAILED"]}, or itself."""
    current = value.get("current") if isinstance(value, dict) else value
    if isinstance(current, list):
        current = next(iter(current), None)
    return values.text_of(current) or ""


def _resources(found: Any) -> str | None:
    if not isinstance(found, list):
        return None
    return ",".join(
        f"gres/{it.get('name')}={_whole(it.get('count')) or ''}"
        for it in map(_object, found)
        if it.get("type") == "gres"
    )
