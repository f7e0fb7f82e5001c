"""Credits: spent per day, granted and left, and how long the rest lasts."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fnmatch import fnmatchcase
from fractions import Fraction

from tests.oracles.gpu import machine_charges
from tests.oracles.model import DAY, HOUR, Derived, Interval, RunKey, local_date
from tests.oracles.windows import windows


@dataclass(frozen=True)
class Rate:
    """Credits for one GPU for one hour, of types that the glob matches, from a day on."""

    glob: str
    first: date
    credits: int


def rate_on(rates: Sequence[Rate], gpu_type: str, day: date) -> int:
    """The matching rate with the latest date up to that day, the first of equals; 0 without one."""
    fitting = [it for it in rates if fnmatchcase(gpu_type, it.glob) and it.first <= day]
    latest = max((it.first for it in fitting), default=None)
    return next((it.credits for it in fitting if it.first == latest), 0)


def spending(
    derived: Derived, rates: Sequence[Rate], window: Interval | None = None
) -> dict[tuple[RunKey, date], Fraction]:
    """(run, local day) -> credits, for runs that were charged for any time on that day."""
    found: dict[tuple[RunKey, date], Fraction] = {}
    starts = [run.start for run in derived.runs.values() if run.counts and run.start is not None]
    last = derived.complete_to
    for day, (opens, closes) in windows(min(starts), last, "day", derived.rules.timezone):
        inside = (opens, closes)
        if window is not None:
            inside = (max(opens, window[0]), min(closes, window[1]))
        if inside[0] >= inside[1]:
            continue
        for (key, kind), charge in machine_charges(derived, inside).items():
            if charge:
                cost = charge * rate_on(rates, kind, day) / HOUR
                found[key, day] = found.get((key, day), Fraction()) + cost
    return found


@dataclass(frozen=True)
class Ledger:
    """A group's account."""

    granted: Fraction
    spent: Fraction
    burn_per_day: Fraction
    burn_per_day_7d: Fraction

    @property
    def left(self) -> Fraction:
        return self.granted - self.spent

    def runway_days(self, burn: Fraction) -> Fraction | None:
        return self.left / burn if burn else None

    def exhausted_on(self, burn: Fraction, as_of: int, zone: str) -> date | None:
        """The local day; None if nothing is left, nothing is spent, or it takes a century."""
        runway = self.runway_days(burn)
        if runway is None or self.left <= 0 or runway >= 36_500:
            return None
        return local_date(as_of + round(runway * DAY), zone)


def ledger(
    derived: Derived,
    rates: Sequence[Rate],
    grants: Iterable[tuple[date, int]],
    runs: Iterable[RunKey],
) -> Ledger:
    """The account of the runs and grants (day, credits) at the end of the data."""
    own = set(runs)
    end = derived.complete_to
    last_day = local_date(end, derived.rules.timezone)

    def burn(days: int) -> Fraction:
        recent = spending(derived, rates, (end - days * DAY, end))
        return sum((it for (run, _), it in recent.items() if run in own), Fraction()) / days

    return Ledger(
        granted=Fraction(sum(amount for day, amount in grants if day <= last_day)),
        spent=sum(
            (it for (run, _), it in spending(derived, rates).items() if run in own), Fraction()
        ),
        burn_per_day=burn(14),
        burn_per_day_7d=burn(7),
    )


def balances(
    derived: Derived,
    rates: Sequence[Rate],
    grants: Iterable[tuple[date, int]],
    runs: Iterable[RunKey],
) -> dict[date, tuple[Fraction, Fraction, Fraction]]:
    """Day -> granted, spent, and left at its end; from the first grant or charge on."""
    own = set(runs)
    last_day = local_date(derived.complete_to, derived.rules.timezone)
    granted: defaultdict[date, Fraction] = defaultdict(Fraction)
    spent: defaultdict[date, Fraction] = defaultdict(Fraction)
    for day, amount in grants:
        if day <= last_day:
            granted[day] += amount
    for (run, day), amount in spending(derived, rates).items():
        if run in own:
            spent[day] += amount
    found = {}
    left = Fraction()
    day = min([*granted, *spent])
    while day <= last_day:
        left += granted[day] - spent[day]
        found[day] = (granted[day], spent[day], left)
        day += timedelta(days=1)
    return found
