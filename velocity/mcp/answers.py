"""The MCP tools: a few figures or rows of a snapshot, in the scope of a viewer.

The docstrings of the tools are what assistants read about them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl

from velocity.errors import VelocityError
from velocity.explain import Result, explain as explained
from velocity.formats import did_you_mean, label
from velocity.queries.metric import Metric
from velocity.reading import definitions, reads
from velocity.reading.access import Viewer
from velocity.reading.periods import Window, last_four_weeks, last_whole_day, whole_week
from velocity.reading.reads import By
from velocity.reading.viewed import ViewedDays
from velocity.sentences.streams import shown_waits
from velocity.state import ReadMark
from velocity.store import Snapshot
from velocity.store.figures import figure_queries

#: Rows of an answer, and addends of a sum.
MOST, _MOST_ADDENDS = 20, 10
_WEEK = timedelta(weeks=1)
_SLOW = (
    *("loop_hours_median", "machine_hours_median", "reaction_hours_median"),
    *("reaction_working_hours_median", "loop_machine_share", "loop_working_wait_share"),
    *("loop_off_share", "failure_share"),
)
_SIDE_BY_SIDE = (
    *("serial_share", "experiment_parallelism", "ready_launches", "ready_launch_share"),
    *("side_by_side_hours", "spared_hours"),
)


@dataclass(frozen=True)
class Asker:
    """A viewer who asks about a snapshot."""

    snapshot: Snapshot
    viewer: Viewer
    marks: tuple[ReadMark, ...] = ()  # results that their scholars marked as read

    @property
    def last_weeks(self) -> Window:
        """The last four whole weeks of the data."""
        as_of, _, zone = reads.edge(self.snapshot).row(0)
        if as_of is None:
            raise VelocityError("There is no data yet.", "Run `velocity sync` first.")
        return last_four_weeks(last_whole_day(as_of, zone))

    def over(self, window: Window) -> ViewedDays:
        """What the viewer may see of some days."""
        return ViewedDays(self.snapshot, self.viewer.scope, window, None, self.marks)

    def week(self, asked: date | None) -> Window:
        """The week that begins on a Monday; the last whole week without one."""
        monday = asked or self.last_weeks.end - _WEEK
        if monday.weekday() or not date.min < monday <= date.max - 2 * _WEEK:
            raise VelocityError(f"{monday} is not the Monday of a week.", "Give a Monday.")
        return whole_week(monday)

    def scholar(self, asked: str | None) -> str:
        """The scholar who is asked about; the viewer themselves without one."""
        found = asked or self.viewer.scholar
        if found is None:
            raise VelocityError("You are not a scholar yourself.", "Say which scholar you mean.")
        known = reads.scholars(self.snapshot, scope=self.viewer.scope)["scholar"]
        if found not in known or not self.viewer.scope.sees_whole(found):
            raise VelocityError(
                f"There is no scholar '{label(found)}' whom you may see.",
                "Check the id in the roster.",
            )
        return found

    def group(self, scholar: str | None, stream: str | None) -> tuple[By, str]:
        """The group that is asked about: a scholar, a stream or, without either, the viewer.

        A viewer who is not a scholar and sees everything gets the programme.
        """
        if scholar is not None and stream is not None:
            raise VelocityError("A figure is of a scholar or of a stream.", "Give one of them.")
        if stream is not None:
            known = reads.streams(self.snapshot, scope=self.viewer.scope)["stream"]
            if stream not in known or not self.viewer.scope.sees_stream(stream):
                raise VelocityError(
                    f"There is no stream '{label(stream)}' that you may see.",
                    "Check the id in the roster.",
                )
            return "stream", stream
        if scholar is None and self.viewer.scholar is None and self.viewer.scope.everything:
            return "programme", "programme"
        return "scholar", self.scholar(scholar)


def my_week(
    asker: Asker, *, scholar: str | None = None, week: date | None = None
) -> dict[str, Any]:
    """The figures of a week, each with its usual range.

    Default: the last whole week of the person who asks. A week is named by its Monday.
    """
    window = asker.week(week)
    of: tuple[By, str] = ("scholar", asker.scholar(scholar))
    weekly = [it.id for it in definitions.metrics().values() if it.weekly]
    return _about(asker, of, window) | {"figures": _figures(asker, of, window, weekly)}


def compare(
    asker: Asker,
    *,
    metric: str,
    scholar: str | None = None,
    stream: str | None = None,
    week: date | None = None,
    other_week: date | None = None,
) -> dict[str, Any]:
    """One figure (a metric id) of a scholar or stream in two of their own weeks (Mondays).

    Default: the last whole week, and the week before.
    """
    known = [it.id for query in figure_queries() for it in query.metrics]
    if metric not in known:
        raise VelocityError(
            f"There is no weekly figure '{label(metric)}'.",
            did_you_mean(metric, known, otherwise="docs/metrics.md lists every metric."),
        )
    group = asker.group(scholar, stream)
    later = asker.week(week)
    earlier = asker.week(other_week or later.first - _WEEK)
    weeks = [
        {"week": window.first} | _figures(asker, group, window, [metric])[0]
        for window in (later, earlier)
    ]
    return _about(asker, group) | {"weeks": weeks}


def what_waits(asker: Asker, *, scholar: str | None = None) -> dict[str, Any]:
    """Results and failures without a next launch, those that need a decision first."""
    of = None if scholar is None else asker.scholar(scholar)
    found = reads.needs_decision(asker.snapshot, read=asker.marks, scope=asker.viewer.scope)
    # With only the rows of one scholar, a line that is not named yet would be known.
    shown = shown_waits(found)
    return _about(asker) | _bounded(shown if of is None else shown.filter(scholar=of), "waiting")


def why_slow(asker: Asker, *, scholar: str | None = None) -> dict[str, Any]:
    """The parts of the feedback loop over four whole weeks: machine, waiting, days off."""
    of = asker.scholar(scholar)
    loops = asker.over(asker.last_weeks).windowed(reads.loops, scholar=of)
    longest = loops.sort("loop_hours", descending=True, nulls_last=True)
    return _beside(asker, of, _SLOW, longest, "longest_loops")


def could_run_side_by_side(asker: Asker, *, scholar: str | None = None) -> dict[str, Any]:
    """Experiments of four whole weeks that ran one after another although they need not."""
    of = asker.scholar(scholar)
    chains = asker.over(asker.last_weeks).windowed(reads.chains, by="scholar", group_id=of)
    longest = chains.sort("spare_hours", descending=True)
    return _beside(asker, of, _SIDE_BY_SIDE, longest, "chains")


def explain(
    asker: Asker,
    *,
    metric: str,
    scholar: str | None = None,
    stream: str | None = None,
    week: date | None = None,
) -> dict[str, Any]:
    """How rows add up to a figure (a metric id), in a week (its Monday) or in all the data."""
    by, group = asker.group(scholar, stream)
    it = explained(
        asker.snapshot,
        metric=metric,
        scholar=group if by == "scholar" else None,
        stream=group if by == "stream" else None,
        window=None if week is None else asker.week(week),
        scope=asker.viewer.scope,
    )
    return _about(asker, (by, group)) | {
        "metric": it.metric.id,
        "title": it.metric.title,
        "unit": it.metric.unit,
        "text": it.metric.text,
        "window": it.over,
        "results": [_result(result) for result in it.results[:MOST]],
        "left_out": max(len(it.results) - MOST, 0),
        "nothing": it.nothing,
    }


#: Every tool, in the order in which clients list them.
TOOLS = (my_week, what_waits, why_slow, could_run_side_by_side, explain, compare)


def _result(result: Result) -> dict[str, Any]:
    sums = [
        {it: getattr(total, it) for it in ("text", "value", "unit")}
        | {"rows": total.addends.height}
        | {"first_rows": total.addends.head(_MOST_ADDENDS).to_dicts()}
        for total in result.totals
    ]
    return {"of": result.of, "headline": result.headline, "steps": result.steps, "sums": sums}


def _about(
    asker: Asker, of: tuple[By, str] | None = None, window: Window | None = None
) -> dict[str, Any]:
    """What the answer is about: the group, the days, and how far the data goes."""
    as_of, _, zone = reads.edge(asker.snapshot).row(0)
    about = {"data_up_to": as_of, "timezone": zone}
    if of is not None:
        about[of[0]] = of[1]
    if window is not None:
        about |= {"first_day": window.first, "last_day": window.last}
    return about


def _beside(
    asker: Asker, scholar: str, ids: Iterable[str], rows: pl.DataFrame, name: str
) -> dict[str, Any]:
    """Figures of a scholar's last four weeks, and rows that explain them."""
    of: tuple[By, str] = ("scholar", scholar)
    window = asker.last_weeks
    figures = _figures(asker, of, window, ids)
    return _about(asker, of, window) | {"figures": figures} | _bounded(rows, name)


