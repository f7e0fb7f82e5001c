"""Runs whose clocks, stopwatch and states contradict each other, drawn from a seed.

Lengths are equal to the limits of the rules or differ by 1 µs, so that every comparison is tested
from both sides.
"""

import random
from collections.abc import Sequence
from datetime import UTC, datetime

from tests.oracles.clocks import WORDS
from tests.oracles.model import DAY, HOUR, MINUTE, SECOND, Machine, Run, micros

BASE = micros(datetime(2026, 5, 4, 8, tzinfo=UTC))
_LIMITS = (0, 60 * SECOND, 2 * MINUTE, 15 * MINUTE, 17 * MINUTE, HOUR, 8 * HOUR)
LENGTHS = (*_LIMITS, *(it + nudge for it in _LIMITS for nudge in (-1, 1)), 3 * HOUR, DAY, 9 * DAY)
_OFFSETS = (*(0,) * 6, *(sign * it for it in LENGTHS for sign in (1, -1)), -50 * 365 * DAY)
_STATES = (
    *("finished",) * 5,
    *("failed", "crashed", "killed", "preempted", "running", "running", "running", "pending"),
    *("CANCELLED by 1000", " Out_Of_Memory ", "gone fishing", "", "R"),
    *(word for words in WORDS.values() for word in words.split()),
)
_MACHINES: tuple[Machine, ...] = (
    ("n1", "NVIDIA H100", 8),
    ("n2", "NVIDIA A100", 4),
    ("n2", "NVIDIA A100", 1),
    ("n3", None, None),
    (None, "NVIDIA T4", 1),
    ("localhost", "NVIDIA T4", 2),
    (None, None, None),
)


def contradictory_run(seed: int, name: str) -> tuple[Run, int]:
    """A run and the as_of of its project."""
    chance = random.Random(f"contradictory {seed}")  # noqa: S311 - nothing secret
    created = BASE
    starts = [created + chance.choice((0, 2 * SECOND, chance.choice(LENGTHS)))]
    for _ in range(chance.choice((0, 0, 0, 1, 1, 2, 3))):
        starts.append(starts[-1] + chance.choice(LENGTHS))
    end = starts[-1] + chance.choice(LENGTHS)
    offset = chance.choice(_OFFSETS)
    created += chance.choice((*(0,) * 8, end - created, end - created + chance.choice(LENGTHS)))
    heard = chance.choice((end, end, end + chance.choice(_OFFSETS), created, None))
    rows = chance.choice((None, end, end, chance.choice(starts), end + chance.choice(_OFFSETS)))
    watches = (end - starts[-1], end - starts[0], 0, None, chance.choice(LENGTHS), -SECOND)
    as_of = max(end, created, heard or 0) + chance.choice((DAY, DAY, *_OFFSETS[:40]))
    known = chance.choice((True, True, True, False))
    words = {
        word: chance.choice((None, None, None, False, True))
        for word in ("resumed", "offline", "shared", "rewound")
    }
    silent = chance.randrange(12) == 0
    moved = tuple(chance.sample([it + offset for it in starts], len(starts)))
    return Run(
        entity="lab",
        project=name,
        run_id=name,
        username="ada",
        state=chance.choice(_STATES),
        created_at=created,
        writer_starts=moved if known else (),
        machines=tuple(chance.choice(_MACHINES) for _ in moved) if known else (),
        stamp_at=chance.choice((None, starts[0] + offset)) if not known else None,
        heartbeat_at=heard,
        runtime_us=chance.choice(watches),
        last_metric_at=None if rows is None else rows + offset,
        gpu_count_config=chance.choice((*(None,) * 8, 2)),
        wrote=False if silent and not known else chance.choice((None, True)),
        history_rows=chance.choice((None, 0, 100)),
        unreadable=chance.choice(((), (), ("config",))),
        **words,
    ), as_of


def contradictory_runs(seeds: Sequence[int]) -> dict[str, tuple[Run, int]]:
    """Project -> its one run and as_of."""
    return {name: contradictory_run(seed, name) for seed in seeds for name in [f"p{seed}"]}
