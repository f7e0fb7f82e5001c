"""Replicas of the app behind the proxy of deploy/, all on loopback, with a real sign-in."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import requests

from scripts.browsing import free_port
from scripts.waiting import PATIENCE_S, wait_until
from tests.commands import environment
from tests.conftest import ROOT
from tests.identity import SECRETS, App, provider
from velocity.serve.checks import AUTH

CONFIGURATION = ROOT / "deploy" / "haproxy.cfg"
COOKIE = "velocity_replica"


@dataclass
class Replica:
    """An app in a process of its own, with a data folder of its own."""

    data: Path
    port: int
    env: Mapping[str, str]
    process: subprocess.Popen[bytes] = field(init=False)

    @property
    def app(self) -> App:
        """The replica without the proxy."""
        return App(f"http://localhost:{self.port}", self.data.with_suffix(".log"), self.data)

    def start(self) -> None:
        """Start the process, and return once it answers."""
        command = [sys.executable, "-m", "velocity", "app", "--port", str(self.port)]
        command += ["--data", str(self.data), "--config", str(self.data.parent / "velocity.toml")]
        with self.app.log.open("ab") as log:
            self.process = subprocess.Popen(command, env=self.env, stdout=log, stderr=log)
        wait_until(lambda: self._alive() and self.status("/healthz") == requests.codes.ok)

    def status(self, path: str) -> int | None:
        """Status of a response; None without one."""
        with suppress(requests.ConnectionError):
            return requests.get(f"{self.app.address}{path}", timeout=PATIENCE_S).status_code
        return None

    def end(self) -> None:
        """Kill the process: nothing is finished or handed over."""
        self.process.kill()
        self.process.wait(PATIENCE_S)

    def _alive(self) -> bool:
        assert self.process.poll() is None, self.app.log.read_text(encoding="utf-8")
        return True


@contextmanager
def proxy(
    replicas: list[Replica], folder: Path, port: int, change: Callable[[str], str] = str
) -> Iterator[str]:
    """Run HAProxy with the configuration of deploy/, changed for loopback, and yield its address.

    It listens on the port without TLS; `change` changes the configuration further.
    """
    text = change(CONFIGURATION.read_text(encoding="utf-8")).replace(" secure attr", " attr")
    for pattern, instead in (
        (r"    bind :80\n", ""),
        (r"bind :443 .*", f"bind 127.0.0.1:{port}"),
        (r"    http-request redirect scheme https .*\n", ""),
        ("8501", str(replicas[0].port)),
        ("8502", str(replicas[1].port)),
    ):
        text, times = re.subn(pattern, instead, text)
        assert times == 1, pattern
    configuration = folder / f"haproxy-{port}.cfg"
    configuration.write_text(text, encoding="utf-8")
    process = subprocess.Popen(["haproxy", "-db", "-f", configuration])
    try:
        address = f"http://localhost:{port}"

        def answers() -> bool:
            assert process.poll() is None
            with suppress(requests.ConnectionError):
                return requests.get(f"{address}/healthz", timeout=PATIENCE_S).ok
            return False

        wait_until(answers)
        yield address
    finally:
        process.kill()
        process.wait(PATIENCE_S)


@contextmanager
def signed_in_replicas(
    folder: Path, people: dict[str, dict[str, object]], there: Mapping[str, str], port: int
) -> Iterator[list[Replica]]:
    """Start two replicas on the settings in the folder; sign-ins come back to the port."""
    with ExitStack() as running:
        issuer = running.enter_context(provider(people, folder / "provider.log"))
        secrets = {
            "redirect_uri": f"http://localhost:{port}/oauth2callback",
            "client_id": "velocity",
            "server_metadata_url": f"{issuer}/.well-known/openid-configuration",
            **SECRETS,
        }
        env = environment(folder, **{AUTH[name]: it for name, it in secrets.items()}, **there)
        replicas = [Replica(folder / name, free_port(), env) for name in ("a", "b")]
        for replica in replicas:
            replica.start()
            running.callback(replica.end)
        yield replicas
