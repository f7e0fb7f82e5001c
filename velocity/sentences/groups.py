"""Groups: what the last published week came to, for those who may not see people."""

import polars as pl
from polars import selectors

from velocity import formats
from velocity.reading.frames import worded
from velocity.sentences.answer import Answer, Row

#: The id of the sum of all visible groups.
ALL_GROUPS = "all groups"
#: What published weeks are.
RULE = (
    "Whole weeks of groups with at least 5 people, published once and rounded; a week with fewer "
    "than 4 active people is blank."
)


def last_week(weeks: pl.DataFrame) -> Answer:
    """The last week of `reads.group_weeks` that may be shown, over all groups.

    It has failures beside concluded experiments.
    """
    shown = weeks.filter((pl.col("group_id") == ALL_GROUPS) & pl.col("visible"))
    if shown.is_empty():
        return Answer("No whole week can be shown yet.", RULE)
    last = shown.sort("week_start").row(-1, named=True)
    concluded = formats.capitalised(about(last["experiments_concluded"], "experiment"))
    week = formats.week(last["week_start"])
    return Answer(f"{concluded} concluded in the {week}; {failed(last)}.", RULE)


def about(amount: float, noun: str) -> str:
    """A rounded count or sum and its noun: "about 45 experiments", "under 5 runs"."""
    if amount:
        return f"about {formats.plural(amount, noun)}"
    return f"{rounded_amount(0)} {noun}s"


def rounded_amount(value: float | None) -> str:
    """A count or hours to the nearest 5, as `reads.group_weeks` gives them: "45", "under 5"."""
    return f"under{formats.NBSP}5" if value == 0 else formats.count(value)


def rounded_share(value: float | None) -> str:
    """A share to the nearest 5 points, as `reads.group_weeks` gives them; its ends in words."""
    if value in {0, 1}:
        return f"{'over' if value else 'under'}{formats.NBSP}{95 if value else 5}{formats.NBSP}%"
    return formats.share(value)


def failed(row: Row) -> str:
    """How many runs of a row of `reads.group_weeks` ended, and the share that failed."""
    ended = about(row["runs_ended"], "run")
    if row["failure_share"] is None:
        return f"{ended} ended"
    return f"{rounded_share(row['failure_share'])} of {ended} failed"


def in_words(weeks: pl.DataFrame) -> pl.DataFrame:
    """The weeks with figures as words, for tables and files: 0 is "under 5", and no figure is 0."""
    shares = selectors.ends_with("_share")
    amounts = (selectors.numeric() - shares).cast(pl.String).replace("0", rounded_amount(0))
    said = [worded(it, rounded_share) for it in weeks.select(shares)]
    return weeks.with_columns(*said, amounts)