def _bounded(frame: pl.DataFrame, name: str) -> dict[str, Any]:
    left_out = max(frame.height - MOST, 0)
    return {name: frame.head(MOST).to_dicts(), "left_out": left_out}


def _figures(
    asker: Asker, of: tuple[By, str], window: Window, ids: Iterable[str]
) -> list[dict[str, Any]]:
    """Figures with their n, limits and, for a week, the group's usual range."""
    days, asked = asker.over(window), {"by": of[0], "groups": [of[1]]}
    found = days.windowed(reads.metrics, **asked).to_dicts()
    usual = {}
    if window.end - window.first == _WEEK:
        weekly = days.read(reads.weekly, **asked).filter(week_start=window.first)
        usual = {row["measure"]: row for row in weekly.to_dicts()}
    metrics = definitions.metrics()
    return [_figure(metrics[it], found[0] if found else {}, usual.get(it)) for it in ids]


def _figure(
    metric: Metric, row: Mapping[str, Any], usual: Mapping[str, Any] | None
) -> dict[str, Any]:
    figure: dict[str, Any] = {"metric": metric.id, "title": metric.title, "unit": metric.unit}
    figure["value"] = row.get(metric.id)
    beside = {it: row.get(f"{metric.base}_{it}") for it in ("n", "low", "high")}
    figure |= {name: value for name, value in beside.items() if value is not None}
    if usual is not None:
        shown = {"usual_low": "limit_low", "usual_high": "limit_high", "is_shift": "signal"}
        figure |= {name: usual[column] for name, column in shown.items()}
    return figure
