"""Kaplan-Meier medians in exact fractions, with Brookmeyer-Crowley 95 % limits; likely lengths."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

#: This close to a half counts as a half.
HALF = Fraction(1, 2) + Fraction(1, 10**9)
#: Below this many events a median is not shown.
MIN_EVENTS = 6
#: The 97.5 % point of the standard normal distribution.
Z = 1.959963984540054


@dataclass(frozen=True)
class Estimate:
    """A median of durations (µs) with its limits; None if the curve does not reach them."""

    n: int
    events: int
    median: int | None
    low: int | None
    high: int | None


def estimate(durations: Sequence[tuple[int, bool]]) -> Estimate:
    """Return the median time to event of (duration, is it an event); events precede censorings.

    The median is given for any number of events; callers that show it apply `MIN_EVENTS`.
    """
    at_risk = len(durations)
    ending: dict[int, list[bool]] = {}
    for duration, is_event in durations:
        ending.setdefault(duration, []).append(is_event)

    survival = Fraction(1)
    greenwood = 0.0
    median = low = high = None
    for duration in sorted(ending):
        events = sum(ending[duration])
        if events:
            survival *= 1 - Fraction(events, at_risk)
            if median is None and survival <= HALF:
                median = duration
            # At survival 0 the limits are undefined, so none is ever reached there.
            if survival > 0:
                greenwood += events / (at_risk * (at_risk - events))
                lower, upper = _limits(float(survival), greenwood)
                if low is None and lower <= float(HALF):
                    low = duration
                if high is None and upper <= float(HALF):
                    high = duration
        at_risk -= len(ending[duration])
        if high is not None:  # lower limit <= curve <= upper limit, so all three are known
            break
    total_events = sum(is_event for _, is_event in durations)
    return Estimate(len(durations), total_events, median, low, high)


def likely_length(durations: Sequence[tuple[int, bool]], age: int, share: Fraction) -> int | None:
    """Return the smallest length that `share` of those longer than `age` do not exceed.

    None if the curve does not come down that far.
    """
    longer = sorted((it for it in durations if it[0] > age), key=lambda it: (it[0], not it[1]))
    survival = Fraction(1)
    for place, (duration, is_event) in enumerate(longer):
        at_risk = len(longer) - place
        survival *= 1 - Fraction(int(is_event), at_risk)
        if survival <= 1 - share:
            return duration
    return None


def _limits(survival: float, greenwood: float) -> tuple[float, float]:
    """95 % limits of the survival curve on the log(-log) scale."""
    log_survival = math.log(survival)
    width = Z * math.sqrt(greenwood) / log_survival
    centre = math.log(-log_survival)
    # `width` is negative: log_survival is.
    return math.exp(-math.exp(centre - width)), math.exp(-math.exp(centre + width))
