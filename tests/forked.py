"""Runs `velocity` repeatedly in separate processes, without the seconds that imports take.

with Commands(env) as commands:
    with commands.start("sync", "--full") as command:
        for line in command.lines(): ...

A parent that has imported everything forks a child for each command. The child is the real command,
with its own threads, files and locks, and dies by a signal like any other process.
"""

import atexit
import gc
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn, Self

from scripts.waiting import PATIENCE_S

_STARTED, _ENDED = "started:", "ended:"


class Command:
    """One running command."""

    def __init__(self, pid: int, output: Iterator[str]) -> None:
        self.pid = pid
        #: Negative for a signal; set at the end of `lines`.
        self.code: int | None = None
        self._output = output

    def kill(self) -> None:
        """Kill it; harmless if it has already ended."""
        os.kill(self.pid, signal.SIGKILL)

    def lines(self) -> Iterator[str]:
        """Its output line by line, until it has ended."""
        for line in self._output:
            if line.startswith(_ENDED):
                self.code = int(line.removeprefix(_ENDED))
                return
            yield line.rstrip("\n")


class Commands:
    """The parent of the commands, one at a time; `before` its own command, such as `unshare`."""

    def __init__(self, cwd: Path, env: Mapping[str, str], *before: str) -> None:
        self._parent = subprocess.Popen(
            [*before, sys.executable, "-m", "tests.forked"],
            cwd=cwd,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    @property
    def pid(self) -> int:
        """Pid of the parent; commands share its limits and namespaces."""
        return self._parent.pid

    def start(self, *arguments: str) -> Command:
        """Start `velocity` with these arguments; the previous command must have ended."""
        return self._start({"arguments": arguments})

    def run(
        self, *arguments: str, cwd: Path, env: Mapping[str, str]
    ) -> subprocess.CompletedProcess[bytes]:
        """Run `velocity` to its end, without input, in any folder and with any variables.

        It is killed if it takes longer than any command should.
        """
        with tempfile.TemporaryDirectory() as folder:
            outputs = [str(Path(folder) / name) for name in ("out", "err")]
            place = {"cwd": str(cwd), "env": dict(env), "outputs": outputs}
            command = self._start({"arguments": arguments, "place": place})
            patience = threading.Timer(PATIENCE_S, command.kill)
            patience.start()
            said = list(command.lines())
            patience.cancel()
            assert command.code is not None, said
            out, err = (Path(it).read_bytes() for it in outputs)
        return subprocess.CompletedProcess(arguments, command.code, out, err)

    def _start(self, asked: Mapping[str, Any]) -> Command:
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        self._parent.stdin.write(json.dumps(asked) + "\n")
        self._parent.stdin.flush()
        told = self._parent.stdout.readline()
        assert told.startswith(_STARTED), told
        return Command(int(told.removeprefix(_STARTED)), self._parent.stdout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._parent.communicate()


def _serve() -> None:
    # A sync imports these late.
    import wandb.apis._generated  # noqa: PLC0415
    import wandb.apis.public  # noqa: F401, PLC0415

    import velocity.cli.report  # noqa: PLC0415
    import velocity.sources.wandb_api  # noqa: PLC0415
    import velocity.sync.commands  # noqa: F401, PLC0415
    from velocity.cli import main  # noqa: PLC0415

    gc.freeze()  # a child that looks through its parent's objects for garbage copies their pages
    child = 0
    for line in sys.stdin:
        if child:
            os.waitpid(child, 0)
        child = os.fork()
        if child == 0:
            sys.stdout.write(f"{_STARTED}{os.getpid()}\n")
            sys.stdout.flush()
            asked = json.loads(line)
            if "place" in asked:
                _go_to(**asked["place"])
            sys.argv[1:] = asked["arguments"]
            _end(main)
        # The pid stays in use until the next command, so that a late signal is harmless.
        ended = os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
        assert ended is not None
        code = ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status
        sys.stdout.write(f"{_ENDED}{code}\n")
        sys.stdout.flush()


def _end(main: Callable[[], None]) -> NoReturn:
    """End this process with the exit code of `main`, without cleaning up modules."""
    code: Any = None
    try:
        main()
    except SystemExit as end:
        code = end.code
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


def _go_to(cwd: str, env: dict[str, str], outputs: list[str]) -> None:
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    places = env.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:0] = [it for it in places if it and it not in sys.path]
    flags = os.O_WRONLY | os.O_CREAT
    opened = [os.open(os.devnull, os.O_RDONLY), *(os.open(it, flags, 0o600) for it in outputs)]
    for standard, file in enumerate(opened):
        os.dup2(file, standard)
        os.close(file)


if __name__ == "__main__":
    _serve()
