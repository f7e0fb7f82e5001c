"""Compute: whose credits end first, what the credits bought, and where they went."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import polars as pl

from velocity import formats
from velocity.reading.frames import PACE_DAYS
from velocity.reading.mine import largest_remainder
from velocity.sentences import week
from velocity.sentences.answer import Answer, Row, fitting, joined, name, number
from velocity.sentences.compared import possessive

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from velocity.sentences.compared import Days

ALLOCATION = (
    "Allocation, not use: a run is charged the GPUs of its machine; runs over several nodes are "
    "under-counted."
)
_STATES = ("finished", "running", "killed", "failed", "other")
#: Metric -> words, of hours that may not have been needed.
_SPENT = {
    "late_failure_gpu_hours": "Failed late",
    "stale_gpu_hours": "Silent",
    "killed_gpu_hours": "Killed",
    "after_decision_gpu_hours": "Ran on",
}


def compute(*, ends: pl.DataFrame, today: date, now: Row, before: Row | None, days: Days) -> Answer:
    """Whose credits end first and next, and what the credits of the days bought.

    Args:
        ends: `frames.named_ends`.
        today: the last day that counts.
        now: the row of `reads.metrics` of the programme over the days.
        before: that of the days before; None without any.
        days: the days.
    """
    first = week.runs_out(ends, today)
    start = first.start.rstrip(",;.")
    clauses = [it.rstrip(".") for it in first.rest.split(". ")] if first.rest else []
    other = next((it for it in clauses if it.startswith("At the last 7 days")), "")
    options = [f"{first.start} {first.rest}".strip()]
    if other:
        options.append(f"{start}; {formats.mid_sentence(other)}.")
    if clauses and not other:
        options.append(f"{first.start} {clauses[0]}.")
    bought = week.compute(now, before, days)
    return Answer(
        fitting(*options, f"{start}."),
        joined(*f"{bought.start} {bought.rest}".strip().replace(". ", ".\n").split("\n")),
    )


def table(rows: pl.DataFrame) -> pl.DataFrame:
    """`reads.compute_table` as it is printed: whole GPU-hours that add up, totals in bold."""
    parts = rows.filter(pl.col("kind") != "programme")
    cells = formats.table_adding_up(parts.select(f"{it}_gpu_hours" for it in _STATES).rows())
    spent = formats.adding_up(parts["credits"].to_list())
    unknown = formats.adding_up(parts["unpriced_run_hours"].to_list())
    named = [*parts.iter_rows(named=True)]
    whole = rows.filter(kind="programme")
    total = whole.row(0, named=True) if whole.height else None
    if total is not None:
        named.append(total)
        spent.append(sum(spent))
        unknown.append(sum(unknown))
    else:
        cells = cells[:-1]
    rows_of = zip(named, cells, spent, unknown, strict=True)
    return pl.DataFrame(
        [_printed(row, states, cost, hours) for row, states, cost, hours in rows_of]
    ).with_columns(*_tokens_of(rows))


def _printed(row: Row, cells: Sequence[int], spent: int, unknown: int) -> dict[str, str]:
    *states, total = cells
    each = row["credits_per_concluded"]
    values = {
        "Stream": _title(row),
        **{
            title: f"{it:,}"
            for title, it in zip(
                ("Finished", "Running", "Killed", "Failed", "Pre-empted, other"),
                states,
                strict=True,
            )
        },
        "GPU-hours": f"{total:,}",
        "Hours, GPUs not known": f"{unknown:,}",
        "Credits": f"{spent:,}",
        "Concluded": f"{row['experiments_concluded']:,}",
        "Credits each": "\u2013" if each is None else f"{each:,.1f}",
    }
    return {it: f"**{value}**" for it, value in values.items()} if _is_total(row) else values


def by_scholar(rows: pl.DataFrame) -> pl.DataFrame:
    """`reads.compute_table` by scholar, as it is printed: whole amounts that add up."""
    parts = rows.filter(pl.col("kind") != "programme")
    amounts = {
        title: formats.adding_up(parts[column].to_list())
        for title, column in (
            ("GPU-hours", "gpu_hours"),
            ("Of failed runs", "failed_gpu_hours"),
            ("Credits", "credits"),
            ("Concluded", "experiments_concluded"),
        )
    }
    of_stream = [name(it["name"]) if it["kind"] == "scholar" else "" for it in parts.to_dicts()]
    called = [_title(it) for it in parts.to_dicts()]
    if parts.height < rows.height:
        of_stream.append("")
        called.append("**Programme**")
        for column in amounts.values():
            column.append(sum(column))
    cells = {title: [f"{it:,}" for it in column] for title, column in amounts.items()}
    shares = _of_stream(parts) + [""] * (rows.height - parts.height)
    table = pl.DataFrame(
        {"Stream": of_stream, "Scholar": called, **cells, "Of its stream's credits": shares}
    )
    total = pl.col("Scholar") == "**Programme**"
    return table.with_columns(
        *(
            pl.when(total).then(pl.format("**{}**", title)).otherwise(title).alias(title)
            for title in amounts
        ),
        *_tokens_of(rows),
    )


def _tokens_of(rows: pl.DataFrame) -> list[pl.Series]:
    """The tokens and dollars of each row as they are printed, to the cent; none without tokens."""
    if not rows["tokens"].sum():
        return []
    parts = rows.filter(pl.col("kind") != "programme")
    cents = formats.adding_up([100 * it for it in parts["token_dollars"]])
    cells = {
        "Tokens": [f"{it:,}" for it in parts["tokens"]],
        "Dollars": [f"{it / 100:,.2f}" for it in cents],
    }
    if parts.height < rows.height:
        cells["Tokens"].append(f"**{parts['tokens'].sum():,}**")
        cells["Dollars"].append(f"**{sum(cents) / 100:,.2f}**")
    return [pl.Series(title, column) for title, column in cells.items()]


def tokens(account: Row) -> str:
    """The tokens so far and their dollars; `account`: the programme's row of `reads.ledger`."""
    used = formats.count(number(account, "tokens_so_far"))
    dollars = f"{number(account, 'token_dollars_so_far'):,.2f}"
    said = f"So far, evaluations used {used} tokens, which cost"
    if unpriced := number(account, "unpriced_tokens_so_far"):
        free = f"{formats.count(unpriced)} tokens are of models without a rate"
        return f"{said} at least {dollars} dollars: {free}."
    return f"{said} {dollars} dollars. Credits pay for GPUs only."


