"""Reads `files/` of a local run directory, for data that its log does not have."""

import json
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]  # comes with wandb, as the files do

from velocity.sources.local_runs import Session, take_summary
from velocity.sources.shared import open_inside
from velocity.sources.values import gpu_count_of, instant_of, noted, read_object, unwrapped

#: Largest bytes of a file by suffix. Reading YAML is slow, and a longer config is not stored.
_LONGEST = {".json": 8 * 2**20, ".yaml": 2**20}

#: A number in base 60 ("1:30:00") takes time that grows with the square of its length.
_LONGEST_NUMBER = 64
#: Values in one text; reading this many takes several seconds.
_MOST_VALUES = 50_000


def read_files(session: Session, root: Path) -> None:
    """Fill in what `session` does not have from the JSON and YAML files in its `files/`.

    Their `state` is always "running" and their `heartbeatAt` is the start, so neither is read.
    Links below `root`, the folder that the user named, are not followed.
    """
    _take_environment(session, _mapping(session, root, "wandb-metadata.json"))
    if session.has_log:
        return
    take_summary(session, _mapping(session, root, "wandb-summary.json"))
    config = _mapping(session, root, "config.yaml")
    own = config.pop("_wandb", None)
    config.pop("wandb_version", None)
    if own is not None or config:
        session.config = unwrapped(config)
    internal = own.get("value") if isinstance(own, dict) else None
    if isinstance(internal, dict):
        started_at = internal.get("start_time")
        session.created_at = noted(instant_of, started_at, "start_time", session.unreadable)
        if isinstance(writers := internal.get("e"), dict):
            known = [it for it in writers.values() if isinstance(it, dict)]
            last = max(known, key=lambda it: str(it.get("startedAt") or ""), default={})
            _take_environment(session, last)


def _take_environment(session: Session, told: dict[str, Any]) -> None:
    """Fill in the start, the machine and the commit that a client wrote in one of its files."""
    unreadable = session.unreadable
    session.started_at = session.started_at or noted(
        instant_of, told.get("startedAt"), "startedAt", unreadable
    )
    session.host = session.host or session.text(told.get("host"), "host")
    session.gpu_type = session.gpu_type or session.text(told.get("gpu"), "gpu_type")
    session.gpu_count = session.gpu_count or noted(
        gpu_count_of, told.get("gpu_count"), "gpu_count", unreadable
    )
    if isinstance(slurm := told.get("slurm"), dict):
        session.job_id = session.job_id or session.text(slurm.get("job_id"), "slurm")
    if session.commit is None and isinstance(git := told.get("git"), dict):
        session.commit = session.text(git.get("commit"), "commit")


def _mapping(session: Session, root: Path, name: str) -> dict[str, Any]:
    """The mapping in a JSON or YAML file; empty if it cannot be read."""
    path = session.path / "files" / name
    try:
        with open_inside(root, path, _LONGEST[path.suffix]) as stream:
            text = stream.read().decode("utf-8", errors="replace")
        if path.suffix == ".yaml":  # dates and NaNs as in a server's JSON
            text = json.dumps(read_yaml(text), default=str)
        return (read_object(text) if text.strip() else None) or {}
    except FileNotFoundError:
        return {}
    except (OSError, TypeError, ValueError, RecursionError):
        session.unreadable.append(path.stem.removeprefix("wandb-"))
        return {}


class _PlainLoader(yaml.SafeLoader):  # type: ignore[misc]  # untyped
    """YAML as W&B's client writes it; refuses what makes a small text large or slow."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._values = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        """The next node, unless it refers to an earlier one: ten lines can expand to billions."""
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("references are not supported")
        self._values += 1
        if self._values > _MOST_VALUES:
            raise yaml.YAMLError("it has too many values")
        return super().compose_node(parent, index)

    def construct_number(self, node: Any) -> Any:
        if len(node.value) > _LONGEST_NUMBER:
            raise yaml.YAMLError("a number is too long")
        whole = node.tag.endswith(":int")
        return self.construct_yaml_int(node) if whole else self.construct_yaml_float(node)


for _kind in ("int", "float"):
    _PlainLoader.add_constructor(f"tag:yaml.org,2002:{_kind}", _PlainLoader.construct_number)


def read_yaml(text: str) -> Any:
    """The value of YAML text.

    Raises:
        ValueError: it is not YAML, or it uses something that is not supported.
    """
    try:
        return yaml.load(text, _PlainLoader)  # noqa: S506 - a loader of plain values
    except (yaml.YAMLError, ArithmeticError, LookupError, TypeError, AttributeError) as error:
        # The loader fails in several ways on tags that do not fit their values.
        raise ValueError(str(error)) from error
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
