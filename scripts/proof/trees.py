"""A tree of the project. Scripts run with its own `velocity`, never the installed one."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: The tree that this file is in.
HERE = Path(__file__).resolve().parents[2]

_FOLDER = Path(__file__).resolve().parent
_PAGES = "/demo-run"  # where links to runs lead: the server's own address differs each time


@dataclass(frozen=True)
class Tree:
    """A folder with `velocity/`, `queries/` and `tests/`."""

    root: Path

    def run(
        self,
        script: str,
        *arguments: str | Path,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        """Runs a script of this folder in the tree.

        Raises:
            SystemExit: it failed; the message has its error text.
        """
        done = subprocess.run(
            self._words(script, *arguments),
            cwd=cwd,
            env=self._environment() | dict(env or {}),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            words = " ".join(map(str, arguments))
            sys.exit(f"{script} {words} failed in {self.root}:\n{done.stdout}{done.stderr}")

    @contextmanager
    def serving(self, nodes: Path, at: str) -> Iterator[Mapping[str, str]]:
        """Serve recorded runs as at an instant; yield the environment for the W&B client."""
        words = self._words("in_base.py", "serve", nodes, at)
        with subprocess.Popen(
            words, env=self._environment(), stdout=subprocess.PIPE, text=True
        ) as server:
            try:
                address = server.stdout.readline().split() if server.stdout else []
                if not address:
                    sys.exit(f"{nodes} cannot be served")
                url, key = address
                yield {"WANDB_BASE_URL": url, "WANDB_API_KEY": key, "WANDB_APP_URL": _PAGES}
            finally:
                server.terminate()

    def _words(self, script: str, *arguments: str | Path) -> list[str]:
        # -P: the folder of the script must not hide modules of the tree.
        words = [sys.executable, "-P", _FOLDER / script, self.root, *arguments]
        return [str(it) for it in words]

    def _environment(self) -> dict[str, str]:
        ours = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("WANDB_", "VELOCITY_"))
        }
        return ours | {"PYTHONPATH": str(self.root), "TZ": "UTC"}


def extract(commit: str, folder: Path) -> Tree:
    """Write the files of a commit into a folder.

    Raises:
        subprocess.CalledProcessError: git does not know the commit.
    """
    archive = subprocess.run(
        ["git", "-C", HERE, "archive", commit], stdout=subprocess.PIPE, check=True
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
    return Tree(folder.resolve())
