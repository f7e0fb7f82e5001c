"""Days off: those of a scholar and holidays; and mistakes in them."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, timedelta

from pydantic import Field

from velocity.roster.fields import Day, Entry, RateDay
from velocity.settings import Label
from velocity.toml import Finding, named, repeats, warning

_LONGEST_LEAVE = timedelta(days=5 * 366)  # a longer one is a typing error


class Away(Entry):
    """Days on which a scholar does not work: from the day `from` up to but not including `to`."""

    from_date: Day = Field(alias="from", description="First day away.")
    to_date: Day = Field(alias="to", description="The day after the last day away.")


class Holiday(Entry):
    """Days on which nobody works: a `date`, or from the day `from` up to, not including, `to`."""

    name: Label = Field(description="Name shown on charts.")
    date: RateDay | None = Field(None, description="The day, if it is only one.")
    from_date: Day | None = Field(None, alias="from", description="First of several days.")
    to_date: Day | None = Field(
        None, alias="to", description="The day after the last of several days."
    )


def span_of(holiday: Holiday) -> tuple[date, date]:
    """Returns the first day of a holiday and the day after its last."""
    first = holiday.date or holiday.from_date or date.min
    end = holiday.to_date if holiday.date is None else None
    return first, end or first + timedelta(days=1)


def holiday_contradictions(entries: Sequence[Holiday], wrong: Collection[str]) -> Iterator[Finding]:
    """Yields mistakes in holidays; `wrong` holds the places of values that are left out."""
    holidays = named("holiday", entries)
    for name, it in holidays:
        days = {"date": it.date, "from": it.from_date, "to": it.to_date}
        given = [key for key, value in days.items() if value or f"{name}: {key}" in wrong]
        if given not in (["date"], ["from", "to"]):
            got = " and ".join(given) or "no day"
            yield Finding(name, f"got {got}", "either a date, or from and to")
    yield from overlapping_days_off(holidays)
    for name, _, earlier in repeats((name, it.date) for name, it in holidays):
        yield warning(f"{name}: date", f"same as {earlier}", "each holiday once")


def overlapping_days_off(entries: Iterable[tuple[str, Away | Holiday]]) -> Iterator[Finding]:
    """Yields mistakes in days off, each from a day up to but not including another."""
    earlier: list[tuple[str, date, date]] = []
    for where, entry in entries:
        first, end = entry.from_date, entry.to_date
        if first is None or end is None:
            continue
        if end <= first:
            expected = "the day after the last day off"
            yield Finding(f"{where}: to", f"got {end}, which is not after {first}", expected)
        elif end - first > _LONGEST_LEAVE:
            problem = f"got {end}, {(end - first).days} days after {first}"
            yield Finding(f"{where}: to", problem, f"at most {_LONGEST_LEAVE.days} days")
        else:
            for other, begin, until in earlier:
                if first < until and begin < end:
                    expected = "one entry for each time off"
                    yield warning(where, f"overlaps in time with {other}", expected)
            earlier.append((where, first, end))
