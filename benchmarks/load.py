"""How fast pages load, how many people one server can serve, and how its memory grows.

    python benchmarks/load.py pages|sessions|soak|floor [--minutes M] [--sessions N] [--data FOLDER]
        [--processes N]

First a store of 100,000 runs of 120 scholars in 6 streams is made (in FOLDER it is kept and used
again), and `velocity app` serves it on loopback, in a process of its own. Clients use Streamlit's
own protocol in this process, on the same cores.

- pages: the first page after the start; the first view of each page, and warm reruns; then the
  first view of each after a sync;
- sessions: 100 people who do something every 10 s on average, for 2 minutes;
  with --processes, of that many processes, to which they are spread as the cookie of a proxy does;
- soak: 20 such people for 20 minutes, each in a new tab every 3 minutes; resident memory;
- floor: a page of Streamlit with one line of text, for comparison.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from statistics import linear_regression, median, quantiles
from urllib.request import urlopen

from browser_session import Answer, BrowserSession
from synthetic import AS_OF, run_table

from velocity.serve.door import TOKEN, Door

RUNS, SCHOLARS, STREAMS, PROJECTS = 100_000, 120, 6, 50
#: By their paths; Stand-up has none.
PAGES = (
    "",
    "my-velocity",
    "streams",
    "compute",
    "runs",
    "why",
    "data-health",
    "definitions",
)
RERUNS = 40
THINK_S, TAB_S, SAMPLE_S = 10.0, 180.0, 10.0
PERIODS = ("Last week", "4 weeks", "Programme")
_LIMIT_MIB = 1.5


def roster() -> str:
    """Everybody in the stream of their project, and credits for each stream."""
    streams = [f"stream-{number}" for number in range(STREAMS)]
    lines = [
        f'[[scholars]]\nid = "scholar-{it}"\nname = "Scholar {it}"\nusernames = ["u{it}"]\n'
        for it in range(SCHOLARS)
    ]
    for number, stream in enumerate(streams):
        projects = [f"lab/p{it}" for it in range(PROJECTS) if it % STREAMS == number]
        members = ", ".join(
            f'{{ scholar = "scholar-{it}" }}'
            for it in range(SCHOLARS)
            if it % PROJECTS % STREAMS == number
        )
        lines.append(
            f'[[streams]]\nid = "{stream}"\nname = "Stream {number}"\nprojects = {projects}\n'
            f"members = [{members}]\n"
            f'[[credits.grants]]\ndate = 2026-01-05\nstream = "{stream}"\namount = 2000000\n'
        )
    lines.append('[[credits.rates]]\ngpu = "*"\nfrom = 2025-01-01\ncredits_per_gpu_hour = 1.0\n')
    return "\n".join(lines)


def make_store(folder: Path) -> None:
    """A published store, unless the folder has one."""
    from velocity.roster.models import load_roster
    from velocity.settings import Settings
    from velocity.store import open_live
    from velocity.store.derive import derive
    from velocity.store.publish import publish

    if (folder / "CURRENT").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "roster.toml").write_text(roster(), encoding="utf-8")
    table = run_table(RUNS, SCHOLARS)
    with open_live(folder) as store:
        store.record.merge_runs(table)
        for (project,) in table.select("project").unique().rows():
            store.record.merge_project(
                "lab", project, rejected=(), as_of=AS_OF + timedelta(hours=1)
            )
        derive(store, Settings(), load_roster(folder / "roster.toml"))
        publish(store)


class Served:
    """A running server: its address, its cookies and its use of the machine (Linux's /proc)."""

    def __init__(
        self, process: subprocess.Popen, port: int, cookies: dict[str, str], boot_s: float
    ) -> None:
        self._process = process
        self.address = f"http://localhost:{port}"
        self.cookies = cookies
        self.boot_s = boot_s

    @property
    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self._process.pid}/stat").read_text("utf-8").rpartition(")")[2]
        return sum(map(int, fields.split()[11:13])) / os.sysconf("SC_CLK_TCK")

    @property
    def rss_mib(self) -> float:
        status = Path(f"/proc/{self._process.pid}/status").read_text("utf-8")
        line = next(it for it in status.splitlines() if it.startswith("VmRSS"))
        return int(line.split()[1]) / 1024


