"""One decision and the runs it becomes: a single run, seeds, ranks, a script, a sweep."""

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from velocity.demo.planned import Experiment, Host, PlannedRun
from velocity.demo.workdays import HOUR, MINUTE

Config = dict[str, Any]
Runs = Iterator[PlannedRun]

_ADJECTIVES = ("brisk", "calm", "dry", "early", "faint", "grey", "high", "keen", "low", "mild")
_NOUNS = ("brook", "cliff", "dune", "fen", "gale", "heath", "marsh", "reef", "ridge", "shoal")
_ID_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"


class Kinds(NamedTuple):
    """How often an experiment takes each form; relative weights."""

    single: float = 48
    seeds: float = 22
    ranks: float = 5
    script: float = 10
    sweep: float = 9
    tagged: float = 0


USUAL_KINDS = Kinds()


@dataclass(frozen=True)
class Machine:
    """How the experiments of a person turn out."""

    median: float = 1.15  # hours of a typical run
    spread: float = 0.8  # of the log of those hours
    long_share: float = 0.24  # of experiments
    long_median: float = 15.0  # hours
    fault: float = 0.055  # share of experiments in which every run fails
    fail: float = 0.065  # share of other runs that fail
    early: float = 0.35  # share of failures within two minutes
    kill: float = 0.03  # share of runs that a person kills
    preempt: float = 0.02  # share of single runs that are preempted
    resume: float = 0.05  # share of long runs that another writer resumes
    queue: float = 0.1  # share of experiments that wait in a launch queue first
    kinds: Kinds = USUAL_KINDS
    environment: bool = True  # whether the SDK writes one


#: Most people's.
ORDINARY = Machine()


def chance(rng: random.Random, probability: float) -> bool:
    """True for that share of draws."""
    return rng.random() < probability


def lognormal(rng: random.Random, median: float, spread: float) -> float:
    """A log-normal draw; `spread` is the standard deviation of its logarithm."""
    return rng.lognormvariate(math.log(median), spread)