def _of_stream(rows: pl.DataFrame) -> list[str]:
    """Each scholar's share of the credits of their stream, as whole per cent that add up to 100."""
    shares: dict[tuple[str, str], int] = {}
    for (stream,), own in rows.filter(kind="scholar").group_by("stream"):
        amounts = dict(own.select("scholar", "credits").iter_rows())
        shares |= {(str(stream), it): share for it, share in largest_remainder(amounts).items()}
    found = (shares.get((row["stream"], row["scholar"])) for row in rows.iter_rows(named=True))
    return ["" if it is None else f"{it}{formats.NBSP}%" for it in found]


def _is_total(row: Row) -> bool:
    return bool(row["kind"] == "programme")


def balances_caption(ends: pl.DataFrame) -> str:
    """How the chart of balances is drawn; `ends`: `frames.named_ends`."""
    pace = f"the last {PACE_DAYS} days"
    if not ends.is_empty():
        pace += week.days_with_data(ends["pace_days"][0])
    return f"Each row from 0 to its own largest balance; dotted: at the pace of {pace}"


def _title(row: Row) -> str:
    own = {"stream": "name", "scholar": "scholar_name"}.get(row["kind"])
    return name(row[own]) if own else str(row["kind"]).capitalize()


def table_title(rows: pl.DataFrame) -> str:
    """The largest fact of the table: the share of finished runs."""
    whole = rows.filter(kind="programme")
    if not whole.height or not whole["gpu_hours"][0]:
        return "Where the compute went"
    share = formats.share(whole["finished_gpu_hours"][0] / whole["gpu_hours"][0])
    return f"Where the compute went: {share} to runs that finished"


def costs(now: pl.DataFrame, before: pl.DataFrame | None) -> pl.DataFrame:
    """Credits for each conclusion by the rows of the table, the programme's last.

    Args:
        now: `reads.compute_table` of the days.
        before: that of the days before; None without any.
    """
    earlier = {} if before is None else {_place(it): it for it in before.iter_rows(named=True)}
    measure = "credits_per_concluded"
    return pl.DataFrame(
        [
            _compared(
                row["stream"] or row["kind"],
                row["name"] if row["kind"] == "stream" else row["kind"].capitalize(),
                row[measure],
                (earlier.get(_place(row)) or {}).get(measure),
                decimals=1,
                total=_is_total(row),
            )
            for row in now.iter_rows(named=True)
            if row["experiments_concluded"]
        ]
    )


def costs_of_weeks(weeks: Iterable[pl.DataFrame]) -> dict[str, list[float]]:
    """Id of a row of `costs` -> the credits for each conclusion in weeks that have some.

    `weeks`: `reads.compute_table` of each week.
    """
    found: dict[str, list[float]] = defaultdict(list)
    for row in pl.concat(weeks).drop_nulls("credits_per_concluded").iter_rows(named=True):
        found[row["stream"] or row["kind"]].append(row["credits_per_concluded"])
    return found


