"""Evaluations that the real Inspect runs with its mock model, and the logs that it writes."""

from pathlib import Path
from typing import Any
from unittest import mock

import tiktoken
from inspect_ai import Task, eval as run_eval, eval_set, task
from inspect_ai.dataset import Sample
from inspect_ai.log import read_eval_log, write_eval_log
from inspect_ai.scorer import match
from inspect_ai.solver import generate, solver

MODEL = "mockllm/model"


class _Words:
    """Stands in for the encodings of tokens, which have to be downloaded."""

    def encode(self, text: str, **_: Any) -> list[str]:
        return text.split()


@task
def sums() -> Task:
    samples = [Sample(input=f"{n} + 1?", target=str(n + 1)) for n in range(3)]
    return Task(dataset=samples, solver=generate(), scorer=match())


@solver
def _failing_once() -> Any:
    calls = []

    async def solve(state: Any, generate: Any) -> Any:
        calls.append(state)
        answered = await generate(state)
        if len(calls) == 1:
            raise RuntimeError("the first attempt fails")
        return answered

    return solve


@task
def fragile() -> Task:
    samples = [Sample(input="a", target="b")]
    return Task(dataset=samples, solver=_failing_once(), scorer=match())


def evaluated(folder: Path, **more: Any) -> list[Any]:
    """The logs of one call of `eval`, written into a folder."""
    with mock.patch.object(tiktoken, "get_encoding", return_value=_Words()):
        given = {"tasks": sums(), "model": MODEL, "log_dir": str(folder), "display": "none"} | more
        return list(run_eval(**given))


def retried(folder: Path, *, at_once: bool = True) -> None:
    """An eval set whose task fails and is retried, in the same call of `eval` or in another."""
    retries = {"retry_attempts": 2, "retry_wait": 0.1, "retry_cleanup": False}
    given = {"model": MODEL, "log_dir": str(folder), "display": "none", **retries}
    with mock.patch.object(tiktoken, "get_encoding", return_value=_Words()):
        done, _ = eval_set(fragile(), retry_immediate=at_once, **given)
    assert done


def changed_usage(log: str, to: Path, **amounts: Any) -> None:
    """A log whose model used other amounts (fields of Inspect's `ModelUsage`)."""
    header = read_eval_log(log)
    (used,) = header.stats.model_usage.values()
    for name, amount in amounts.items():
        setattr(used, name, amount)
    write_eval_log(header, str(to))


def unfinished(log: str, to: Path) -> None:
    """A log as it is while its evaluation runs, or after its process died."""
    header = read_eval_log(log)
    header.status, header.results = "started", None
    header.eval.eval_id = "unfinished"
    header.stats.completed_at = ""
    write_eval_log(header, str(to))
