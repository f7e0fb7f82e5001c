"""Compute: whose credits end first, what the credits bought, and where they went."""

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date

import polars as pl

from velocity import formats
from velocity.reading.mine import largest_remainder
from velocity.sentences import week
from velocity.sentences.answer import Answer, Row, and_more, fitting, joined, name, number, on_day
from velocity.sentences.compared import Compared, compared_rows
from velocity.sentences.ends import runs_out

ALLOCATION = (
    "Allocation, not use: a run is charged the GPUs of its machine; runs over several nodes are "
    "under-counted."
)
_EACH = "credits_per_concluded"
_NOT_KNOWN = {"Hours, GPUs not known": "unpriced_run_hours"}
#: The id of a row's stream, or else what the row is about.
_PLACE = pl.coalesce("stream", "kind")
_STATES = {
    "finished": "Finished",
    "running": "Running",
    "killed": "Killed",
    "failed": "Failed",
    "other": "Pre-empted, other",
}
#: Metric -> words, of hours that may not have been needed.
_SPENT = {
    "late_failure_gpu_hours": "Failed late",
    "stale_gpu_hours": "Silent",
    "killed_gpu_hours": "Killed",
    "after_decision_gpu_hours": "Ran on",
}


def compute(programme: Compared, ends: pl.DataFrame, today: date) -> Answer:
    """Whose credits end first and next, and what the credits of the days bought.

    `ends` are `frames.named_ends` and `today` the last day that counts.
    """
    first, bought = runs_out(ends, today), week.compute(programme)
    start = first.start.rstrip(",;.")
    clauses = [it.rstrip(".") for it in first.rest.split(". ")]
    other = next((it for it in clauses if it.startswith("At the last 7 days")), "")
    options = [f"{first.start} {first.rest}".strip()]
    if other:
        options.append(f"{start}; {formats.mid_sentence(other)}.")
    elif first.rest:
        options.append(f"{first.start} {clauses[0]}.")
    support = f"{bought.start} {bought.rest}".strip().replace(". ", ".\n").split("\n")
    return Answer(fitting(*options, f"{start}."), joined(*support))


def table(rows: pl.DataFrame) -> pl.DataFrame:
    """`reads.compute_table` as it is printed: whole GPU-hours that add up, totals in bold."""
    parts = rows.filter(pl.col("kind") != "programme")
    hours = table_adding_up(parts.select(f"{it}_gpu_hours" for it in _STATES).rows())
    columns = zip([*_STATES.values(), "GPU-hours"], zip(*hours[:-1], strict=True), strict=True)
    each = ["\u2013" if it is None else f"{it:,.1f}" for it in rows[_EACH]]
    others = {**_NOT_KNOWN, "Credits": "credits", "Concluded": "experiments_concluded"}
    printed = {
        "Stream": _titles(rows),
        **{title: _cells(rows, column) for title, column in columns},
        **_whole(rows, others),
        "Credits each": [*map(_bold_total, rows["kind"], each)],
        **_tokens_of(rows),
    }
    return _at_least(rows, printed, ["Credits", "Credits each"])


def _at_least(
    rows: pl.DataFrame, printed: Mapping[str, Sequence[str]], columns: Sequence[str]
) -> pl.DataFrame:
    """The printed columns; some in rows with hours on unknown GPUs, which cost nothing here."""

    def told(cell: str, unknown: float) -> str:
        if not unknown or not any(map(str.isdigit, cell)):
            return cell
        known = any(it in "123456789" for it in cell)
        return re.sub(r"(?=\d)", "\u2265\u00a0", cell, count=1) if known else formats.NOT_KNOWN

    unknown = rows["unpriced_run_hours"]
    marked = {it: [*map(told, printed[it], unknown)] for it in columns}
    return pl.DataFrame({**printed, **marked})


def table_caption(rows: pl.DataFrame, these: str) -> str:
    """What the table counts, and where automation is."""
    said = f"GPU-hours by how the run ended, {these}; rows and columns add up"
    if "automation" in rows["kind"]:
        said += ". Rows of streams count people: the credits of automation are in its own row, and "
        said += "in each stream's balance and pace"
    if rows["unpriced_run_hours"].sum():
        said += ". \u2265: some GPU counts are not recorded"
    return said


