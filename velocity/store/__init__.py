"""The store: raw runs in, immutable published snapshots out."""

from velocity.database.connection import LiveStore
from velocity.record.merge import MergeCounts
from velocity.store.live import open_live
from velocity.store.snapshot import Snapshot, latest_snapshot

__all__ = ["LiveStore", "MergeCounts", "Snapshot", "latest_snapshot", "open_live"]
