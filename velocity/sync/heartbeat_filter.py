"""Checks the server's filter by heartbeat against runs whose heartbeats are known."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from velocity.errors import RetryLaterError, SourceError
from velocity.sources.base import Server


def is_filter_right(
    server: Server,
    key: tuple[str, str],
    window: Mapping[str, datetime],
    expected: set[str],
    *,
    filterable: bool,
) -> bool | None:
    """Whether the filter returns the right runs of a project (entity, name); None: not known.

    `window` has the runs with the latest heartbeats, of which those in `expected` still exist.
    Without `filterable`, it is known to be wrong.
    """
    if not expected:
        return None
    if not filterable:
        return False
    since = min(window.values())
    try:
        found = _heartbeats(server, key, since=since)
        # A run may have been deleted since the scan; if it still exists, the filter is wrong.
        left_out = _heartbeats(server, key, run_ids=sorted(expected - found.keys()))
    except RetryLaterError:
        return None
    except SourceError:
        return False
    inside = all(at is not None and at >= since for at in found.values())
    return inside and not any(at is not None and at >= since for at in left_out.values())


def _heartbeats(
    server: Server,
    key: tuple[str, str],
    *,
    since: datetime | None = None,
    run_ids: Sequence[str] | None = None,
) -> dict[str, datetime | None]:
    # A listing also has runs that W&B cannot send whole.
    frames = server.fetch_listing(*key, since=since, run_ids=run_ids)
    return {
        run_id: at
        for frame in frames
        for run_id, at in frame.select("run_id", "heartbeat_at").iter_rows()
    }
