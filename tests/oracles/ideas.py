"""Independent rule for configs with one idea: trees are cut and written out, not hashed."""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

#: As `docs/configuration.md` lists them.
_LISTED = """
seed random_seed rank local_rank node_rank global_rank process_rank world_rank machine_rank
group_rank role_rank node_id local_process_index process_index logging_dir output_dir log_dir
save_dir run_dir work_dir checkpoint_dir ckpt_dir run_name run_id wandb_run_id wandb_run_name host
hostname node_name nodelist master_addr master_port port *_port pid job_id *_job_id slurm_*
timestamp *_timestamp start_time launch_time started_at launched_at date datetime resume
resume_from_checkpoint cuda_visible_devices
"""
DEFAULT = tuple(_LISTED.split())
LEFT_OUT = ("token", "secret", "password", "key", "email")


def idea(config: Any, globs: Sequence[str] = DEFAULT, *, earlier: bool = False) -> str | None:
    """Return a text that is equal for configs with the same idea; None without an idea.

    `earlier`: ignore also the names that an earlier version left out.
    """
    if config is None:
        return None
    cut = _cut(config, tuple(globs), earlier=earlier)
    return _written(cut) if _says_something(cut) else None


def ideas(
    runs: Sequence[tuple[Any, bool]], globs: Sequence[str] = DEFAULT
) -> list[tuple[str, str] | None]:
    """Return the ideas of runs of one line; each run is (config, stored by an earlier version).

    A run of an earlier version and a run that differs only in its missing names are one idea.
    """
    short = [idea(config, globs, earlier=True) for config, _ in runs]
    merged = {it for it, (_, was_earlier) in zip(short, runs, strict=True) if was_earlier}
    found: list[tuple[str, str] | None] = []
    for (config, was_earlier), without in zip(runs, short, strict=True):
        if without is not None and without in merged:
            found.append(("short", without))
        else:
            whole = None if was_earlier else idea(config, globs)
            found.append(None if whole is None else ("whole", whole))
    return found


@lru_cache(maxsize=10_000)
def _is_out(name: str, globs: tuple[str, ...], *, earlier: bool) -> bool:
    last = name.rsplit(".", maxsplit=1)[-1].lower()
    if name == "_wandb" or any(fnmatchcase(last, glob.lower()) for glob in globs):
        return True
    return earlier and any(part in name.lower() for part in LEFT_OUT)


def _cut(value: Any, globs: tuple[str, ...], *, earlier: bool) -> Any:
    if isinstance(value, dict):
        return {
            name: _cut(inner, globs, earlier=earlier)
            for name, inner in value.items()
            if not _is_out(name, globs, earlier=earlier)
        }
    if isinstance(value, list):
        return [_cut(inner, globs, earlier=earlier) for inner in value]
    return value


def _says_something(value: Any) -> bool:
    """Whether a value is more than empty objects, at any depth."""
    if isinstance(value, dict):
        return any(_says_something(inner) for inner in value.values())
    if isinstance(value, list) and _holds_object(value):
        return any(_says_something(inner) for inner in value)
    return True


def _holds_object(value: Any) -> bool:
    if isinstance(value, list):
        return any(_holds_object(inner) for inner in value)
    return isinstance(value, dict)


def _written(value: Any) -> str:
    """Text of a value: 1, 1.0, true and "1" differ; the order of names does not count."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{name!r}:{_written(value[name])}" for name in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_written, value)) + "]"
    return repr(value)
