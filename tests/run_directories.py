"""Local run directories made by hand without a log, and the runs read from any directory."""

from pathlib import Path
from typing import Any

from velocity.records import RUN_SCHEMA, Rejected
from velocity.sources.base import Asked
from velocity.sources.wandb_files import LocalSource


def fetched(
    *paths: Path, entity: str | None = None, username: str | None = None
) -> tuple[list[dict[str, Any]], list[Rejected]]:
    asked = Asked([str(path) for path in paths], entity=entity, username=username)
    batches = list(LocalSource().read(asked))
    for batch in batches:
        assert dict(batch.runs.schema) == RUN_SCHEMA
    return (
        [row for batch in batches for row in batch.runs.to_dicts()],
        [rejected for batch in batches for rejected in batch.rejected],
    )


def runs_of(*paths: Path, entity: str | None = None) -> dict[str, dict[str, Any]]:
    rows, rejected = fetched(*paths, entity=entity)
    assert rejected == []
    found = {row["run_id"]: row for row in rows}
    assert len(found) == len(rows)
    return found


def write_files(folder: Path, **texts: str) -> None:
    (folder / "files").mkdir(parents=True)
    for name, text in texts.items():
        suffix = ".yaml" if name == "config" else ".json"
        (folder / "files" / f"{name.replace('_', '-')}{suffix}").write_text(text)
