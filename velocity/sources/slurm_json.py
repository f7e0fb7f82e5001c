"""Jobs from the output of `sacct --json`, whose shape differs between releases of Slurm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from velocity.sources.slurm_jobs import Job
from velocity.sources.slurm_values import gpus_of, known, nodes_of
from velocity.sources.values import finite, instant_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime


def read_jobs(jobs: Iterable[Any]) -> Iterator[tuple[int, Job | str]]:
    """The number of each job from 1, with the job, or the reason why it cannot become one.

    The tasks of an array that still wait are one object, which is skipped.
    """
    for number, told in enumerate(jobs, start=1):
        if _is_waiting_array(told):
            continue
        try:
            yield number, _job(told)
        except ValueError as error:
            yield number, str(error)


def _job(told: Any) -> Job:
    """The job of an object.

    Raises:
        ValueError: it does not have an id or a time of submission.
    """
    if not isinstance(told, dict):
        raise ValueError("it is not an object")  # noqa: TRY004 - the job is wrong, not the code
    number = _number(told.get("job_id"))
    if number is None:
        raise ValueError("it has no job id")
    times = _object(told.get("time"))
    submitted = _instant(times.get("submission"))
    if submitted is None:
        raise ValueError("it has no time of submission")
    nodes = known(_text(told.get("nodes")))
    active_s = _number(times.get("elapsed"))
    started = _instant(times.get("start"))
    if nodes is None and not active_s:
        started = None  # it never ran; some releases write its end as its start
    array = _number(_object(told.get("array")).get("job_id"))
    part_of = _number(_object(told.get("het")).get("job_id"))
    gpus, gpu_type = _gpus(_object(told.get("tres")).get("allocated"))
    return Job(
        job_id=str(int(number)),
        state=_state(told.get("state")),
        submitted=submitted,
        started=started,
        ended=_instant(times.get("end")),
        active_s=active_s,
        cluster=known(_text(told.get("cluster"))),
        account=known(_text(told.get("account"))),
        user=known(_text(told.get("user"))),
        name=known(_text(told.get("name"))),
        array=str(int(array)) if array else None,
        heterogeneous=str(int(part_of)) if part_of else None,
        hosts=nodes_of(nodes) if nodes else [],
        gpus=gpus,
        gpu_type=gpu_type,
    )


def _is_waiting_array(told: Any) -> bool:
    return bool(_text(_object(_object(told).get("array")).get("task")))


def _number(value: Any) -> float | None:
    """A number, also as {"set": true, "infinite": false, "number": 5} of later releases."""
    if isinstance(value, dict):
        value = value.get("number") if value.get("set") and not value.get("infinite") else None
    return finite(value)


def _instant(value: Any) -> datetime | None:
    return instant_of(_number(value) or None)  # 0: not known


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


def _gpus(resources: Any) -> tuple[int | None, str | None]:
    if not isinstance(resources, list):
        return None, None
    written = (
        f"gres/{it.get('name')}={int(count)}"
        for it in map(_object, resources)
        if it.get("type") == "gres" and (count := _number(it.get("count"))) is not None
    )
    return gpus_of(",".join(written))
