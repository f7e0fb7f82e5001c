"""Groups: what the last whole week came to, for those who may not see people."""

from __future__ import annotations

import polars as pl

from velocity import formats
from velocity.sentences.answer import Answer

_ALL = "all groups"
_RULE = (
    "Whole weeks of groups with at least 5 people; a week with fewer than 4 active people is blank."
)


def groups(*, weeks: pl.DataFrame) -> Answer:
    """The last week that may be shown, over all groups; failures stand beside what was concluded.

    Args:
        weeks: `reads.group_weeks`.
    """
    shown = weeks.filter((pl.col("group_id") == _ALL) & pl.col("visible"))
    if shown.is_empty():
        return Answer("No whole week can be shown yet.", _RULE)
    last = shown.sort("week_start").row(-1, named=True)
    concluded = formats.plural(last["experiments_concluded"], "concluded experiment")
    failed = (
        f"{formats.share(last['failure_share'])} of {formats.plural(last['runs_ended'], 'run')} "
        "failed"
        if last["runs_ended"]
        else "no run ended"
    )
    return Answer(f"{concluded} in the {formats.week(last['week_start'])}; {failed}.", _RULE)
