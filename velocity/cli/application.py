"""The commands of `velocity`, and what they say when they fail."""

import os
import re
import sys
import tempfile
import traceback
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn, cast

import typer
from typer.core import TyperCommand, TyperGroup

from velocity import __version__
from velocity.cli.options import CONFIG, DATA, flag, takes_places
from velocity.cli.progress import say
from velocity.errors import VelocityError

_ABOUT = """Research velocity from Weights & Biases runs.

How many experiments run at once, how long a feedback loop takes, and how much of it is waiting.

To look around: `velocity demo`. With your own runs: `velocity init`, then `velocity app`."""

#: The headings of --help, each with its commands: name, module, and first line of its own help.
_COMMANDS = """\
Open the dashboard
  demo        serving  Open the dashboard on an invented cohort; needs no key.
  app         serving  Open the dashboard on your own runs.
  mcp         serving  Answer questions of assistants over the Model Context Protocol.
Bring in runs
  init        init     Set up velocity for your own runs: settings, first sync, first roster.
  sync        bring    Pull runs from Weights & Biases and update the figures.
  pull        bring    Pull runs from Weights & Biases, and leave the figures to `velocity publish`.
  publish     bring    Update the figures from what `velocity pull` has brought in.
  ingest      bring    Read W&B's local run directories and update the figures.
  import      bring    Read run tables and update the figures.
Read figures
  metrics     figures  Every metric by scholar, stream, programme or line.
  runs        figures  Runs that started in the window, latest first.
  experiments figures  Experiments launched in the window, latest first.
  loops       figures  Feedback loops of the experiments launched in the window, latest first.
  explain     explain  Show the rows behind a figure and how they add up.
  export      figures  Write every figure and row as Parquet files, for BI tools.
  report      report   Write the stand-up digest of a week on one page.
  groups      figures  Published weeks of groups of streams, of one or several programmes.
  brief       report   Write what to talk about with one scholar, on one screen.
  nudge       nudge    Send the messages that people asked for, if any are due.
Maintain the data
  doctor      doctor   Check the installation, with a fix for each problem.
  backup      maintain Write the store, the settings and the roster to one file.
  restore     maintain Restore a store from a backup, and publish its figures.
  archive     maintain Remove old runs, and keep the published weeks of groups.
  forget      maintain Remove a person from the store for good.
  record      maintain Move the record to a server, or back.
  roster      roster   Check the roster, or write entries for it.
"""
_STOPPED = 130  # by Ctrl-C
#: What Python makes of bytes that are not text; neither DuckDB nor Polars takes it.
_UNDECODED = re.compile("[\udc80-\udcff]")
#: What Typer repeats from pydantic about a wrong value -> plain words.
_PLAIN = (
    (r"^Value error, ", ""),
    (r"^Input should be greater than or equal to (\S+)$", r"it must be at least \1"),
    (r"^Input should be less than or equal to (\S+)$", r"it must be at most \1"),
    (r"^Input should be a valid integer.*$", "it must be a whole number"),
)
_LOOK: dict[str, Any] = {"rich_markup_mode": "markdown", "pretty_exceptions_enable": False}


class LateCommand(TyperCommand):
    """A command whose module is imported when it runs, so that --help stays fast."""

    def __init__(self, name: str, module: str, text: str, panel: str) -> None:
        super().__init__(name, help=text, rich_help_panel=panel)
        self._module = module

    def load(self) -> Any:
        """Return the command itself, with its options."""
        module = import_module(f"velocity.cli.{self._module}")
        # "import" is a keyword, so its function has an underscore.
        found = getattr(module, str(self.name), None) or getattr(module, f"{self.name}_")
        if isinstance(found, typer.Typer):
            return typer.main.get_command(found)
        alone = typer.Typer(add_completion=False, **_LOOK)
        alone.command(self.name)(takes_places(found))
        return typer.main.get_command(alone)

    def make_context(self, *args: Any, **more: Any) -> Any:
        """Make the context of the command itself."""
        return self.load().make_context(*args, **more)


class _Commands(TyperGroup):
    """`velocity`, whose usage errors are in plain words."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            for pattern, words in _PLAIN:
                error.message = re.sub(pattern, words, error.message)
            raise


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


def _start(
    ctx: typer.Context,
    data: Path | None = DATA,
    config: Path | None = CONFIG,
    version: bool = flag(  # noqa: ARG001 - its callback does the work
        "--version", "Show the version.", callback=_show_version, is_eager=True
    ),
) -> None:
    ctx.obj = data, config


def make_group() -> TyperGroup:
    """Return `velocity` with all its commands."""
    base = typer.Typer(name="velocity", cls=_Commands, help=_ABOUT, no_args_is_help=True, **_LOOK)
    base.callback()(_start)
    # With callbacks it is a group, to which this adds --install-completion and --show-completion.
    group = cast("TyperGroup", typer.main.get_command(base))
    panel = ""
    for line in _COMMANDS.splitlines():
        if line.startswith(" "):
            name, module, text = line.split(maxsplit=2)
            group.add_command(LateCommand(name, module, text, panel))
        else:
            panel = line
    return group


def main() -> None:
    """Run the command in `sys.argv` and exit: 0 done, 1 failed, 2 usage error."""
    # Everything that a command writes names people: only the user may read it.
    os.umask(0o077)
    # With `>&-` there is none: nobody reads, as after `| head`, and no other file takes its number.
    sys.stdout = sys.stdout or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    if _UNDECODED.search("".join(sys.argv[1:])):
        _fail("An argument is not text in UTF-8.", "Type the name again, or rename the file.")
    try:
        make_group()(prog_name="velocity")
    except SystemExit as end:
        if end.code == _STOPPED:
            # Threads that wait for a server would make DuckDB print what they hold.
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(_STOPPED)
        raise
    except VelocityError as error:
        _fail(error.message, error.hint)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _fail(
            f"The system reported an error: {where}{error.strerror or error}.",
            "Check the path, its permissions and the free disk space, and try again.",
        )
    except Exception as error:  # noqa: BLE001 - the traceback goes to a file
        # Its message may quote a run or a person, and standard error may go to a log.
        last = traceback.extract_tb(error.__traceback__)[-1]
        _fail(
            f"Unexpected error: {type(error).__name__} in {last.name} "
            f"({Path(last.filename).name}:{last.lineno}).",
            f"This is a bug in velocity; please report it{_write_details(error)}.",
        )


def _write_details(error: Exception) -> str:
    """Write the calls that led to an error to a file, and return the end of a sentence about it."""
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="velocity-", suffix=".log", delete=False, encoding="utf-8"
        ) as file:
            file.write("\n".join([f"velocity {__version__}", *_steps(error), ""]))
    except OSError as refused:
        return f" (the details could not be written: {refused.strerror or refused})"
    return f" with the details in {file.name}, which do not name people"


def _steps(error: BaseException) -> Iterator[str]:
    """The calls that led to an error, after those of the error that caused it.

    Error messages and file paths are left out: both may name people, and `velocity forget` does
    not search these files.
    """
    if earlier := error.__cause__ or error.__context__:
        yield from _steps(earlier)
    for frame, line in traceback.walk_tb(error.__traceback__):
        module = frame.f_globals.get("__name__", "?")
        yield f"  {module}:{line} in {frame.f_code.co_name}"
    yield type(error).__name__


def _fail(message: str, hint: str) -> NoReturn:
    typer.secho("Error: ", fg=typer.colors.RED, bold=True, nl=False, err=True)
    say(f"{message}\n{hint}")
    sys.exit(1)
