"""Groups: what the last published week came to, for those who may not see people."""

import polars as pl
from polars import selectors

from velocity import formats
from velocity.reading.frames import worded
from velocity.sentences.answer import Answer, Row, capitalised

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
    concluded = about(last["experiments_concluded"], "experiment")
    week = formats.week(last["week_start"])
    return Answer(f"{capitalised(concluded)} concluded in the {week}; {failed(last)}.", RULE)


def about(amount: float, noun: str) -> str:
    """A rounded count or sum and its noun: "about 45 experiments", "under 5 runs"."""
    if amount:
        return f"about {formats.plural(amount, noun)}"
    return f"{formats.rounded_amount(0)} {noun}s"


def failed(row: Row) -> str:
    """How many runs of a row of `reads.group_weeks` ended, and the share that failed."""
    ended = about(row["runs_ended"], "run")
    if row["failure_share"] is None:
        return f"{ended} ended"
    return f"{formats.rounded_share(row['failure_share'])} of {ended} failed"


def in_words(weeks: pl.DataFrame) -> pl.DataFrame:
    """The weeks with figures as words, for tables and files: 0 is "under 5", and no figure is 0."""
    shares = selectors.ends_with("_share")
    amounts = (selectors.numeric() - shares).cast(pl.String).replace("0", formats.rounded_amount(0))
    said = [worded(it, formats.rounded_share) for it in weeks.select(shares)]
    return weeks.with_columns(*said, amounts)
