"""When the credits of streams end: the line of Stand-up, its tile, and the words of Compute.

`ends` are `frames.named_ends`; `today` is the last day that counts.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import polars as pl

from velocity import formats
from velocity.reading.frames import PACE_DAYS
from velocity.sentences.answer import Row, listed, name
from velocity.sentences.week import Said
from velocity.sentences.week_tiles import Tile

#: An end that moved this far within a week is said.
_FAR = timedelta(days=7)


def runs_out(ends: pl.DataFrame, today: date) -> Said:
    """Whose credits end first, and next; who else would at the pace of the last 7 days."""
    about = "Runs out"
    if ends.is_empty():
        return Said(about, "No grant of a stream is recorded.")
    known, partly = _ending(ends), days_with_data(ends["pace_days"][0])
    used_up = [name(it) for it in ends.filter(pl.col("credits_left") <= 0)["name"]]
    spent = f" The credits of {listed(used_up)} are used up." if used_up else ""
    days = formats.short_dates(today - timedelta(days=PACE_DAYS - 1), today)
    if not known:
        start = f"No stream's credits end at the pace of {days}{partly}."
        return Said(about, start, spent.strip())
    first = [row for row in known if row["runs_out_on"] == known[0]["runs_out_on"]]
    whose = listed([formats.possessive(name(row["name"])) for row in first])
    start = f"{whose} credits end first, on {_end(first[0], today)}"
    pace = f"at the pace of {days}{partly}.{spent}{_otherwise(ends, first, today)}"
    if len(first) == len(known):
        return Said(about, f"{start},", pace)
    then = known[len(first)]
    others = f"{formats.possessive(name(then['name']))} on {_end(then, today)}"
    return Said(about, f"{start};", f"{others}, {pace}")


def _otherwise(ends: pl.DataFrame, first: Sequence[Row], today: date) -> str:
    """Whose credits end first at the pace of 7 days, or were to as seen a week before, if others'.

    Returns:
        A sentence for each, after a space; "" for none.
    """
    groups, said = [it["group_id"] for it in first], ""
    row = next(iter(_ending(ends, "runs_out_on_week_pace")), None)
    were = ends.filter(pl.col("seen_before") == pl.col("seen_before").min()).to_dicts()
    was = None if any(it["group_id"] in groups for it in were) else next(iter(were), None)
    if row is not None and row["group_id"] not in groups:
        when, also = _end(row, today, "runs_out_on_week_pace"), ""
        if was == row and row["seen_before"] == row["runs_out_on_week_pace"]:
            was, also = None, ", as was also forecast a week before"
        whose = formats.possessive(name(row["name"]))
        said = f" At the last 7 days' pace {whose} end first, on {when}{also}."
    if was is not None:
        when = formats.ahead(was["seen_before"], today)
        said += (
            f" A week before, {formats.possessive(name(was['name']))} were to end first, on {when}."
        )
    return said


def days_with_data(known: int) -> str:
    """How many days of the pace have data, to follow its days; "" if all have."""
    if known >= PACE_DAYS:
        return ""
    return f", of which {formats.plural(known, 'day')} {'has' if known == 1 else 'have'} data"


def _end(row: Row, today: date, column: str = "runs_out_on") -> str:
    """A day; "or sooner" if there are hours whose GPUs are not known.

    Such hours cost nothing in the ledger, so more may have been spent than is known, never less:
    the day is the last one that is possible at this pace, not the first.
    """
    return formats.ahead(row[column], today) + (" or sooner" if row["or_sooner"] else "")


def _ending(ends: pl.DataFrame, column: str = "runs_out_on") -> list[dict[str, Any]]:
    """The streams whose credits end, the first to end first."""
    return ends.drop_nulls(column).sort(column, maintain_order=True).to_dicts()


def credits_end(ends: pl.DataFrame, today: date) -> Tile:
    """The tile of the day on which the first stream's credits end."""
    title = "First credits to run out"
    if ends.is_empty():
        return Tile(title, "none", second="no grant of a stream is recorded")
    known = _ending(ends)
    # Not the programme's: it also has grants to scholars, and what was spent outside these streams.
    left = f"{formats.count(float(ends['credits_left'].sum()))} credits left in streams with grants"
    if not known:
        return Tile(title, "none", "no end at this pace", second=left)
    first = known[0]
    when, moved = first["runs_out_on"], ("", "")
    both = [name(it["name"], 16) for it in known if it["runs_out_on"] == when]
    if first["seen_before"] is not None:
        apart = (when - first["seen_before"]).days
        sign = "+" if apart > 0 else formats.MINUS if apart else "±"
        moved = (f"{sign}{abs(apart)}{formats.NBSP}d", "from the forecast a week before")
    sooner = "or sooner: some GPU counts are not recorded; " if first["or_sooner"] else ""
    return Tile(
        f"{title}: {' and '.join(both[:2])}",
        formats.dated(when),
        *moved,
        left,
        f"{sooner}at the pace of the {PACE_DAYS} days to {formats.day(today)}"
        f"{days_with_data(ends['pace_days'][0])}; allocation, not use",
    )


def balances_caption(ends: pl.DataFrame, today: date) -> str:
    """How the chart of balances is drawn, whose end moved far, and whose may come sooner."""
    partly = "" if ends.is_empty() else days_with_data(ends["pace_days"][0])
    pace = f"the last {PACE_DAYS} days{partly}"
    said = [f"Each row from 0 to its own largest balance; dotted: at the pace of {pace}"]
    moved = (pl.col("runs_out_on") - pl.col("seen_before")).abs()
    for row in ends.filter(moved >= _FAR).sort(moved, descending=True).iter_rows(named=True):
        then, now = (formats.ahead(row[it], today) for it in ("seen_before", "runs_out_on"))
        whose = formats.possessive(name(row["name"]))
        said.append(f"{whose} end was {then} as seen a week before, and is {now}")
    if sooner := [name(it) for it in ends.filter("or_sooner")["name"]]:
        said.append(f"{listed(sooner)} may end sooner: some GPU counts are not recorded")
    return ". ".join(said)


def if_changed(
    ends: pl.DataFrame, changed: pl.DataFrame, stream: str, giver: str | None, *, today: date
) -> str:
    """When the credits of a stream, and of the one that gives some, would end.

    `changed` are the ends after it, from `frames.ends_if`; `giver` is None for a new grant.
    """
    said = [_moved(ends, changed, it, today) for it in (stream, giver) if it is not None]
    text = f"{'; '.join(said)}."
    first, then = (next(iter(_ending(it)), None) for it in (ends, changed))
    if first is not None and then is not None and then["group_id"] != first["group_id"]:
        text += f" Then {formats.possessive(name(then['name']))} end first, on {_end(then, today)}."
    return text


def _moved(ends: pl.DataFrame, changed: pl.DataFrame, stream: str, today: date) -> str:
    before, after = (
        it.row(by_predicate=pl.col("group_id") == stream, named=True) for it in (ends, changed)
    )
    whose = f"{formats.possessive(name(before['name']))} credits"
    if after["credits_left"] <= 0:
        return f"{whose} would be used up at once"
    if after["runs_out_on"] is None:
        return f"{whose} would not end at this pace"
    text = f"{whose} would last to {_end(after, today)}"
    if before["runs_out_on"] is None:
        return text
    moved = (after["runs_out_on"] - before["runs_out_on"]).days
    if not moved:
        return f"{text}, as before"
    return f"{text}, {formats.plural(abs(moved), 'day')} {'longer' if moved > 0 else 'less'}"
