"""Runs from the evaluation logs of Inspect, through its own reader. Only headers are read."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from velocity.cleaning import cleaned
from velocity.errors import SourceError
from velocity.records import Rejected, RunBatch, config_text
from velocity.sources.base import Asked
from velocity.sources.shared import client_of, in_batches, reasons
from velocity.sources.values import instant_of

#: As much as a table: W&B's own runs are trusted more.
_TRUST = 2
_SHOWN_CHARACTERS = 200
#: More tokens or dollars than this are a mistake in the log.
_MOST = 10**15
_HINT = "Name .eval or JSON logs that Inspect wrote, or a folder with some."
#: Providers whose models run on the machine itself, on GPUs that the log does not name.
_LOCAL = ("hf/", "vllm/", "sglang/", "llama-cpp-python/", "transformer_lens/", "nnterp/")


class InspectSource:
    """A `Source` whose places are logs of Inspect (`.eval` or JSON), or folders with some.

    An evaluation (one task with one model) is a run. The evaluations of an eval set, or of one call
    of `eval`, are one sweep, with their retries. If W&B has a run with the id of that call, it
    counts instead. A log that cannot be read does not stop the others. It is an error if inspect_ai
    is not installed, or if a place does not exist or does not have a log that can be read.
    """

    def read(self, asked: Asked) -> Iterator[RunBatch]:
        """The evaluations of all places."""
        inspect = client_of("inspect", "inspect_ai.log")
        names = [name for place in asked.places for name in _logs(place, inspect)]
        headers, rejected = [], []
        entity, project = asked.entity or "inspect", asked.project or "evals"
        for number, name in enumerate(names):
            asked.on_progress(name, number, len(names))
            try:
                headers.append((name, _checked(inspect.read_eval_log(name, header_only=True))))
            except Exception as error:  # noqa: BLE001 - a damaged log can break the reader anywhere
                reason = cleaned(str(error).partition("\n")[0], _SHOWN_CHARACTERS)
                rejected.append(Rejected(entity, project, None, f"{name} cannot be read: {reason}"))
        if not headers:
            why = reasons(rejected)
            raise SourceError(f"No log of {', '.join(asked.places)} can be read: {why}.", _HINT)
        # Task id, which retries share -> the id of the eval set, or of the first call of `eval`.
        calls: dict[str, str] = {}
        for _, header in sorted(headers, key=lambda it: str(it[1].eval.created)):
            calls.setdefault(header.eval.task_id, header.eval.eval_set_id or header.eval.run_id)
        rows = [
            _row(name, header, calls[header.eval.task_id])
            | {"entity": entity, "project": project, "username": asked.username}
            for name, header in headers
        ]
        return in_batches(rows, rejected, noun="log")


def _logs(place: str, inspect: Any) -> list[str]:
    """The logs of a place: itself, or those in it if it is a folder or an address."""
    path = Path(place)
    if "://" not in place and not path.exists():
        raise SourceError(f"{place} does not exist.", _HINT)
    if path.is_file():
        return [place]
    found = [it.name for it in inspect.list_eval_logs(place, descending=False)]
    if not found:
        raise SourceError(f"{place} does not have any log of Inspect.", _HINT)
    return found


def _checked(header: Any) -> Any:
    """The header; ValueError if it does not have what a run needs."""
    if not header.eval.eval_id or instant_of(header.eval.created) is None:
        raise ValueError("it does not have an id or a time of creation")
    return header


def _row(name: str, header: Any, call: str) -> dict[str, Any]:
    """An evaluation in columns of `RUN_SCHEMA`, without those that the request decides."""
    spec, stats = header.eval, header.stats
    created = instant_of(spec.created)
    start, end = instant_of(stats.started_at), instant_of(stats.completed_at)
    over = header.status != "started"  # otherwise it is being written, or its process died
    usage, known = _usage(stats.model_usage)
    gpus = None if spec.model.startswith(_LOCAL) else 0
    return {
        "run_id": spec.eval_id,
        "same_as": [it for it in (spec.run_id, spec.eval_set_id) if it],
        "display_name": f"{spec.task} {spec.model}",
        "state": header.status if over else "running",
        "created_at": created,
        "writers": [{"start": start or created, "gpu_count": gpus}],
        "heartbeat_at": end if over else _changed_at(name),
        "runtime_s": (end - start).total_seconds() if over and start and end else None,
        "sweep": call,
        "job_type": "evaluation",
        "tags": list(spec.tags or ()) or None,
        "config": config_text(_config(spec)),
        "commit": spec.revision.commit if spec.revision else None,
        "notes": _told(header.results, usage),
        "usage": usage or None,
        "attempt_of": spec.task_id or None,
        "unreadable": None if known else ["usage"],
        "history_rows": header.results.completed_samples if header.results else None,
        "source": "inspect",
        "trust": _TRUST,
    }


def _config(spec: Any) -> dict[str, Any]:
    """What makes two evaluations the same idea."""
    return {
        "task": spec.task,
        "task_version": spec.task_version,
        "task_args": spec.task_args,
        "model": spec.model,
        "model_args": spec.model_args,
        "generate": spec.model_generate_config.model_dump(exclude_none=True),
        "solver": spec.solver,
        "dataset": spec.dataset.name,
        "samples": spec.config.limit,
        "epochs": spec.config.epochs,
    }


def _usage(reported: Mapping[str, Any]) -> tuple[list[dict[str, Any]], bool]:
    """The tokens and dollars by model, in columns of `USAGE`, and whether all could be read."""
    found = [
        {
            "model": cleaned(model, _SHOWN_CHARACTERS),
            "input": it.input_tokens,
            "output": it.output_tokens,
            "cache_read": it.input_tokens_cache_read or 0,
            "cache_write": it.input_tokens_cache_write or 0,
            "reasoning": it.reasoning_tokens or 0,
            "dollars": it.total_cost,
        }
        for model, it in reported.items()
    ]
    possible = [
        it
        for it in found
        if all(0 <= amount <= _MOST for amount in it.values() if isinstance(amount, int | float))
    ]
    return possible, len(possible) == len(found)


def _told(results: Any, usage: Sequence[Mapping[str, Any]]) -> str:
    """The samples and tokens of an evaluation, in words."""
    read, written = (sum(it[kind] for it in usage) for kind in ("input", "output"))
    told = []
    if results:
        told.append(f"{results.completed_samples:,} of {results.total_samples:,} samples")
    if read or written:
        told.append(f"{read:,} tokens read, {written:,} written")
    return "; ".join(told) or "no sample finished"


def _changed_at(name: str) -> datetime | None:
    """When a local log was last written: the last sign of life of its evaluation."""
    path = Path(name.removeprefix("file://"))
    return datetime.fromtimestamp(path.stat().st_mtime, UTC) if path.is_file() else None
