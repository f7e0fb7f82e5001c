"""The store: raw runs in, immutable published snapshots out. Only this package imports duckdb."""

from velocity.store.live import LiveStore, open_live
from velocity.store.merge import MergeCounts
from velocity.store.snapshot import Snapshot, latest_snapshot

__all__ = ["LiveStore", "MergeCounts", "Snapshot", "latest_snapshot", "open_live"]
