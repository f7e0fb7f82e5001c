"""The rows behind a figure, a typed read each; queries/reads/explain_* say what they are."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, get_args

import polars as pl

from velocity import formats
from velocity.errors import VelocityError
from velocity.queries import load_query
from velocity.reading import reads
from velocity.reading.soon import soon

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from velocity.reading.access import Scope
    from velocity.store.snapshot import Snapshot

#: The reads, by the name of their query after "explain_".
Kind = Literal[
    "runs",
    "sessions",
    "experiments",
    "stretches",
    "days",
    "charges",
    "recent_charges",
    "grants",
    "gaps",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
#: Latencies, by the name that queries/reads/explain_latencies.sql gives them.
Latency = Literal["machine", "reaction", "reaction_awake", "loop", "recovery", "first_row"]

_UTC = pl.Datetime("us", "UTC")

#: Read -> its columns. `*_inside` is about the window; a test compares each with its query.
ROW_SCHEMAS: dict[Kind | Literal["latencies"], dict[str, pl.DataType | type[pl.DataType]]] = {
    "runs": {
        "run": pl.String,
        "state": pl.String,
        "created_at": _UTC,
        "started_at": _UTC,
        "heartbeat_at": _UTC,
        "runtime_hours": pl.Float64,
        "class": pl.String,
        "start_source": pl.String,
        "ended_at": _UTC,
        "end_source": pl.String,
        "active_hours": pl.Float64,
        "experiment": pl.String,
        "joined_by": pl.String,
        "excluded": pl.String,
        "flags": pl.String,
        "clock": pl.Boolean,
        "estimated": pl.Boolean,
        "failed_compute": pl.Boolean,
        "early_failure": pl.Boolean,
        "rework": pl.Boolean,
        "starts_inside": pl.Boolean,
        "ends_inside": pl.Boolean,
    },
    "sessions": {
        "run": pl.String,
        "session": pl.Int32,
        "started_at": _UTC,
        "ended_at": _UTC,
        "open": pl.Boolean,
        "end_source": pl.String,
        "estimated": pl.Boolean,
        "clock": pl.Boolean,
        "hours": pl.Float64,
        "active_hours": pl.Float64,
        "hours_inside": pl.Float64,
    },
    "experiments": {
        "experiment": pl.String,
        "stream": pl.String,
        "runs": pl.Int32,
        "k": pl.Int32,
        "started_at": _UTC,
        "signal_at": _UTC,
        "outcome": pl.String,
        "overlapped": pl.Boolean,
        "clock": pl.Boolean,
        "loop_status": pl.String,
        "active_hours": pl.Float64,
        "hours_inside": pl.Float64,
        "starts_inside": pl.Boolean,
        "signal_inside": pl.Boolean,
    },
    "stretches": {
        "started_at": _UTC,
        "ended_at": _UTC,
        "experiments": pl.Int32,
        "runs": pl.Int32,
        "hours_inside": pl.Float64,
    },
    "days": {"day": pl.Date, "covered": pl.Float64},
    "charges": {
        "run": pl.String,
        "day": pl.Date,
        "started_at": _UTC,
        "ended_at": _UTC,
        "class": pl.String,
        "failed_compute": pl.Boolean,
        "gpu_type": pl.String,
        "gpus": pl.Float64,
        "gpu_hours": pl.Float64,
        "used_gpu_hours": pl.Float64,
        "unpriced_hours": pl.Float64,
        "credits_per_gpu_hour": pl.Float64,
        "credits": pl.Float64,
    },
    "recent_charges": {"run": pl.String, "day": pl.Date, "credits": pl.Float64},
    "grants": {"day": pl.Date, "credits": pl.Float64},
    "gaps": {
        "line": pl.String,
        "from_day": pl.Date,
        "to_day": pl.Date,
        "hours": pl.Float64,
        "awake_hours": pl.Float64,
    },
    "latencies": {
        "what": pl.String,
        "day": pl.Date,
        "hours": pl.Float64,
        "event": pl.Boolean,
        "at_risk": pl.Int64,
        "survival": pl.Float64,
        "survival_low": pl.Float64,
        "survival_high": pl.Float64,
    },
}


@dataclass(frozen=True)
class Rows:
    """The reads of one scholar and window, for one viewer; each is read once."""

    snapshot: Snapshot
    scholar: str
    from_day: date | None
    to_day: date | None
    scope: Scope
    _known: dict[str, pl.DataFrame] = field(default_factory=dict, init=False, repr=False)
    _begun: dict[str, Callable[[], pl.DataFrame]] = field(
        default_factory=dict, init=False, repr=False
    )

    @cached_property
    def since_ever(self) -> Rows:
        """The same up to the end of the window, also what came before it."""
        return self if self.from_day is None else replace(self, from_day=None)

    def begin(self, *kinds: Kind) -> None:
        """Has rows read beside what is read first; `of` gives them."""
        for kind in kinds:
            name, read = self._named(kind)
            self._begun[name] = soon(reads.side_by_side, read)

    def of(self, kind: Kind) -> pl.DataFrame:
        """The rows of a kind; columns as in `ROW_SCHEMAS`."""
        return self._read(kind)

    def latencies(self, measure: Latency, line: str | None = None) -> pl.DataFrame:
        """What enters a median, of a line (entity/project) or all, shortest first.

        Columns as in `ROW_SCHEMAS`.
        """
        every = self._read("latencies", line=line)
        return every.filter(pl.col("measure") == measure).drop("measure")

    def figures(self, part: reads.Part = "volume") -> dict[str, Any]:
        """What `reads.metrics` says in one part, and in that of volume, by its columns.

        Raises:
            VelocityError: the scholar has no data.
        """
        parts: tuple[reads.Part, ...] = ("volume",) if part == "volume" else ("volume", part)
        found = self.once(
            f"figures, {part}",
            lambda: reads.metrics(
                self.snapshot,
                by="scholar",
                period="all" if self.from_day is None else "week",
                from_day=self.from_day,
                to_day=self.to_day,
                groups=[self.scholar],
                parts=parts,
                scope=self.scope,
            ),
        )
        if found.is_empty():
            raise VelocityError(
                f"There is no data of {formats.label(self.scholar)} yet.",
                "Choose another scholar, or sync to bring in what is new.",
            )
        return found.row(0, named=True)

    def loops(self) -> pl.DataFrame:
        """The loops launched in the window, in order of launch; columns of `reads.loops`."""
        return self.once(
            "loops",
            lambda: reads.loops(
                self.snapshot,
                from_day=self.from_day,
                to_day=self.to_day,
                scholar=self.scholar,
                scope=self.scope,
            ).reverse(),
        )

    def limits(self, count: int) -> tuple[float, float]:
        """Exact Poisson 95 % limits of the mean of which `count` were counted."""
        frame = self.snapshot.frame(load_query("reads/explain_limits").body, {"n": count})
        low, high = frame.row(0)
        return low, high

    def usual(self, what: Literal["age", "range", "pace"]) -> dict[str, Any]:
        """What usual ages, usual ranges and the pace of spending are made of.

        See queries/macros/usual_age.sql, usual_range.sql and pace.sql.
        """
        asked = self.once(
            "usual", lambda: self.snapshot.frame(load_query("reads/explain_usual").body)
        )
        numbers: dict[str, Any] = asked[what][0]
        return numbers

    def once(self, name: str, read: Callable[[], pl.DataFrame]) -> pl.DataFrame:
        """What `read` gives, kept by its name."""
        if name not in self._known:
            self._known[name] = self._begun.pop(name, read)()
        return self._known[name]

    def _read(self, name: str, **more: str | None) -> pl.DataFrame:
        return self.once(*self._named(name, **more))

    def _named(self, name: str, **more: str | None) -> tuple[str, Callable[[], pl.DataFrame]]:
        """A read of explain_`name`, and what it is kept by."""
        params = {
            "scholar": self.scholar,
            "from_day": self.from_day,
            "to_day": self.to_day,
            "scope": self.scope.params,
        }
        body = load_query(f"reads/explain_{name}").body
        return repr((name, more)), lambda: self.snapshot.frame(body, params | more)