@contextmanager
def served(command: list[str], folder: Path):
    """Start a server and wait until it answers; `{port}` in the command is a free port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    folder.mkdir()
    began = time.perf_counter()
    with (folder / "app.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, *(word.format(port=port) for word in command)],
            stdout=log,
            stderr=log,
            env=os.environ | {"HOME": str(folder)},
        )
        try:
            while process.poll() is None:
                # Once it answers, it has printed its address.
                with suppress(OSError), urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1):
                    break
                time.sleep(0.01)
            boot_s = time.perf_counter() - began
            yield Served(process, port, _cookies(folder / "app.log", port), boot_s)
        finally:
            process.terminate()
            process.wait(30)


def _cookies(log: Path, port: int) -> dict[str, str]:
    """The cookies that a browser has after opening the address that the app printed."""
    found = re.search(rf"{TOKEN}=(\S+)", log.read_text("utf-8"))
    return {Door(None, found[1], port).cookie: found[1]} if found else {}


def p(answers: list[Answer]) -> str:
    """p50, p95 and the longest, in ms."""
    if not answers:
        return "none"
    ms = [answer.seconds * 1000 for answer in answers]
    high = quantiles(ms, n=20)[-1] if len(ms) > 1 else ms[0]
    return f"p50 {median(ms):6.0f}  p95 {high:6.0f}  max {max(ms):6.0f} ms"


def errors(answers: list[Answer]) -> str:
    found = [error for answer in answers for error in answer.errors]
    return f"{len(found)} errors {sorted(set(found)) or ''}"


async def one_page(server: Served, page: str) -> None:
    """The first view in a tab of its own, and reruns of it."""
    async with BrowserSession(server.address, pack=True, cookies=server.cookies) as tab:
        opened = server.cpu_s
        first = await tab.open(page)
        before = server.cpu_s
        again = [await tab.rerun() for _ in range(RERUNS)]
        cpu_ms = (server.cpu_s - before) / RERUNS * 1000
    mib = first.sent / 2**20
    print(
        f"{page or '/':12} first {first.seconds * 1000:5.0f} ms "
        f"(processor {(before - opened) * 1000:4.0f} ms)  warm {p(again)}  "
        f"processor {cpu_ms:4.0f} ms  sent first {mib:5.2f} MiB ({first.packed / 2**20:.2f} packed)"
        f"  again {again[-1].sent / 2**10:4.0f} KiB  {errors([first, *again])}"
        f"{'  TOO MUCH' if mib > _LIMIT_MIB else ''}"
    )


async def after_a_sync(server: Served, data: Path) -> None:
    """The first view of each page, once a new snapshot has been here for a while."""
    from velocity.store import open_live
    from velocity.store.publish import publish

    with open_live(data) as store:
        publish(store)
    await asyncio.sleep(THINK_S)
    for page in PAGES:
        async with BrowserSession(server.address, cookies=server.cookies) as tab:
            before = server.cpu_s
            first = await tab.open(page)
            print(
                f"{page or '/':12} first after a sync {first.seconds * 1000:5.0f} ms "
                f"(processor {(server.cpu_s - before) * 1000:4.0f} ms)  {errors([first])}"
            )


async def pages(servers: list[Served], options: argparse.Namespace) -> None:
    server = servers[0]
    print(f"answers {server.boot_s:.2f} s after the start")
    async with BrowserSession(server.address, cookies=server.cookies) as tab:
        print(f"first page {(await tab.open('')).seconds:.2f} s")
    for page in PAGES:
        await one_page(server, page)
    await after_a_sync(server, options.data)
    print(f"resident {server.rss_mib:.0f} MiB")


async def floor(servers: list[Served], _options: argparse.Namespace) -> None:
    await one_page(servers[0], "")


async def person(server: Served, number: int, end: float, answers: list[Answer]) -> list[Answer]:
    """A person who opens page after page until the time is over; returns the live ticks."""
    draw = random.Random(number)
    own = f"scholar-{number % SCHOLARS}"
    ticks: list[Answer] = []
    # People arrive one after another.
    await asyncio.sleep(draw.uniform(0, THINK_S))
    while time.monotonic() < end:
        tab_end = min(end, time.monotonic() + TAB_S)
        try:
            async with BrowserSession(server.address, cookies=server.cookies) as tab:
                page = draw.choice(PAGES)
                while time.monotonic() < tab_end:
                    chance = draw.random()
                    if chance < 0.4:
                        page = draw.choice(PAGES)
                    choices = {"scholar": own, "period": draw.choice(PERIODS)}
                    answers.append(
                        await (tab.rerun() if chance > 0.8 else tab.open(page, **choices))
                    )
                    await asyncio.sleep(draw.uniform(0.5, 1.5) * THINK_S)
                ticks += tab.ticks
        except Exception as error:  # noqa: BLE001 - every error is counted
            answers.append(Answer(0.0, errors=[type(error).__name__]))
    return ticks


async def crowd(servers: list[Served], sessions: int, seconds: float) -> None:
    """Measure `sessions` people, after each of them has opened a page or two."""
    answers: list[Answer] = []
    end = time.monotonic() + seconds
    people = [
        asyncio.create_task(person(servers[number % len(servers)], number, end, answers))
        for number in range(sessions)
    ]
    await asyncio.sleep(2 * THINK_S)
    warming, began, before = list(answers), time.monotonic(), sum(it.cpu_s for it in servers)
    answers.clear()
    ticks = [tick for of_one in await asyncio.gather(*people) for tick in of_one]
    cpu_s = sum(it.cpu_s for it in servers) - before
    cores = cpu_s / (time.monotonic() - began)
    print(f"{sessions} sessions, first {2 * THINK_S:.0f} s  {p(warming)}  {errors(warming)}")
    print(f"{sessions} sessions after that {p(answers)}  {len(answers)} reruns  {errors(answers)}")
    print(f"{'live ticks':23} {p(ticks)}  {len(ticks)} ticks  {errors(ticks)}")
    print(f"processor of {len(servers)} servers: {cores:.2f} cores, ", end="")
    print(f"{cpu_s / max(1, len(answers)) * 1000:.0f} ms per rerun")


async def sessions(servers: list[Served], options: argparse.Namespace) -> None:
    await crowd(servers, options.sessions or 100, 60 * (options.minutes or 2))
    print(f"resident {', '.join(f'{it.rss_mib:.0f}' for it in servers)} MiB")


async def soak(servers: list[Served], options: argparse.Namespace) -> None:
    server = servers[0]
    minutes = options.minutes or 20
    samples: list[tuple[float, float]] = []
    began = time.monotonic()

    async def watch() -> None:
        while True:
            samples.append(((time.monotonic() - began) / 60, server.rss_mib))
            if len(samples) % 6 == 1:
                print(f"{samples[-1][0]:5.1f} min {samples[-1][1]:6.0f} MiB", flush=True)
            await asyncio.sleep(SAMPLE_S)

    watching = asyncio.create_task(watch())
    await crowd(servers, options.sessions or 20, 60 * minutes)
    watching.cancel()
    for name, part in (("whole", samples), ("second half", samples[len(samples) // 2 :])):
        slope = linear_regression(*zip(*part, strict=True)).slope
        print(f"{name}: {slope:+.2f} MiB per minute")


def main() -> None:
    modes = {"pages": pages, "sessions": sessions, "soak": soak, "floor": floor}
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("mode", choices=modes)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--sessions", type=int)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--processes", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        data = options.data = options.data or Path(made) / "data"
        if options.mode == "floor":
            script = Path(made) / "empty.py"
            script.write_text('import streamlit as st\nst.text("nothing")\n', encoding="utf-8")
            command = ["-m", "streamlit", "run", str(script), "--server.port={port}"]
            command += ["--server.headless=true", "--runner.postScriptGC=false"]
            command += ["--server.address=127.0.0.1", "--browser.gatherUsageStats=false"]
        else:
            make_store(data)
            command = ["-m", "velocity", "app", "--port", "{port}", "--data", str(data)]
            command += ["--config", str(data / "velocity.toml")]
        with ExitStack() as running:
            servers = [
                running.enter_context(served(command, Path(made) / f"server-{number}"))
                for number in range(options.processes)
            ]
            asyncio.run(modes[options.mode](servers, options))


if __name__ == "__main__":
    main()
