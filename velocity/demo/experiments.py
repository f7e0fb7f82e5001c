"""One decision and the runs it becomes: a single run, seeds, ranks, a script, a sweep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from velocity.demo.draws import chance, lognormal
from velocity.demo.planned import Experiment, Host, PlannedRun
from velocity.demo.workdays import HOUR, MINUTE

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

_ADJECTIVES = ("brisk", "calm", "dry", "early", "faint", "grey", "high", "keen", "low", "mild")
_NOUNS = ("brook", "cliff", "dune", "fen", "gale", "heath", "marsh", "reef", "ridge", "shoal")
_ID_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Kinds:
    """How often an experiment takes each form; relative weights."""

    single: float = 48
    seeds: float = 22
    ranks: float = 5
    script: float = 10
    sweep: float = 9
    tagged: float = 0


@dataclass(frozen=True)
class Machine:
    """What becomes of what a person launches.

    Args:
        median: hours of an ordinary run.
        spread: of the log of those hours.
        long_share: share of experiments that are long.
        long_median: hours of a long one.
        fault: share of experiments in which every run fails.
        fail: share of runs that fail otherwise.
        early: share of faults that show within two minutes.
        kill: share of runs that a person kills.
        preempt: share of single runs whose machine is taken away.
        resume: share of long runs that are resumed by another writer.
        queue: share of experiments that wait in a launch queue first.
        kinds: forms of experiments.
        environment: whether the SDK writes one.
    """

    median: float = 1.15
    spread: float = 0.8
    long_share: float = 0.24
    long_median: float = 15.0
    fault: float = 0.055
    fail: float = 0.065
    early: float = 0.35
    kill: float = 0.03
    preempt: float = 0.02
    resume: float = 0.05
    queue: float = 0.1
    kinds: Kinds = Kinds()
    environment: bool = True


#: Most people's.
ORDINARY = Machine()


class Bench:
    """Sets up the experiments of one person in one project."""

    def __init__(
        self, rng: random.Random, project: str, hosts: Sequence[Host], machine: Machine = ORDINARY
    ) -> None:
        self._rng = rng
        self.project = project
        self._hosts = hosts
        self._machine = machine
        self._number = 0

    def launch(self, start: int, config: dict[str, Any] | None = None) -> Experiment:
        """One experiment of any kind, begun at `start`; None draws a new config."""
        rng, machine = self._rng, self._machine
        long = chance(rng, machine.long_share)
        hours = lognormal(rng, machine.long_median, 0.45) if long else self._hours()
        fault = chance(rng, machine.fault)
        kinds = machine.kinds
        forms = (self._single, self._seeds, self._ranks, self._script, self._sweep, self._tagged)
        weights = (kinds.single, kinds.seeds, kinds.ranks, kinds.script, kinds.sweep, kinds.tagged)
        (form,) = rng.choices(forms, weights)
        runs = form(start, hours, config or self.config(), rng.choice(self._hosts))
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
        name = f"{rng.choice(_ADJECTIVES)}-{rng.choice(_NOUNS)}-{self._number}"
        fields: dict[str, Any] = {
            "run_id": "".join(rng.choices(_ID_LETTERS, k=8)),
            "config": self.config(),
            "host": rng.choice(self._hosts),
            "display_name": name,
            "environment": self._machine.environment,
        }
        length = max(1, round(hours * HOUR))
        return PlannedRun(
            project=self.project, start=start, end=start + length, state=state, **fields | labels
        )

    def early_failure(self, start: int, **labels: Any) -> PlannedRun:
        """A run that dies within two minutes."""
        rng = self._rng
        state = "failed" if chance(rng, 0.8) else "crashed"
        hours = rng.uniform(8, 105) / HOUR
        return self.run(start, hours, state=state, logged=chance(rng, 0.4), **labels)

    def config(self) -> dict[str, Any]:
        """What a person would set; in effect never the same twice."""
        rng = self._rng
        return {
            "model": rng.choice(("pythia-410m", "pythia-1.4b", "gemma-2b", "qwen-1.5b")),
            "layer": rng.randrange(2, 24),
            "lr": float(f"{10 ** rng.uniform(-5.0, -3.0):.4g}"),
            "batch_size": rng.choice((16, 32, 64, 128)),
            "steps": rng.randrange(500, 20_000, 50),
            "seed": 0,
        }

    def _hours(self) -> float:
        machine = self._machine
        return min(60.0, max(0.08, lognormal(self._rng, machine.median, machine.spread)))

    def _ordinary(self, start: int, hours: float, **labels: Any) -> PlannedRun:
        """A run that mostly finishes, and else fails or is killed on the way."""
        rng, machine = self._rng, self._machine
        fate = rng.random()
        if fate < machine.fail:
            state = "failed" if chance(rng, 0.7) else "crashed"
            return self.run(start, hours * rng.uniform(0.03, 0.9), state=state, **labels)
        if fate < machine.fail + machine.kill:
            return self.run(start, hours * rng.uniform(0.1, 0.7), state="killed", **labels)
        return self.run(start, hours, **labels)

    def _group(self) -> str:
        return f"{self._rng.choice(_NOUNS)}-{self._number}"

    def _single(
        self, start: int, hours: float, config: dict[str, Any], host: Host
    ) -> list[PlannedRun]:
        rng, machine = self._rng, self._machine
        if chance(rng, machine.preempt):
            return self._preempted(start, hours, config, host)
        run = self._ordinary(start, hours, config=config, host=host)
        if run.end - run.start > 3 * HOUR and chance(rng, machine.resume):
            self._resume(run)
        return [run]

    def _preempted(
        self, start: int, hours: float, config: dict[str, Any], host: Host
    ) -> list[PlannedRun]:
        rng = self._rng
        runs: list[PlannedRun] = []
        for _ in range(rng.choice((1, 1, 2))):
            part = hours * rng.uniform(0.25, 0.6)
            state = rng.choice(("preempted", "preempted", "preempting"))
            runs.append(self.run(start, part, state=state, config=config, host=host))
            hours -= part
            start = runs[-1].end + round(lognormal(rng, 0.35, 0.7) * HOUR)
        runs.append(self.run(start, hours, config=config, host=host))
        return runs

    def _seeds(
        self, start: int, hours: float, config: dict[str, Any], host: Host
    ) -> list[PlannedRun]:
        rng, group = self._rng, self._group()
        runs: list[PlannedRun] = []
        for seed in range(rng.choice((3, 3, 4, 5))):
            length = hours * rng.uniform(0.9, 1.15)
            seeded = config | {"seed": seed}
            runs.append(self._ordinary(start, length, config=seeded, host=host, group=group))
            # A further seed of the same idea, while the one before is in flight.
            start += round(min(rng.uniform(15, 500), hours * HOUR * 0.02 + 10))
        return runs

    def _ranks(
        self, start: int, hours: float, config: dict[str, Any], host: Host
    ) -> list[PlannedRun]:
        rng, group = self._rng, self._group()
        whole = self._ordinary(start, hours)
        runs = []
        for rank in range(rng.choice((2, 4, 4, 8))):
            begin = start + rng.randrange(6)
            length = (whole.end - begin + rng.randrange(5)) / HOUR
            labels = {"config": config | {"rank": rank}, "host": host, "group": group}
            runs.append(self.run(begin, length, state=whole.state, job_type="rank", **labels))
        return runs

    def _script(
        self, start: int, hours: float, config: dict[str, Any], host: Host
    ) -> list[PlannedRun]:
        rng, group = self._rng, self._group()
        runs: list[PlannedRun] = []
        count = rng.choice((3, 4, 5, 6))
        for step in range(count):
            length = hours / count * rng.uniform(0.7, 1.3)
            stepped = config | {"layer": step}
            # A script goes on after a failure, but not after Ctrl-C: nothing is killed here.
            state = "failed" if chance(rng, self._machine.fail) else "finished"
            labels = {"config": stepped, "host": host, "group": group, "job_type": "eval"}
            runs.append(self.run(start, length, state=state, **labels))
            start = runs[-1].end + rng.randrange(4, 50)
        return runs

    def _sweep(
        self, start: int, hours: float, _config: dict[str, Any], host: Host
    ) -> list[PlannedRun]:
        rng = self._rng
        sweep = "".join(rng.choices(_ID_LETTERS, k=8))
        agents = [start + rng.randrange(40) for _ in range(rng.choice((1, 2, 2, 3, 4)))]
        count = rng.randrange(5, 18)
        runs: list[PlannedRun] = []
        for _ in range(count):
            agent = agents.index(min(agents))
            length = hours * len(agents) / count * 1.6 * lognormal(rng, 1.0, 0.35)
            runs.append(self._ordinary(agents[agent], length, host=host, sweep=sweep))
            agents[agent] = runs[-1].end + rng.randrange(3, 25)
        return runs

    def _tagged(
        self, start: int, hours: float, config: dict[str, Any], host: Host
    ) -> list[PlannedRun]:
        rng = self._rng
        tags = (f"exp:{self._group()}", "ablation")
        runs: list[PlannedRun] = []
        for layer in range(rng.choice((3, 4))):
            changed = config | {"layer": layer}
            length = hours * rng.uniform(0.5, 1.0)
            runs.append(self._ordinary(start, length, config=changed, host=host, tags=tags))
            start += round(rng.uniform(8 * MINUTE, 40 * MINUTE))
        return runs

    def _resume(self, run: PlannedRun) -> None:
        """Stop the run once or twice and let another writer go on; the work takes as long."""
        rng = self._rng
        length, paused = run.end - run.start, 0
        for share in sorted(rng.uniform(0.2, 0.9) for _ in range(rng.choice((1, 1, 2)))):
            stopped = run.start + round(length * share) + paused
            pause = round(lognormal(rng, 0.5, 0.6) * HOUR)
            run.pauses.append((stopped, stopped + pause))
            paused += pause
        run.end += paused

    def _broken(self, runs: list[PlannedRun]) -> list[PlannedRun]:
        """Those launched in the first moments, all failing for one reason about equally soon."""
        rng = self._rng
        early = chance(rng, self._machine.early)
        share = rng.uniform(0.05, 0.8)
        runs = [run for run in runs if run.start - runs[0].start < MINUTE]
        for run in runs:
            length = rng.uniform(10, 100) if early else (run.end - run.start) * share
            run.end = run.start + max(1, round(length))
            run.state, run.logged, run.pauses = "failed", not early, []
        return runs