class Bench:
    """Generates the experiments of one person in one project."""

    def __init__(
        self, rng: random.Random, project: str, hosts: Sequence[Host], machine: Machine = ORDINARY
    ) -> None:
        self._rng = rng
        self._project = project
        self._hosts = hosts
        self._machine = machine
        self._number = 0

    def launch(self, start: int, config: Config | None = None) -> Experiment:
        """One experiment of any kind, starting at `start`; None draws a new config."""
        rng, machine = self._rng, self._machine
        if chance(rng, machine.long_share):
            hours = lognormal(rng, machine.long_median, 0.45)
        else:
            hours = min(60.0, max(0.08, lognormal(rng, machine.median, machine.spread)))
        fault = chance(rng, machine.fault)
        forms = (self._single, self._seeds, self._ranks, self._script, self._sweep, self._tagged)
        (form,) = rng.choices(forms, machine.kinds)
        runs = list(form(start, hours, config or self.config(), rng.choice(self._hosts)))
        if fault:
            runs = self._broken(runs)
        if chance(rng, machine.queue):
            waited = round(lognormal(rng, 0.2, 0.9) * HOUR)
            for run in runs:
                run.created = start - waited
        return Experiment(sorted(runs, key=lambda run: run.start))

    def run(
        self, start: int, hours: float, *, state: str = "finished", **labels: Any
    ) -> PlannedRun:
        """One run with a known end; `labels` are fields of `PlannedRun`."""
        self._number += 1
        rng = self._rng
        fields: dict[str, Any] = {
            "display_name": f"{rng.choice(_ADJECTIVES)}-{rng.choice(_NOUNS)}-{self._number}",
            "run_id": "".join(rng.choices(_ID_LETTERS, k=8)),
            "config": self.config(),
            "host": rng.choice(self._hosts),
            "environment": self._machine.environment,
        }
        end = start + max(1, round(hours * HOUR))
        return PlannedRun(
            project=self._project, start=start, end=end, state=state, **fields | labels
        )

    def early_failure(self, start: int, **labels: Any) -> PlannedRun:
        """A run that dies within two minutes."""
        rng = self._rng
        state = "failed" if chance(rng, 0.8) else "crashed"
        hours = rng.uniform(8, 105) / HOUR
        return self.run(start, hours, state=state, logged=chance(rng, 0.4), **labels)

    def config(self) -> Config:
        """A config that a person might set; practically never the same twice."""
        rng = self._rng
        return {
            "model": rng.choice(("pythia-410m", "pythia-1.4b", "gemma-2b", "qwen-1.5b")),
            "layer": rng.randrange(2, 24),
            "lr": float(f"{10 ** rng.uniform(-5.0, -3.0):.4g}"),
            "batch_size": rng.choice((16, 32, 64, 128)),
            "steps": rng.randrange(500, 20_000, 50),
            "seed": 0,
        }

    def _ordinary(self, start: int, hours: float, **labels: Any) -> PlannedRun:
        """A run that usually finishes, and otherwise fails or is killed before the end."""
        rng, machine = self._rng, self._machine
        fate, state = rng.random(), "finished"
        if fate < machine.fail:
            state = "failed" if chance(rng, 0.7) else "crashed"
            hours *= rng.uniform(0.03, 0.9)
        elif fate < machine.fail + machine.kill:
            state = "killed"
            hours *= rng.uniform(0.1, 0.7)
        return self.run(start, hours, state=state, **labels)

    def _group(self) -> str:
        return f"{self._rng.choice(_NOUNS)}-{self._number}"

    def _single(self, start: int, hours: float, config: Config, host: Host) -> Runs:
        rng, machine = self._rng, self._machine
        if chance(rng, machine.preempt):
            yield from self._preempted(start, hours, config, host)
            return
        run = self._ordinary(start, hours, config=config, host=host)
        if run.end - run.start > 3 * HOUR and chance(rng, machine.resume):
            self._resume(run)
        yield run

    def _preempted(self, start: int, hours: float, config: Config, host: Host) -> Runs:
        rng = self._rng
        for _ in range(rng.choice((1, 1, 2))):
            part = hours * rng.uniform(0.25, 0.6)
            state = rng.choice(("preempted", "preempted", "preempting"))
            run = self.run(start, part, state=state, config=config, host=host)
            yield run
            hours -= part
            start = run.end + round(lognormal(rng, 0.35, 0.7) * HOUR)
        yield self.run(start, hours, config=config, host=host)

    def _seeds(self, start: int, hours: float, config: Config, host: Host) -> Runs:
        rng, group = self._rng, self._group()
        for seed in range(rng.choice((3, 3, 4, 5))):
            length, seeded = hours * rng.uniform(0.9, 1.15), config | {"seed": seed}
            yield self._ordinary(start, length, config=seeded, host=host, group=group)
            # The next seed of the same idea starts while the previous one is in flight.
            start += round(min(rng.uniform(15, 500), hours * HOUR * 0.02 + 10))

    def _ranks(self, start: int, hours: float, config: Config, host: Host) -> Runs:
        rng, group = self._rng, self._group()
        whole = self._ordinary(start, hours)
        for rank in range(rng.choice((2, 4, 4, 8))):
            begin = start + rng.randrange(6)
            length = (whole.end - begin + rng.randrange(5)) / HOUR
            labels = {"config": config | {"rank": rank}, "host": host, "group": group}
            yield self.run(begin, length, state=whole.state, job_type="rank", **labels)

    def _script(self, start: int, hours: float, config: Config, host: Host) -> Runs:
        rng, group = self._rng, self._group()
        count = rng.choice((3, 4, 5, 6))
        for step in range(count):
            length = hours / count * rng.uniform(0.7, 1.3)
            # A script continues after a failure, but not after Ctrl-C: its runs are never killed.
            state = "failed" if chance(rng, self._machine.fail) else "finished"
            labels = {"config": config | {"layer": step}, "host": host, "group": group}
            run = self.run(start, length, state=state, job_type="eval", **labels)
            yield run
            start = run.end + rng.randrange(4, 50)

    def _sweep(self, start: int, hours: float, _config: Config, host: Host) -> Runs:
        rng = self._rng
        sweep = "".join(rng.choices(_ID_LETTERS, k=8))
        agents = [start + rng.randrange(40) for _ in range(rng.choice((1, 2, 2, 3, 4)))]
        count = rng.randrange(5, 18)
        for _ in range(count):
            agent = agents.index(min(agents))
            length = hours * len(agents) / count * 1.6 * lognormal(rng, 1.0, 0.35)
            run = self._ordinary(agents[agent], length, host=host, sweep=sweep)
            yield run
            agents[agent] = run.end + rng.randrange(3, 25)

    def _tagged(self, start: int, hours: float, config: Config, host: Host) -> Runs:
        rng = self._rng
        tags = (f"exp:{self._group()}", "ablation")
        for layer in range(rng.choice((3, 4))):
            changed, length = config | {"layer": layer}, hours * rng.uniform(0.5, 1.0)
            yield self._ordinary(start, length, config=changed, host=host, tags=tags)
            start += round(rng.uniform(8 * MINUTE, 40 * MINUTE))

    def _resume(self, run: PlannedRun) -> None:
        """Stop the run once or twice and let another writer continue; active time is unchanged."""
        rng = self._rng
        length, paused = run.end - run.start, 0
        for share in sorted(rng.uniform(0.2, 0.9) for _ in range(rng.choice((1, 1, 2)))):
            stopped = run.start + round(length * share) + paused
            pause = round(lognormal(rng, 0.5, 0.6) * HOUR)
            run.pauses.append((stopped, stopped + pause))
            paused += pause
        run.end += paused

    def _broken(self, runs: list[PlannedRun]) -> list[PlannedRun]:
        """Runs that all fail early, for the same reason, after about the same time."""
        rng = self._rng
        early = chance(rng, self._machine.early)
        share = rng.uniform(0.05, 0.8)
        runs = [run for run in runs if run.start - runs[0].start < MINUTE]
        for run in runs:
            length = rng.uniform(10, 100) if early else (run.end - run.start) * share
            run.end = run.start + max(1, round(length))
            run.state, run.logged, run.pauses = "failed", not early, []
        return runs
