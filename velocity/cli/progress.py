"""Progress and results on standard error: bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import typer

from velocity.cleaning import escaped, for_terminal
from velocity.formats import plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console
    from rich.progress import TaskID

    from velocity.sync.results import OnProgress, Progress, ProjectResult, SyncResult

_SECONDS_BETWEEN_LINES = 1.0
_SECONDS_BEFORE_A_RATE = 0.5  # of less no one can tell how fast it is
#: What became of runs -> how it is said, in this order.
_BROUGHT = {
    "new": "new",
    "changed": "changed",
    "revived": "back after deletion",
    "deleted": "deleted",
    "unchanged": "unchanged",
    "kept": "already known better",
    "set_aside": "set aside",
}


def say(text: str) -> None:
    """A message for the person at the terminal."""
    typer.echo(for_terminal(text), err=True)


@contextmanager
def told_progress() -> Iterator[OnProgress]:
    """Tells how far a command is for as long as it lasts."""
    from rich.console import Console  # noqa: PLC0415 - costs as much as the rest of --help

    console = Console(stderr=True)
    try:
        if console.is_terminal:
            with _bars(console) as tell:
                yield lambda progress: tell(replace(progress, what=escaped(progress.what)))
        else:
            yield _Lines().tell
    except KeyboardInterrupt:
        say("Stopped. Nothing is broken: the same command can be run again.")
        raise


class _Step:
    """One thing that is under way, since it was first told of."""

    def __init__(self, progress: Progress) -> None:
        self.stages = {progress.stage}
        self.told_at = self._began = time.monotonic()
        self._from = progress.done

    def far(self, progress: Progress) -> str:
        """How far it is, how fast, and how long it will still take; or how long it took."""
        seconds = time.monotonic() - self._began
        done, total = progress.done, progress.total
        if progress.ended:
            whole = total is not None and done >= total
            return f"{done:,} in {spoken(seconds)}" if whole else f"stopped at {done:,}"
        told = "" if total is None and not done else f"{done:,}"
        if total is not None:
            told += f" of {total:,}"
        rate = (done - self._from) / seconds if seconds >= _SECONDS_BEFORE_A_RATE else 0
        if rate > 0:
            told += f", {rate:,.0f}/s"
            if total is not None and done < total:
                told += f", {spoken((total - done) / rate)} left"
        return told


class _Lines:
    """A line when something new begins or ends, and about one a second in between."""

    def __init__(self) -> None:
        self._steps: dict[str, _Step] = {}

    def tell(self, progress: Progress) -> None:
        now = time.monotonic()
        step = self._steps.get(progress.what)
        if step is None:
            step = self._steps[progress.what] = _Step(progress)
        elif progress.stage in step.stages and not (
            progress.ended
            # Merging comes between the pages, and is told of once.
            or (progress.stage == "pull" and now - step.told_at >= _SECONDS_BETWEEN_LINES)
        ):
            return
        step.told_at = now
        step.stages.add(progress.stage)
        say(f"{progress.stage:8} {progress.what}  {step.far(progress)}".rstrip())
        if progress.ended:
            del self._steps[progress.what]


@contextmanager
def _bars(console: Console) -> Iterator[OnProgress]:
    """A bar for each thing under way; a line above them for each that has ended."""
    from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415
    from rich.progress import Progress as Bars  # noqa: PLC0415

    columns = (
        SpinnerColumn(finished_text=" "),
        TextColumn("{task.fields[stage]:8} {task.description}", markup=False),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[far]}", markup=False),
        TimeElapsedColumn(),
    )
    under_way: dict[str, tuple[_Step, TaskID]] = {}
    with Bars(*columns, console=console) as bars:

        def tell(progress: Progress) -> None:
            # The steps of a derivation pass too quickly for a bar each.
            alone = progress.stage not in ("pull", "merge")
            key = progress.stage if alone else progress.what
            if key not in under_way:
                if alone or "connect" in under_way:
                    finish()
                task = bars.add_task("", total=progress.total, stage=progress.stage, far="")
                under_way[key] = _Step(progress), task
            step, task = under_way[key]
            if progress.ended:
                del under_way[key]
                bars.remove_task(task)
                line = f"  {progress.stage:8} {progress.what}  {step.far(progress)}"
                bars.console.print(line, markup=False, highlight=False)
                return
            bars.update(
                task,
                description=progress.what,
                completed=progress.done,
                total=progress.total,
                far=step.far(progress),
                stage=progress.stage,
            )

        def finish() -> None:
            for _, task in under_way.values():
                bars.update(task, total=1, completed=1)
            under_way.clear()

        yield tell
        finish()


def spoken(seconds: float) -> str:
    """A length of time in the unit that fits it."""
    if seconds < 99.5:  # noqa: PLR2004
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"  # noqa: PLR2004
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 99.5 else f"{minutes / 60:.1f} h"  # noqa: PLR2004


def tell_result(result: SyncResult) -> None:
    """What a command brought, project by project, with what failed and why."""
    for note in result.notes:
        say(f"Note: {note}")
    for project in result.projects:
        if project.error is not None:
            say(f"{project.name}: failed. {project.error.message} {project.error.hint}")
            continue
        told = _brought([project]) or "nothing new"
        spent = f" {_asked(project)}." if project.requests else ""
        say(f"{project.name}: {told}.{spent}")
        for note in project.notes:
            say(f"  Note: {note}")
    pulled = [it for it in result.projects if it.error is None]
    if len(pulled) > 1:
        requests = sum(it.requests for it in pulled)
        spent = f" {plural(requests, 'request')}." if requests else ""
        say(f"Together: {_brought(pulled) or 'nothing new'}.{spent}")
    if result.weeks_restated:
        weeks = plural(result.weeks_restated, "week")
        say(f"Restated: figures of {weeks} that had ended are other ones now.")
    scholars = plural(result.scholars_derived, "scholar")
    say(f"Published snapshot {result.snapshot}; figures of {scholars} were brought up to date.")


def _brought(projects: Sequence[ProjectResult]) -> str:
    from velocity.sync.results import brought  # noqa: PLC0415 - loads DuckDB, which --help can do without

    counts = brought(projects)
    return ", ".join(f"{counts[it]:,} {what}" for it, what in _BROUGHT.items() if counts[it])


def _asked(project: ProjectResult) -> str:
    return f"{plural(project.requests, 'request')} in {spoken(project.seconds)}"