def _place(row: Row) -> tuple[str, str | None]:
    return row["kind"], row["stream"]


def spent(now: Row, before: Row | None) -> pl.DataFrame:
    """GPU-hours that failed, were silent, were killed or ran on; a run can be in two rows."""
    return pl.DataFrame(
        [
            _compared(
                column,
                title,
                number(now, column),
                None if before is None else number(before, column),
            )
            for column, title in _SPENT.items()
        ]
    )


def _compared(
    group: str,
    title: str,
    now: float | None,
    before: float | None,
    *,
    decimals: int = 0,
    total: bool = False,
) -> dict[str, Any]:
    here, there = (None if it is None else round(it, decimals) for it in (now, before))
    change = "" if here is None or there is None else _change(here - there, decimals)
    return {
        "id": group,
        "name": title,
        "now": now,
        "before": before,
        "now_words": _amount(here, decimals),
        "before_words": _amount(there, decimals),
        "change_words": change,
        "total": total,
    }


def _change(value: float, decimals: int) -> str:
    text = f"{value:+,.{decimals}f}".replace("-", formats.MINUS)
    return text if any(it in "123456789" for it in text) else text[1:]


def _amount(value: float | None, decimals: int) -> str:
    return formats.NOT_KNOWN if value is None else f"{value:,.{decimals}f}"


def if_changed(
    ends: pl.DataFrame, changed: pl.DataFrame, stream: str, giver: str | None, *, today: date
) -> str:
    """When the credits of a stream, and of the one that gives some, would end.

    Args:
        ends: `frames.named_ends`.
        changed: the same after the change, from `frames.ends_if`.
        stream: id of the stream that changes.
        giver: id of the stream that gives credits; None for a new grant.
        today: the last day that counts.
    """
    said = [_moved(ends, changed, it, today) for it in (stream, giver) if it is not None]
    text = f"{'; '.join(said)}."
    first, now_first = _first(ends), _first(changed)
    if now_first is not None and first is not None and now_first["group_id"] != first["group_id"]:
        who = name(now_first["name"])
        text += f" Then {who} ends first, on {week.end_of_credits(now_first, today)}."
    return text


def _first(ends: pl.DataFrame) -> Row | None:
    known = ends.drop_nulls("runs_out_on").sort("runs_out_on", maintain_order=True)
    return next(known.iter_rows(named=True), None)


def _moved(ends: pl.DataFrame, changed: pl.DataFrame, stream: str, today: date) -> str:
    before, after = (
        it.row(by_predicate=pl.col("group_id") == stream, named=True) for it in (ends, changed)
    )
    whose = f"{possessive(name(before['name']))} credits"
    if after["credits_left"] <= 0:
        return f"{whose} would be used up at once"
    if after["runs_out_on"] is None:
        return f"{whose} would not end at this pace"
    text = f"{whose} would last to {week.end_of_credits(after, today)}"
    if before["runs_out_on"] is None:
        return text
    moved = (after["runs_out_on"] - before["runs_out_on"]).days
    if not moved:
        return f"{text}, as before"
    more = "longer" if moved > 0 else "less"
    return f"{text}, {formats.plural(abs(moved), 'day')} {more}"


def hosts(rows: pl.DataFrame, zone: str) -> str:
    """Which rented hosts are idle now, and what the gaps between their runs came to."""
    if rows.is_empty():
        return "Idle rented hosts: not known, because the roster names no rented host."
    idle = rows.filter("idle_now")
    hours = formats.count(float(rows["idle_gpu_hours"].sum()))
    total = f"Rented hosts were idle for {hours} GPU-hours between their runs, at least."
    if idle.is_empty():
        return f"No rented host is idle now. {total}"
    said = ", ".join(
        f"{name(row['host'])} since "
        f"{formats.dated(row['idle_since'].astimezone(ZoneInfo(zone)).date())}"
        for row in idle.head(3).iter_rows(named=True)
    )
    more = f" and {formats.count(idle.height - 3)} more" if idle.height > 3 else ""  # noqa: PLR2004
    return f"Idle now: {said}{more}. {total}"


def jobs(row: Row) -> str:
    """What the jobs of a scheduler held while no run was in them; empty without any."""
    if not (hours := row.get("allocated_idle_gpu_hours")):
        return ""
    return f"Jobs held {formats.count(hours)} GPU-hours while no run was in them."


def measured(row: Row) -> str:
    """The measured use of GPUs, or why it is not known."""
    if row.get("gpu_utilisation") is None:
        return "GPU use: not known, because no run of these days measured it."
    share = formats.share(row["gpu_utilisation"])
    return f"Runs that measured it used {share} of their GPU-hours."
