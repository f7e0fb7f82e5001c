"""The timeline of one scholar: experiments and runs, line by line, below a strip of activity.

An experiment keeps its lane from its launch to the next launch of its line; its runs
share the lane.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from velocity import formats
from velocity.charts import timeline_marks as marks
from velocity.charts.base import Canvas, Chart, local
from velocity.charts.timeline_frame import (
    BOTTOM,
    GAP,
    LANE,
    MARGIN,
    STRIP,
    TOP,
    TimelineView,
    layout_of,
)

if TYPE_CHECKING:
    from velocity.theme import Mode

#: With more runs, each bar is an experiment; with more experiments, the oldest are left out.
MOST_BARS = 2000
#: The part of the visible time that the words "likely 13:08" need.
_LIKELY_PART = 0.09
#: Lanes get thinner if together they would be higher than this.
_MOST_LANES_HEIGHT = 12 * LANE
_CLASS_OF_OUTCOME = {
    "failure": "failed",
    "false_start": "failed",
    "killed": "killed",
    "open": "running",
}


def draw_timeline(
    experiments: pl.DataFrame,
    runs: pl.DataFrame,
    concurrency: pl.DataFrame,
    *,
    view: TimelineView,
    mode: Mode,
    title: str,
    likely: pl.DataFrame | None = None,
    off: pl.DataFrame | None = None,
) -> Chart:
    """Experiments in lanes, their runs, results, waits, and the strip of serial and parallel time.

    Each bar's `customdata` is [hover text, experiment_id, run_id or null].

    - `experiments`: one row per experiment that touches the window; `experiment_id`, `project`
      (str), `label` (str, null), `started_at` (aware), `ended_at`, `result_at`, `next_at` (aware,
      null), `outcome` (str), `loop_status` (str, "none" for a false start).
    - `runs`: one row per run or session; `run_id`, `experiment_id` (str), `display_name` (str,
      null), `class` (str), `started_at` (aware), `ended_at` (aware, null while running).
    - `concurrency`: one row per period with something in flight; `start_at`, `end_at` (aware),
      `experiments` (int, how many).
    - `view`: window, zone and awake hours.
    - `likely`: rows of `reads.open_work`; None for a window that ends before the data.
    - `off`: rows of `reads.days_off`, in order.
    """
    if experiments.is_empty():
        return Canvas(title, mode, TOP + STRIP + GAP + LANE + BOTTOM).blank()
    stretches = _merged(concurrency)
    since, notes = _since(experiments, stretches, view)
    drawn = experiments.filter(pl.col("started_at") >= since).sort("started_at", "experiment_id")
    bars = runs.join(drawn.select("experiment_id"), on="experiment_id", how="semi")
    count = _runs(bars)
    if count > MOST_BARS:
        notes.append(f"{formats.count(count)} runs: one bar per experiment.")
        bars, count = _one_bar_each(drawn), 0
    zone, as_of = str(view.zone), view.clock(view.as_of)
    times = ["started_at", "ended_at", "result_at", "next_at"]
    lanes = marks.Lanes.of(_settled(local(drawn, times, zone), as_of).to_dicts(), as_of)
    settled = _settled(local(bars, ["started_at", "ended_at"], zone), as_of)
    sessions = lanes.with_lane(settled.to_dicts())
    strip = local(stretches.filter(pl.col("end_at") > since), ["start_at", "end_at"], zone)
    pitch = min(float(LANE), _MOST_LANES_HEIGHT / lanes.count)
    start, end = view.clock(max(since, view.start)), view.clock(view.end)
    opens = max(start, view.clock(view.opens))
    ends = lanes.with_lane(_likely_ends(likely, drawn, zone))
    if ends:
        end = max(end + (end - opens) * _LIKELY_PART, *(row["eta_high_at"] for row in ends))
    canvas = Canvas(title, mode, round(TOP + STRIP + GAP + pitch * lanes.count + BOTTOM), MARGIN)
    colour = canvas.colour
    spells = marks.spells([] if off is None else off.to_dicts(), start, end)
    traces = [
        *marks.days_off(spells, lanes.count, colour),
        *marks.strip(strip.to_dicts(), colour),
        *lanes.runs(sessions, pitch, colour),
        *lanes.names(opens, end - opens, colour),
        *lanes.stale_tails(sessions, end - opens, colour),
        *lanes.waits(colour),
        *lanes.likely_ends(ends, colour),
        *lanes.results(colour),
    ]
    kinds = {marks.kind(session["class"]) for session in sessions}
    layout = layout_of(
        view,
        start=start,
        end=end,
        spells=spells,
        lines=lanes.lines,
        left_out=lanes.left_out,
        lanes=lanes.count,
        pitch=pitch,
        kinds=kinds,
        colour=colour,
        likely=bool(ends),
    )
    first, last = view.clock(view.start), view.clock(view.end - timedelta(microseconds=1))
    waiting = drawn.filter(pl.col("loop_status") == "awaiting").height
    of_runs = f" of {formats.plural(count, 'run')}" if count else ""
    alt = (
        f", {formats.span(first.date(), last.date())}: "
        f"{formats.plural(drawn.height, 'experiment')}{of_runs}, "
        f"{formats.plural(waiting, 'result')} waiting for the next launch."
    )
    if missing := sum(lanes.left_out.values()):
        alt += f" {formats.plural(missing, 'experiment')} without a lane of their own."
    return canvas.chart(traces, layout, alt, note=" ".join(notes), zoom=True)


def _merged(concurrency: pl.DataFrame) -> pl.DataFrame:
    """Merge adjacent periods of one kind (one in flight, or more); `parallel` says which kind."""
    alike = concurrency.sort("start_at").with_columns(parallel=pl.col("experiments") > 1)
    breaks = (pl.col("start_at") != pl.col("end_at").shift(1)) | (
        pl.col("parallel") != pl.col("parallel").shift(1)
    )
    return (
        alike.group_by(breaks.fill_null(value=True).cum_sum().alias("stretch"), maintain_order=True)
        .agg(pl.first("start_at"), pl.last("end_at"), pl.first("parallel"))
        .drop("stretch")
    )


def _likely_ends(
    likely: pl.DataFrame | None, drawn: pl.DataFrame, zone: str
) -> list[dict[str, Any]]:
    """The rows of drawn experiments with a likely end, in local times."""
    if likely is None:
        return []
    known = likely.drop_nulls(["eta_at", "eta_high_at"])
    known = known.join(drawn.select("experiment_id"), on="experiment_id", how="semi")
    return local(known, ["eta_at", "eta_high_at"], zone).to_dicts()


def _since(
    experiments: pl.DataFrame, stretches: pl.DataFrame, view: TimelineView
) -> tuple[datetime, list[str]]:
    """The instant after which there are few enough marks to draw, and words on what is left out."""
    cuts: list[datetime] = [
        frame[column].sort()[-MOST_BARS]
        for frame, column in ((experiments, "started_at"), (stretches, "start_at"))
        if frame.height > MOST_BARS
    ]
    if not cuts:
        return min(experiments["started_at"].sort()[0], view.start), []
    words = formats.instant(max(cuts), str(view.zone))
    return max(cuts), [f"Too many experiments to draw: only those since {words}."]


def _runs(bars: pl.DataFrame) -> int:
    # Two projects may have used the same id.
    return bars.select("experiment_id", "run_id").drop_nulls().n_unique()


def _one_bar_each(experiments: pl.DataFrame) -> pl.DataFrame:
    outcome = pl.col("outcome").replace_strict(_CLASS_OF_OUTCOME, default="finished")
    run_id = pl.lit(None, pl.String)
    columns = {"run_id": run_id, "display_name": pl.col("label"), "class": outcome}
    return experiments.select("experiment_id", "started_at", "ended_at", **columns)


def _settled(frame: pl.DataFrame, as_of: datetime) -> pl.DataFrame:
    # In an hour that a clock change repeats, an end can be before its start.
    ended = pl.col("ended_at").fill_null(pl.lit(as_of))
    return frame.with_columns(ended_at=pl.max_horizontal(ended, "started_at"))