def all_types(row: Row) -> str:
    """All GPU types together, and the hours on unknown ones, to follow other words."""
    used, unknown = number(row, "gpu_hours"), number(row, "unpriced_run_hours")
    hours, paid = formats.rate(used, "GPU-hour"), formats.count(number(row, "credits"))
    at_least = "at least " if unknown else ""
    known = f"; in all {at_least}{hours} and {paid} credits" if used or not unknown else ""
    return known + (f"; {formats.rate(unknown, 'run hour')} with no GPU count" if unknown else "")


def table_adding_up(rows: Sequence[Sequence[float]]) -> list[list[int]]:
    """The cells of a table as whole numbers that add up, with a column and a row of totals.

    The totals of columns add up to the rounded total of everything. The total of a row is the sum
    of its cells as printed: less than one per column away from its own sum.
    """
    columns = [*zip(*rows, strict=True)]
    totals = formats.adding_up([*map(math.fsum, columns)])
    cells = zip(*map(formats.adding_up, columns, totals), strict=True)
    return [[*row, sum(row)] for row in [*cells, totals]]


def by_scholar(rows: pl.DataFrame) -> pl.DataFrame:
    """`reads.compute_table` by scholar, as it is printed: whole amounts that add up."""
    streams = rows.select(pl.when(kind="scholar").then("name").fill_null("")).to_series()
    amounts = {
        "GPU-hours": "gpu_hours",
        "Of failed runs": "failed_gpu_hours",
        **_NOT_KNOWN,
        "Credits": "credits",
        "Concluded": "experiments_concluded",
    }
    printed = {
        "Stream": [it and name(it) for it in streams],
        "Scholar": _titles(rows),
        **_whole(rows, amounts),
        "Of its stream's credits": _of_stream(rows),
        **_tokens_of(rows),
    }
    return _at_least(rows, printed, ["GPU-hours", "Credits", "Of its stream's credits"])


def _titles(rows: pl.DataFrame) -> list[str]:
    named = {"stream": "name", "scholar": "scholar_name"}
    return [
        name(row[named[kind]]) if kind in named else _bold_total(kind, kind.capitalize())
        for kind, row in zip(rows["kind"], rows.to_dicts(), strict=True)
    ]


def _bold_total(kind: str, text: str) -> str:
    return f"**{text}**" if kind == "programme" else text


def _cells(
    rows: pl.DataFrame, amounts: Sequence[int], written: Callable[[int], str] = "{:,}".format
) -> list[str]:
    """Amounts of the parts as printed; in bold their sum, if `rows` have the programme's."""
    whole = [f"**{written(sum(amounts))}**"] if rows.height > len(amounts) else []
    return [*map(written, amounts), *whole]


def _whole(rows: pl.DataFrame, columns: Mapping[str, str]) -> dict[str, list[str]]:
    """Title -> the whole amounts of a column."""
    parts = rows.filter(pl.col("kind") != "programme")
    return {
        title: _cells(rows, formats.adding_up(parts[column].to_list()))
        for title, column in columns.items()
    }


def _tokens_of(rows: pl.DataFrame) -> dict[str, list[str]]:
    """The tokens and dollars of each row as they are printed, to the cent; none without tokens."""
    if not rows["tokens"].sum():
        return {}
    parts = rows.filter(pl.col("kind") != "programme")
    cents = formats.adding_up([100 * it for it in parts["token_dollars"]])
    return {
        "Tokens": _cells(rows, parts["tokens"].to_list()),
        "Dollars": _cells(rows, cents, lambda it: f"{it / 100:,.2f}"),
    }


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
    found = map(shares.get, rows.select("stream", "scholar").iter_rows())
    return ["" if it is None else f"{it}{formats.NBSP}%" for it in found]


