"""Credits: rates and grants, and mistakes in rates.

Some rates never apply, replace others or match what another one does; others are missing.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import date
from fnmatch import fnmatchcase
from itertools import combinations
from typing import NamedTuple

from pydantic import Field

from velocity.roster.fields import MOST_CREDITS, Amount, Entry, GrantDay, Id, RateDay, Text
from velocity.roster.globs import covers
from velocity.settings import Number
from velocity.toml import Finding, as_toml, named, warning


class Rate(Entry):
    """The price of one GPU hour from a day on."""

    gpu: Text = Field(description='Glob over W&B\'s GPU type, such as "*H100*".')
    from_date: RateDay = Field(alias="from", description="First day of the rate.")
    credits_per_gpu_hour: Amount = Field(description="Credits for one GPU for one hour.")


class TokenRate(Entry):
    """The price of a model's tokens from a day on."""

    model: Text = Field(description='Glob over names as in Inspect, such as "openai/gpt-5*".')
    from_date: RateDay = Field(alias="from", description="First day of the rate.")
    dollars_per_million_input: Amount = Field(description="Dollars for a million tokens read.")
    dollars_per_million_output: Amount = Field(
        description="Dollars for a million tokens written, those of reasoning included."
    )
    dollars_per_million_cache_read: Amount | None = Field(
        None, description="Those read from the provider's cache; without it, as tokens read."
    )
    dollars_per_million_cache_write: Amount | None = Field(
        None, description="Those written into that cache; without it, as tokens read."
    )

    def dollars(self) -> tuple[float, float, float, float]:
        """Returns the dollars per million tokens read, written, and those of the cache."""
        read, written = self.dollars_per_million_input, self.dollars_per_million_output
        cached = self.dollars_per_million_cache_read, self.dollars_per_million_cache_write
        from_cache, into_cache = (read if rate is None else rate for rate in cached)
        return read, written, from_cache, into_cache


class Grant(Entry):
    """Credits granted to a stream or to a scholar: exactly one of the two is set."""

    date: GrantDay = Field(description="Day of the grant.")
    stream: Id | None = Field(None, description="Id of the stream that receives it.")
    scholar: Id | None = Field(None, description="Id of the scholar who receives it.")
    amount: Number = Field(gt=0, le=MOST_CREDITS, description="Credits.")


class Credits(Entry):
    """Rates and grants of compute credits."""

    rates: tuple[Rate, ...] = Field(
        (), description="Of the rates that match, the latest `from` decides, then their order."
    )
    token_rates: tuple[TokenRate, ...] = Field(
        (), description="Dollars for tokens of evaluations; which rate decides is as in `rates`."
    )
    grants: tuple[Grant, ...] = Field((), description="Credits granted, in any order.")


class Price(NamedTuple):
    """A rate: its name, the glob over what it prices, and its first day."""

    where: str
    glob: str
    from_date: date


def prices_of(credit: Credits) -> tuple[list[Price], list[Price]]:
    """Returns the rates of GPUs and of tokens that have a glob and a first day, as in the file."""
    gpus = [Price(name, it.gpu, it.from_date) for name, it in named("rate", credit.rates)]
    tokens = named("token rate", credit.token_rates)
    models = [Price(name, it.model, it.from_date) for name, it in tokens]
    return list(filter(all, gpus)), list(filter(all, models))


def price_contradictions(rates: Sequence[Price]) -> Iterator[Finding]:
    """Yields rates that never apply, or that replace one with a narrower glob."""
    for number, rate in enumerate(rates):
        above = rates[:number]
        day = rate.from_date
        same_day = [it for it in above if it.from_date == day]
        for other in above:
            if other.from_date == day and covers(other.glob, rate.glob):
                problem = (
                    f"never applies: {other.where} above it holds from the same day and covers it"
                )
                expected = "the narrower glob first, and each glob once per day"
            elif other.from_date > day and other.glob == rate.glob:
                problem = f"starts on {day}, before {other.where} above it ({other.from_date})"
                expected = "the rates of a glob in date order"
            else:
                continue
            yield warning(rate.where, problem, expected)
            break
        for other in rates:
            if (
                other.from_date < day
                and other.glob != rate.glob
                and covers(rate.glob, other.glob)
                and not any(covers(it.glob, other.glob) for it in same_day)
            ):
                expected = f"a rate for {as_toml(other.glob)} from {day} above it"
                yield warning(rate.where, f"replaces {other.where} from {day} on", expected)


def priced_twice(rates: Sequence[Price], gpu_types: Collection[str]) -> Iterator[Finding]:
    """Yields pairs of rates that match one GPU type in the data, neither of them narrower.

    Without data, nearly all globs such as *A100* and *80GB* could match one type.
    """
    reported: set[frozenset[str]] = set()  # a glob has one entry for each time its rate changed
    for one, other in combinations(rates, 2):
        globs = one.glob, other.glob
        if covers(*globs) or covers(*reversed(globs)) or frozenset(globs) in reported:
            continue
        begin = max(one.from_date, other.from_date)
        settled = [
            it.glob
            for it in rates
            if it.from_date >= begin and all(covers(glob, it.glob) for glob in globs)
        ]
        both = [
            it
            for it in gpu_types
            if all(fnmatchcase(it, glob) for glob in globs)
            and not any(fnmatchcase(it, glob) for glob in settled)
        ]
        if both:
            reported.add(frozenset(globs))
            wins = one if one.from_date >= other.from_date else other
            yield warning(
                other.where,
                f"matches {as_toml(min(both))} in the data, as {one.where} does; from {begin} on "
                f"{as_toml(wins.glob)} decides",
                "globs without a common GPU type, or a separate rate for that type",
            )


def unpriced(rates: Sequence[Price], gpu_types: Collection[str]) -> Iterator[Finding]:
    """Yields the GPU types that cost nothing, if others have a rate."""
    free = [it for it in gpu_types if it and not any(fnmatchcase(it, its.glob) for its in rates)]
    if rates and free:
        problem = f"no rate for {', '.join(map(as_toml, sorted(free)))} in the data"
        expected = "a rate for each GPU type (without one it costs nothing)"
        yield warning("credits.rates", problem, expected)
