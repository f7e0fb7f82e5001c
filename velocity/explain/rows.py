"""The rows behind the figures of a group; queries/reads/explain_* say what they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any

import polars as pl
from polars import selectors

from velocity import formats
from velocity.errors import VelocityError
from velocity.queries import load_query
from velocity.queries.metric import formula_sql
from velocity.reading import reads
from velocity.reading.access import Scope
from velocity.reading.periods import day_of
from velocity.reading.viewed import soon
from velocity.store.snapshot import Snapshot


@dataclass(frozen=True)
class Group:
    """Whose figures are explained: one scholar's, one stream's, or the programme's."""

    by: reads.By
    id: str

    @property
    def words(self) -> str:
        """Such as "ada", "stream vision" or "the programme"."""
        if self.by == "programme":
            return "the programme"
        name = formats.label(self.id)
        return name if self.by == "scholar" else f"stream {name}"

    @property
    def whose(self) -> dict[str, str]:
        """The scholar or stream as an argument of a read; none for the programme."""
        return {} if self.by == "programme" else {self.by: self.id}

    def hours_seen(self, scope: Scope) -> bool:
        """Whether a viewer may see the hours of the day of everybody in the group."""
        return scope.sees_hours(self.id if self.by == "scholar" else None)


@dataclass(frozen=True)
class Rows:
    """Reads for one group, window and viewer, each once."""

    snapshot: Snapshot
    group: Group
    from_day: date | None
    to_day: date | None
    scope: Scope
    actor: reads.Actor = "person"
    _known: dict[str, pl.DataFrame] = field(default_factory=dict, init=False, repr=False)
    _begun: dict[str, Callable[[], pl.DataFrame]] = field(
        default_factory=dict, init=False, repr=False
    )

    @cached_property
    def since_ever(self) -> Rows:
        """The same rows and everything earlier."""
        return self if self.from_day is None else replace(self, from_day=None)

    @property
    def window(self) -> dict[str, Any]:
        """The days and the scope, as arguments of a read."""
        return {"from_day": self.from_day, "to_day": self.to_day, "scope": self.scope}

    @property
    def figures_of(self) -> dict[str, Any]:
        """The group and the scope, as arguments of a read of figures."""
        return {"by": self.group.by, "groups": [self.group.id], "scope": self.scope}

    def begin(self, *kinds: str) -> None:
        """Start to read rows in the background; `of` returns them."""
        for kind in kinds:
            self._begun[kind] = soon(reads.side_by_side, self._reading(kind))

    def of(self, kind: str) -> pl.DataFrame:
        """The rows of a kind, such as "runs" or "charges"."""
        return self.once(kind, self._loops if kind == "loops" else self._reading(kind))

    def latencies(self, measure: str, line: str | None = None) -> pl.DataFrame:
        """The lengths behind a median, shortest first; of all lines or of one (entity/project)."""
        every = self.once(f"latencies {line}", self._reading("latencies", line=line))
        return every.filter(pl.col("measure") == measure).drop("measure")

    def figures(self, part: str) -> dict[str, Any]:
        """The row of `reads.metrics` with the metrics of one query, and of volume.

        Raises:
            VelocityError: the group has no data.
        """
        asked = self.window | self.figures_of | {"actor": self.actor, "parts": [part]}
        found = self.once(f"figures {part}", lambda: reads.metrics(self.snapshot, **asked))
        if found.is_empty():
            raise no_data(self.group)
        return found.row(0, named=True)

    def evaluate(self, formula: str, values: Mapping[str, float | None] | None = None) -> Any:
        """The value of a formula in a header, with the values of its operands."""
        values = values or {}
        sql = formula_sql(formula, {name: f"${name}" for name in values})
        return self.snapshot.frame(f"SELECT {sql} AS value", values)["value"][0]

    def once(self, name: str, read: Callable[[], pl.DataFrame]) -> pl.DataFrame:
        """The result of `read`, cached under its name."""
        if name not in self._known:
            self._known[name] = self._begun.pop(name, read)()
        return self._known[name]

    def _loops(self) -> pl.DataFrame:
        """The loops launched in the window, in order of launch, with the names of scholars."""
        asked = self.window | self.group.whose
        loops = reads.loops(self.snapshot, actor=self.actor, **asked).reverse()
        names = self.of("experiments").select(experiment_id="experiment", name="scholar")
        named = loops.join(names, on="experiment_id", how="left", maintain_order="left")
        return named.with_columns(scholar="name").drop("name")

    def _reading(self, kind: str, **more: str | None) -> Callable[[], pl.DataFrame]:
        query, scope = load_query(f"reads/explain_{kind}"), self.scope.params
        group = {"by": self.group.by, "group_id": self.group.id, "actor": self.actor}
        params = query.given(self.window | group | {"scope": scope} | more)
        return lambda: self._seen(self.snapshot.frame(query.body, params))

    @property
    def sees_hours(self) -> bool:
        """Whether the viewer may see the hours of the day of everybody in the group."""
        return self.group.hours_seen(self.scope)

    @cached_property
    def zone(self) -> str:
        """The programme's time zone."""
        return str(reads.edge(self.snapshot)["timezone"][0])

    def _seen(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The rows, with days instead of instants if the viewer may not see the hours."""
        if self.sees_hours:
            return frame
        return frame.with_columns(day_of(selectors.datetime(time_zone="*"), self.zone))


def no_data(group: Group) -> VelocityError:
    """The error for a group without data."""
    return VelocityError(
        f"There is no data for {group.words} yet.",
        "Choose another, or run `velocity sync` to bring in new runs.",
    )
