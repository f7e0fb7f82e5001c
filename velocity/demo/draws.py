"""Draws from seeded generators."""

from __future__ import annotations

import math
import random


def seeded(*parts: object) -> random.Random:
    """A generator that gives the same numbers for the same parts, in every process."""
    return random.Random("/".join(map(str, parts)))  # noqa: S311 - a demo, not a secret


def chance(rng: random.Random, probability: float) -> bool:
    """True in that share of draws."""
    return rng.random() < probability


def lognormal(rng: random.Random, median: float, spread: float) -> float:
    """A log-normal draw; `spread` is the standard deviation of its logarithm."""
    return rng.lognormvariate(math.log(median), spread)