def table_title(rows: pl.DataFrame) -> str:
    """The largest fact of the table: the share of finished runs."""
    whole = rows.filter(kind="programme")
    if not whole.height or not whole["gpu_hours"][0]:
        return "Where the compute went"
    share = formats.share(whole["finished_gpu_hours"][0] / whole["gpu_hours"][0])
    return f"Where the compute went: {share} to runs that finished"


def costs(now: pl.DataFrame, before: pl.DataFrame | None) -> pl.DataFrame:
    """Credits for each conclusion by the rows of the table, the programme's last.

    `now` is `reads.compute_table` of the days, `before` that of the days before; None without any.
    The programme has no row if automation concluded something: as its part grows, the cost of all
    falls, even if that of everybody rises.
    """
    both = pl.concat([now] if before is None else [now, before])
    mixed = both.filter(kind="automation")["experiments_concluded"].sum() > 0
    earlier = {} if before is None else dict(before.select(_PLACE, _EACH).iter_rows())
    title = pl.when(kind="stream").then("name").otherwise(pl.col("kind").str.to_titlecase())
    known = now.filter(
        pl.col("experiments_concluded") > 0, pl.col("kind") != ("programme" if mixed else "")
    )
    rows = known.select(_PLACE, title, _EACH).iter_rows()
    return _compared(((*it, earlier.get(it[0])) for it in rows), decimals=1)


def costs_of_weeks(weeks: Iterable[pl.DataFrame]) -> dict[str, list[float]]:
    """Id of a row of `costs` -> the credits for each conclusion in weeks that have some.

    `weeks`: `reads.compute_table` of each week.
    """
    known = pl.concat(weeks).drop_nulls(_EACH)
    return dict(known.group_by(_PLACE, maintain_order=True).agg(_EACH).iter_rows())


def spent(programme: Compared) -> pl.DataFrame:
    """GPU-hours that failed, were silent, were killed or ran on; a run can be in two rows."""
    both = {it: programme.numbers(it) for it in _SPENT}
    alone = programme.before is None
    rows = ((it, _SPENT[it], now, None if alone else then) for it, (now, then) in both.items())
    return _compared(rows, decimals=0)


def _compared(
    rows: Iterable[tuple[str, str, float | None, float | None]], decimals: int
) -> pl.DataFrame:
    def written(value: float | None) -> str:
        return formats.NOT_KNOWN if value is None else f"{round(value, decimals):,.{decimals}f}"

    def change(now: float | None, before: float | None) -> str:
        if now is None or before is None:
            return ""
        apart = round(now, decimals) - round(before, decimals)
        text = f"{apart:+,.{decimals}f}".replace("-", formats.MINUS)
        return text if any(it in "123456789" for it in text) else text[1:]

    return compared_rows(rows, written, change)


def hosts(rows: pl.DataFrame, zone: str) -> str:
    """Which rented hosts are idle now, and what the gaps between their runs came to."""
    if rows.is_empty():
        return "Idle rented hosts: not known, because the roster names no rented host."
    known = rows["idle_gpu_hours"].drop_nulls()
    hours = formats.rate(float(known.sum()), "GPU-hour")
    total = f"Rented hosts were idle for {hours} between their runs, at least."
    if known.is_empty():
        total = "For how many GPU-hours they were idle is not known: no GPU count is recorded."
    idle = rows.filter("idle_now").select("host", "idle_since").rows()
    said = [f"{name(host)} since {on_day(since, zone)}" for host, since in idle[:3]]
    now = f"Idle now: {and_more(said, len(idle) - 3, written=formats.count)}."
    return f"{now if idle else 'No rented host is idle now.'} {total}"


def jobs(row: Row) -> str:
    """What the jobs of a scheduler held while no run was in them; empty without any."""
    hours = number(row, "allocated_idle_gpu_hours")
    said = f"Jobs held {formats.rate(hours, 'GPU-hour')} while no run was in them."
    return said if hours else ""


def measured(row: Row) -> str:
    """The measured use of GPUs, or why it is not known."""
    if row["gpu_utilisation"] is None:
        return "GPU use: not known, because no run of these days measured it."
    share = formats.share(row["gpu_utilisation"])
    return f"Runs that measured it used {share} of their GPU-hours."
