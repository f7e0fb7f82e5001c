"""Progress and results on standard error: bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console
    from rich.progress import TaskID

    from velocity.outcomes import OnProgress, Progress, SyncResult

_SECONDS_BETWEEN_LINES = 1.0


def say(text: str) -> None:
    """A message for the person at the terminal."""
    typer.echo(text, err=True)


@contextmanager
def told_progress() -> Iterator[OnProgress]:
    """Tells how far a command is for as long as it lasts."""
    from rich.console import Console  # noqa: PLC0415 - costs as much as the rest of --help

    console = Console(stderr=True)
    try:
        if console.is_terminal:
            with _bars(console) as on_progress:
                yield on_progress
        else:
            yield _Lines().tell
    except KeyboardInterrupt:
        say("Stopped. Nothing is broken: the same command can be run again.")
        raise


class _Lines:
    """A line when something new begins or ends, and about one a second in between."""

    def __init__(self) -> None:
        self._last: tuple[str, str] | None = None
        self._told_at = 0.0

    def tell(self, progress: Progress) -> None:
        now, step = time.monotonic(), (progress.stage, progress.what)
        ended = progress.total is not None and progress.done >= progress.total
        if step == self._last and not ended and now - self._told_at < _SECONDS_BETWEEN_LINES:
            return
        self._last, self._told_at = step, now
        far = "" if progress.total is None else f"  {progress.done:,} of {progress.total:,}"
        say(f"{progress.stage:8} {progress.what}{far}")


@contextmanager
def _bars(console: Console) -> Iterator[OnProgress]:
    from rich.markup import escape  # noqa: PLC0415 - as above
    from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415
    from rich.progress import Progress as Bars  # noqa: PLC0415

    columns = (
        SpinnerColumn(finished_text=" "),
        TextColumn("{task.fields[stage]:8} {task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[far]}"),
        TimeElapsedColumn(),
    )
    current: tuple[tuple[str, str], TaskID] | None = None
    with Bars(*columns, console=console) as bars:

        def tell(progress: Progress) -> None:
            nonlocal current
            # The steps of a derivation pass too quickly for a bar each.
            step = (progress.stage, "" if progress.stage == "derive" else progress.what)
            if current is None or current[0] != step:
                if current is not None:
                    bars.update(current[1], total=1, completed=1)
                task = bars.add_task("", total=progress.total, stage=progress.stage, far="")
                current = step, task
            far = "" if progress.total is None else f"{progress.done:,} of {progress.total:,}"
            bars.update(
                current[1],
                description=escape(progress.what),
                completed=progress.done,
                total=progress.total,
                far=far,
            )

        yield tell
        if current is not None:
            bars.update(current[1], total=1, completed=1)


def tell_result(result: SyncResult) -> None:
    """What a command brought, project by project, with what failed and why."""
    for note in result.notes:
        say(f"Note: {note}")
    for project in result.projects:
        if project.error is not None:
            say(f"{project.name}: failed. {project.error.message} {project.error.hint}")
            continue
        counts = project.counts
        parts = {
            "new": counts.new,
            "changed": counts.changed,
            "back after deletion": counts.revived,
            "deleted": project.deleted,
            "unchanged": counts.unchanged,
            "already known better": counts.kept,
            "set aside": len(project.rejected),
        }
        told = ", ".join(f"{count:,} {what}" for what, count in parts.items() if count)
        say(f"{project.name}: {told or 'nothing new'}.")
        for note in project.notes:
            say(f"  Note: {note}")
    scholars = f"{result.scholars_derived:,} scholar{'' if result.scholars_derived == 1 else 's'}"
    say(f"Published snapshot {result.snapshot}; figures of {scholars} were brought up to date.")
