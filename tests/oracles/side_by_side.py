"""Experiments of one line that ran one after another and could have overlapped."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from tests.oracles.model import MINUTE, Derived, Experiment, Follower, Interval, Line, hours

READY_WITHIN = 10 * MINUTE


def side_by_side(
    derived: Derived, experiments: Sequence[Experiment], window: Interval | None
) -> dict[str, Any]:
    """Count launches after a result, ready launches, and hours that could have overlapped.

    A launch counts for the group of its experiment, a chain for the group of its first experiment.
    """
    launched = [
        derived.followers[it.id]
        for it in experiments
        if it.id in derived.followers and _inside(window, it.S)
    ]
    ready = [it for it in launched if it.before is not None]
    return {
        "experiments_following": len(launched),
        "ready_launches": len(ready),
        "ready_launch_share": len(ready) / len(launched) if launched else None,
        "side_by_side_hours": hours(
            sum(derived.chains.get(it.id, 0) for it in experiments if _inside(window, it.S))
        ),
    }


def followers(derived: Derived) -> dict[str, Follower]:
    """Experiments that followed a result, with the previous experiment if they were ready."""
    lines: defaultdict[Line, list[tuple[int, bytes, Experiment]]] = defaultdict(list)
    for it in derived.experiments.values():
        lines[it.line].append((it.S, it.members[0].run.run_id.encode(), it))
    ready: defaultdict[str, list[tuple[int, int, bytes, str]]] = defaultdict(list)
    for members in lines.values():
        members.sort(key=lambda it: it[:2])
        starts = [start for start, _, _ in members]
        for start, name, it in members:
            loop = derived.loops[it.id]
            if loop.status != "closed" or it.outcome not in ("success", "partial"):
                continue
            assert it.F is not None
            place = bisect_left(starts, it.F)
            if members[place][2] is it:
                place += 1
            assert loop.reaction_us is not None
            assert loop.machine_us is not None
            of_follower = ready[members[place][2].id]
            if loop.reaction_us <= READY_WITHIN <= loop.machine_us:
                of_follower.append((it.F, start, name, it.id))
    return {
        later: Follower(max(earlier)[-1] if earlier else None) for later, earlier in ready.items()
    }


def chains(derived: Derived) -> dict[str, int]:
    """First experiment of each chain -> the sum of its known machine times minus the longest."""
    after = {it.before: later for later, it in derived.followers.items() if it.before is not None}
    ready = set(after.values())
    found = {}
    for head in after.keys() - ready:
        machine = list(_machine_times(derived, head, after))
        found[head] = sum(machine) - max(machine, default=0)
    return found


def _machine_times(derived: Derived, member: str | None, after: dict[str, str]) -> Iterable[int]:
    while member is not None:
        experiment = derived.experiments[member]
        if experiment.F is not None:
            yield experiment.F - experiment.S
        member = after.get(member)


def _inside(window: Interval | None, instant: int) -> bool:
    return window is None or window[0] <= instant < window[1]
