"""An explanation: the frames, sums and tables that pages and the command line show."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

import polars as pl

from velocity import formats
from velocity.queries import load_query
from velocity.queries.metric import Metric
from velocity.reading.periods import Window

#: A figure: counts are int, shifts are bool, unknown ones are None.
Value = int | float | bool | date | None


@dataclass(frozen=True, eq=False)
class Total:
    """A sum of rows, or the largest of them."""

    kind: str  # of the rows, such as runs, sessions, charges or weeks
    text: str  # title of the sum
    unit: str  # of the amounts and of the value
    value: float  # 0 without rows
    addends: pl.DataFrame  # what (String), at (UTC, or a local day), amount (Float64)
    largest: bool = False  # whether the value is the largest amount instead of the sum

    @property
    def step(self) -> str:
        """The sum as a step of the arithmetic."""
        rows = formats.plural(self.addends.height, "row")
        how = "largest of" if self.largest else "sum of"
        return f"{formats.with_unit(self.value, self.unit)} ({how} {rows}): {self.text}"


@dataclass(frozen=True, eq=False)
class Result:
    """One value: the group's, or that of one of its lines, experiments or measures."""

    of: str  # which line (entity/project), experiment or measure; "" for the group's own
    steps: tuple[str, ...]  # the arithmetic in words; the last step gives `value`
    value: Value  # what the rows add up to
    headline: Value  # from the metric's own query
    totals: tuple[Total, ...] = ()  # the sums, numerator first
    latencies: pl.DataFrame | None = None  # of a median: the ordered lengths and the survival curve
    noun: str = ""  # what has a length: loop, wait, experiment, failure or run
    title: str = ""  # `of` in words, unless it is a line


@dataclass(frozen=True, eq=False)
class Explanation:
    """Everything behind one figure of a scholar, a stream or the programme.

    Times are UTC; ids are entity/project/run_id.
    """

    scholar: str | None  # id, if the figure is a scholar's
    stream: str | None  # id, if it is a stream's
    metric: Metric
    actor: str  # whose launches count: person, automation or all
    window: Window | None  # the local days; None for all the data
    at_end: bool  # whether the figure describes the end of the window instead of the whole window
    as_of: datetime  # the data is complete up to this instant
    timezone: str  # IANA name, for weeks, days and times that people read
    runs: pl.DataFrame  # with class, sources of start and end, and the rule that joined each
    sessions: pl.DataFrame  # of these runs
    experiments: pl.DataFrame  # that overlap the window
    loops: pl.DataFrame  # launched in the window
    charges: pl.DataFrame  # of each session by day; empty unless the figure is of GPUs or credits
    left_out: pl.DataFrame  # kind (excluded, imputed or flagged), what, why
    results: tuple[Result, ...]  # one, or one per line, open experiment or measure
    nothing: str  # the sentence if there is no result

    @property
    def over(self) -> str:
        """The window in words: "all the data", "week of 5 Jan 2026", or the end of either."""
        if self.window is None:
            return "end of the data" if self.at_end else "all the data"
        first, last = self.window.first, self.window.last
        if self.at_end:
            return f"end of {formats.dated(last)} {last.year}"
        return f"{formats.week(first)} {first.year}" if self.window.is_week else self.window.words

    @property
    def frames(self) -> tuple[pl.DataFrame, ...]:
        """Every frame, for the size of the explanation in memory."""
        lengths = (it.latencies for it in self.results if it.latencies is not None)
        addends = (total.addends for it in self.results for total in it.totals)
        return (*(getattr(self, it) for it in _SECTIONS), *lengths, *addends)


@dataclass(frozen=True, eq=False)
class Section:
    """One table of an explanation."""

    title: str
    about: str  # what the rows show, as the rest of a sentence
    frame: pl.DataFrame  # all rows and columns
    shown: tuple[str, ...]  # the main columns
    keys: tuple[str, ...]  # those of them that identify a row
    words: dict[str, dict[str, str]]  # column -> word in it -> meaning, once in all sections


#: Frame -> title, what the rows show, columns shown, and how many of these identify a row.
_SECTIONS = {
    "runs": (
        "Runs",
        "the data as received, its class, and the rule that joined it to its experiment",
        (
            "name state created_at started_at heartbeat_at runtime_hours class start_source "
            "ended_at end_source experiment_name joined_by"
        ),
        1,
    ),
    "sessions": (
        "Sessions",
        "when the runs were active",
        "name session started_at ended_at end_source hours hours_inside",
        2,
    ),
    "experiments": (
        "Experiments",
        "the result arrives when k runs have finished",
        "name runs k started_at result_at outcome overlapped hours_inside loop_status",
        1,
    ),
    "loops": (
        "Loops launched in the window",
        "from launch to result, and on to the next launch",
        (
            "label status started_at result_at next_at machine_hours reaction_hours "
            "reaction_awake_hours reaction_working_hours loop_hours"
        ),
        1,
    ),
    "charges": (
        "Charges",
        "GPU-hours, fewer than GPUs times hours if runs asked a host for more than it has",
        "name day gpu_type gpus hours charged_gpu_hours rate charged_credits",
        2,
    ),
    "left_out": (
        "Excluded, imputed or flagged",
        "what does not count, or not as received",
        "kind what why",
        0,
    ),
}


def sections(found: Explanation) -> tuple[Section, ...]:
    """Runs, sessions, experiments, loops, charges if any, and what is left out of them."""
    said: set[str] = set()
    made = []
    for name, (title, about, columns, keys) in _SECTIONS.items():
        frame: pl.DataFrame = getattr(found, name)
        if name == "charges" and frame.is_empty():
            continue
        shown = tuple(columns.split())
        words = {
            column: {
                word: meaning
                for word, meaning in meanings()[column].items()
                if meaning not in said and word in frame[column]
            }
            for column in shown
            if column in meanings()
        }
        said.update(*(it.values() for it in words.values()))
        of_several = found.scholar is None and "scholar" in frame.columns
        every = ("scholar", *shown) if of_several else shown
        made.append(Section(title, about, frame, every, shown[:keys], words))
    return tuple(made)


@cache
def meanings() -> dict[str, Mapping[str, str]]:
    """Column -> word in it -> meaning, from the headers of the queries of the rows."""
    found: dict[str, Mapping[str, str]] = {}
    for name in ("explain_runs", "explain_sessions", "explain_experiments", "loops"):
        found |= load_query(f"reads/{name}").words
    return found | {"loop_status": {**found["status"], **found["loop_status"]}}
