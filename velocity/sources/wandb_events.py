"""GPU utilisation from the system metrics that W&B's API calls the events of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from velocity.sources.values import GPU_PERCENT, finite, mean_share, read_object

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from velocity.sources.wandb_nodes import Node

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
SAMPLES = 100
#: Rows accepted: servers may count samples in other ways.
_MOST_ROWS = 10 * SAMPLES
#: The API puts this before the names that the client wrote.
_PREFIX = "system."
_MOST_PERCENT = 100


def utilisation(nodes: Iterable[Node]) -> dict[str, float | None]:
    """Run id -> mean share over GPUs and time in which they were busy, 0 to 1.

    Args:
        nodes: runs with `name` and `events`, a list of JSON texts. Runs without a row about a GPU
            are left out. A run has None if any of its rows, or any percentage, is not one, and if
            it comes twice.
    """
    found: dict[str, float | None] = {}
    for node in nodes:
        run_id = node["name"]
        if not isinstance(run_id, str):
            continue
        try:
            share = None if run_id in found else mean_share([*_percents(node["events"])])
        except (TypeError, ValueError):
            found[run_id] = None
        else:
            if share is not None or run_id in found:
                found[run_id] = share
    return found


def _percents(events: Any) -> Iterator[float]:
    """The percentages of every GPU in every row.

    Raises:
        TypeError, ValueError: something is not what it should be.
    """
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
