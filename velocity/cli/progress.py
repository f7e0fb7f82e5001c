"""Progress and results on standard error: bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import typer

from velocity.cleaning import escaped, for_terminal
from velocity.formats import elapsed, plain, plural

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import TaskID

    from velocity.sync.results import OnProgress, Progress, ProjectResult, SyncResult

_SECONDS_BETWEEN_LINES = 1.0
_SECONDS_BEFORE_A_RATE = 0.5  # a rate over less time is noise
#: Outcome of runs -> words, in order.
_OUTCOMES = {
    "new": "new",
    "changed": "changed",
    "revived": "back after deletion",
    "deleted": "deleted",
    "unchanged": "unchanged",
    "outranked": "skipped (better or newer facts are stored)",
    "rejected": "skipped (unreadable)",
}


def say(text: str) -> None:
    """Print a message for the user on standard error."""
    typer.echo(for_terminal(plain(text)), err=True)


@contextmanager
def show_progress(
    *, quiet: bool = False, again: str = "you can run the same command again"
) -> Iterator[OnProgress]:
    """Show the progress of a command until it ends, unless it is `quiet`.

    After Ctrl-C, `again` says how to go on.
    """
    from rich.console import Console  # noqa: PLC0415 - costs as much as the rest of --help

    console = Console(stderr=True)
    try:
        if quiet:
            yield lambda _: None
        elif console.is_terminal:
            with _bars(console) as tell:
                yield lambda progress: tell(replace(progress, what=escaped(progress.what)))
        else:
            yield _Lines().tell
    except KeyboardInterrupt:
        say(f"Stopped. Nothing is broken: {again}.")
        raise


def _key(progress: Progress) -> str:
    """What a report is about: a project, several of which are pulled at once, or a stage."""
    return progress.what if progress.stage in ("pull", "merge") else progress.stage


class _Step:
    """A project or a stage in progress, since its first report."""

    def __init__(self, progress: Progress) -> None:
        self.stages = {progress.stage}
        self.printed_at = self._began = time.monotonic()
        self._from = progress.done

    def far(self, progress: Progress) -> str:
        """Count, rate of runs, and time left; at the end, how long it took."""
        seconds = time.monotonic() - self._began
        done, total = progress.done, progress.total
        counts_runs = progress.stage in ("pull", "merge")
        if progress.ended:
            if total is None or done < total:
                return f"stopped at {done:,}"
            return f"{done:,} in {elapsed(seconds)}" if counts_runs else f"in {elapsed(seconds)}"
        far = "" if total is None and not done else f"{done:,}"
        if total is not None:
            far += f" of {total:,}"
        rate = (done - self._from) / seconds if seconds >= _SECONDS_BEFORE_A_RATE else 0
        if rate > 0:
            far += f", {rate:,.0f}/s" if counts_runs else ""
            if total is not None and done < total:
                far += f", {elapsed((total - done) / rate)} left"
        return far


class _Lines:
    """A line when something begins or ends, and about one a second in between."""

    def __init__(self) -> None:
        self._steps: dict[str, _Step] = {}

    def tell(self, progress: Progress) -> None:
        now = time.monotonic()
        key = _key(progress)
        step = self._steps.get(key)
        if step is None:
            step = self._steps[key] = _Step(progress)
        elif progress.stage in step.stages and not (
            progress.ended
            # Merges happen between pages, where one line is enough, or of a large table.
            or (
                (progress.stage != "merge" or step.stages == {"merge"})
                and now - step.printed_at >= _SECONDS_BETWEEN_LINES
            )
        ):
            return
        step.printed_at = now
        step.stages.add(progress.stage)
        say(f"{progress.stage:8} {progress.what}  {step.far(progress)}".rstrip())
        if progress.ended:
            del self._steps[key]


@contextmanager
def _bars(console: Console) -> Iterator[OnProgress]:
    """A bar per project and stage in progress; a line for what has ended."""
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        Progress as Bars,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )

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
            key = _key(progress)
            for earlier, (step, task) in list(under_way.items()):
                if earlier in step.stages and earlier != key:  # a stage, which ends with the next
                    del under_way[earlier]
                    bars.remove_task(task)
            if key not in under_way:
                task = bars.add_task(progress.what, total=None, stage=progress.stage, far="")
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

        yield tell
        for _, task in under_way.values():
            bars.remove_task(task)


def tell_result(result: SyncResult, *, quiet: bool = False) -> None:
    """Say what a command brought in, project by project, with failures and their causes.

    If it is `quiet`, only say what failed and what to look at.
    """
    for note in result.notes:
        say(f"Note: {note}")
    for project in result.projects:
        if project.error is not None:
            say(f"{project.name}: failed. {project.error.message} {project.error.hint}")
            continue
        if not quiet:
            say(f"{project.name}: {_summary([project], f' in {elapsed(project.seconds)}')}")
        for note in project.notes:
            say(f"{project.name}: Note: {note}" if quiet else f"  Note: {note}")
    if quiet:
        return
    pulled = [it for it in result.projects if it.error is None]
    if len(pulled) > 1:
        say(f"Total: {_summary(pulled)}")
    if result.weeks_restated:
        say(f"Restated: figures changed in {plural(result.weeks_restated, 'past week')}.")
    if not result.snapshot:
        say("The figures follow with the next `velocity publish`.")
        return
    scholars = plural(result.scholars_derived, "scholar")
    say(f"Published snapshot {result.snapshot}; figures of {scholars} updated.")


def tell_stages(seconds: Mapping[str, float]) -> None:
    """Say how long each stage of a command took."""
    say(f"Took {', '.join(f'{stage} {elapsed(it)}' for stage, it in seconds.items())}.")


def _summary(projects: Sequence[ProjectResult], took: str = "") -> str:
    from velocity.sync.results import brought  # noqa: PLC0415 - not for --help

    counts = brought(projects)
    counted = ", ".join(f"{counts[it]:,} {words}" for it, words in _OUTCOMES.items() if counts[it])
    requests = sum(it.requests for it in projects)
    spent = f" {plural(requests, 'request')}{took}." if requests else ""
    return f"{counted or 'nothing new'}.{spent}"
