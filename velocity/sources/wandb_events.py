"""GPU utilisation of runs, from the system metrics that W&B's API samples."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from velocity.sources.values import GPU_PERCENT, finite, mean_share, read_object

EVENTS_QUERY = """
query RunEvents(
  $entity: String!, $project: String!, $filters: JSONString, $first: Int, $samples: Int
) {
  project(name: $project, entityName: $entity) {
    runs(filters: $filters, first: $first) { edges { node { name events(samples: $samples) } } }
  }
}
"""

#: Rows requested of each run. A row has some 10 values for each GPU of the machine.
_SAMPLES = 100
#: Rows accepted: servers may count samples in other ways.
_MOST_ROWS = 10 * _SAMPLES
#: The API puts this before the names that the client wrote.
_PREFIX = "system."
_MOST_PERCENT = 100


def variables(entity: str, project: str, run_ids: Sequence[str]) -> dict[str, Any]:
    """The variables of `EVENTS_QUERY` for runs of a project."""
    return {
        "entity": entity,
        "project": project,
        "filters": json.dumps({"name": {"$in": list(run_ids)}}),
        "first": len(run_ids),
        "samples": _SAMPLES,
    }


def utilisation(nodes: Iterable[dict[str, Any]]) -> dict[str, float | None]:
    """Run id -> mean share over GPUs and time in which they were busy, 0 to 1.

    From the `name` and `events` (JSON texts) of nodes. Runs without a row about a GPU are left out.
    A run has None if any of its rows, or any percentage, is not one, and if it comes twice.
    """
    found: dict[str, float | None] = {}
    for node in nodes:
        run_id = node["name"]
        if not isinstance(run_id, str):
            continue
        try:
            share = None if run_id in found else mean_share([*_percents(node["events"])])
            if share is not None or run_id in found:
                found[run_id] = share
        except (TypeError, ValueError):
            found[run_id] = None
    return found


def _percents(events: Any) -> Iterator[float]:
    """The percentages of every GPU in every row; an error if anything is not what it should be."""
    if events is None:
        return
    if not isinstance(events, list) or len(events) > _MOST_ROWS:
        raise TypeError("not a list of rows")
    for text in events:
        for name, value in (read_object(text) or {}).items():
            if value is None or not GPU_PERCENT.fullmatch(name.removeprefix(_PREFIX)):
                continue
            percent = finite(value)
            if percent is None or not 0 <= percent <= _MOST_PERCENT:
                raise ValueError("not a percentage")
            yield percent
