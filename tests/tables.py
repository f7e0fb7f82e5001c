"""Run tables, read like `velocity import` does."""

from pathlib import Path

from velocity.records import RunBatch
from velocity.sources.base import Asked
from velocity.sources.run_table import TableSource


def read_run_table(path: Path, **given: str) -> RunBatch:
    """The runs of one file; `given` are fields of `Asked`."""
    (batch,) = TableSource().read(Asked([str(path)], **given))
    return batch
