"""The store: derives from the record, and publishes immutable snapshots."""

from velocity.store.live import LiveStore, open_live, open_pulling
from velocity.store.snapshot import Snapshot, latest_snapshot

__all__ = ["LiveStore", "Snapshot", "latest_snapshot", "open_live", "open_pulling"]
