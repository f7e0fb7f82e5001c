"""Filters over runs in the language that W&B's API has for them."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime


def heartbeat_filter(since: datetime | None) -> dict[str, Any]:
    """Runs with a heartbeat at or after an instant (aware); all of them for None."""
    return {} if since is None else {"heartbeatAt": {"$gte": _zulu(since)}}


def filter_batches(
    filters: Mapping[str, Any], run_ids: Sequence[str] | None, size: int
) -> Iterator[dict[str, Any]]:
    """The filters, narrowed to `size` of the ids at a time; unchanged for None."""
    if run_ids is None:
        yield dict(filters)
        return
    for start in range(0, len(run_ids), size):
        yield {**filters, "name": {"$in": list(run_ids[start : start + size])}}


def _zulu(instant: datetime) -> str:
    """As W&B's filters want it: they do not match without the Z."""
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
