"""The timeline of one scholar: experiments and runs, line by line, below a strip of activity.

An experiment keeps its lane from its launch to the next launch of its line; its runs
share the lane.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl

from velocity import formats
from velocity.charts import timeline_marks as marks
from velocity.charts.base import Canvas, Chart, local
from velocity.charts.timeline_frame import MARGIN, TimelineView, height_of, layout_of
from velocity.charts.timeline_lanes import LANE, Lanes, Row

#: With more runs, each bar is an experiment; with more experiments, the oldest are left out.
MOST_BARS = 2000
#: The part of the visible time that the words "likely 13:08" need.
_LIKELY_PART = 0.09
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
    canvas = Canvas(title, height_of(LANE))
    if experiments.is_empty():
        return canvas.blank()
    stretches = _merged(concurrency)
    since, notes = _since(experiments, stretches, view)
    drawn = experiments.filter(pl.col("started_at") >= since).sort("started_at", "experiment_id")
    bars = runs.join(drawn.select("experiment_id"), on="experiment_id", how="semi")
    # Two projects may have used the same id.
    count = bars.select("experiment_id", "run_id").drop_nulls().n_unique()
    if count > MOST_BARS:
        notes.append(f"{formats.count(count)} runs: one bar per experiment.")
        outcome = pl.col("outcome").replace_strict(_CLASS_OF_OUTCOME, default="finished")
        columns = {"run_id": pl.lit(None, pl.String), "display_name": pl.col("label")}
        bars = drawn.select(
            "experiment_id", "started_at", "ended_at", **columns, **{"class": outcome}
        )
        count = 0
    as_of = view.clock(view.as_of)
    start, end = view.clock(max(since, view.start)), view.clock(view.end)
    opens = max(start, view.clock(view.opens))
    lanes = Lanes(_settled(drawn, view).to_dicts(), as_of)
    on_lanes = marks.Marks(lanes)
    sessions = lanes.with_lane(_settled(bars, view))
    ends = []
    if likely is not None:
        known = likely.drop_nulls(["eta_at", "eta_high_at"])
        ends = lanes.with_lane(local(known, str(view.zone)))
    if ends:
        end = max(end + (end - opens) * _LIKELY_PART, *(row["eta_high_at"] for row in ends))
    strip = local(stretches.filter(pl.col("end_at") > since), str(view.zone))
    spells = [] if off is None else _spells(off, start, end)
    traces = [
        *marks.days_off(spells, lanes.count),
        *marks.strip(strip),
        *on_lanes.runs(sessions),
        *on_lanes.names(opens, end - opens),
        *on_lanes.stale_tails(sessions, end - opens),
        *on_lanes.waits(),
        *on_lanes.likely_ends(ends),
        *on_lanes.results(),
    ]
    kinds = {marks.kind(session["class"]) for session in sessions} | ({"likely"} if ends else set())
    layout = layout_of(view, lanes, (start, end), spells=spells, kinds=kinds)
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
    canvas = replace(canvas, height=height_of(lanes.pitch * lanes.count), margin=MARGIN)
    return canvas.chart(traces, layout, alt, note=" ".join(notes), zoom=True)


def _merged(concurrency: pl.DataFrame) -> pl.DataFrame:
    """Merge adjacent periods of one kind (one in flight, or more); `parallel` says which kind."""
    apart = (pl.col("start_at") != pl.col("end_at").shift(1)).fill_null(value=True)
    return (
        concurrency.sort("start_at")
        .with_columns(parallel=pl.col("experiments") > 1, gap=apart.cum_sum())
        .group_by(pl.struct("parallel", "gap").rle_id().alias("stretch"), maintain_order=True)
        .agg(pl.first("start_at"), pl.last("end_at"), pl.first("parallel"))
        .drop("stretch")
    )


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
        # In UTC: columns are not compared with times of other zones.
        return min(experiments["started_at"].sort()[0], view.start.astimezone(UTC)), []
    words = formats.instant(max(cuts), str(view.zone))
    return max(cuts), [f"Too many experiments to draw: only those since {words}."]


def _spells(days: pl.DataFrame, start: datetime, end: datetime) -> list[Row]:
    """Days (`day`, `what`), in order, joined where they follow each other and are alike.

    Each has `start` and `end`, local times within those of the drawing, and `what`.
    """
    day, gap = pl.col("day").cast(pl.Datetime), pl.col("day").diff().fill_null(timedelta()).dt
    joined = days.with_columns(gap=(gap.total_days() > 1).cum_sum()).group_by(
        pl.struct("what", "gap").rle_id().alias("spell"), maintain_order=True
    )
    found = joined.agg(
        pl.first("what"),
        start=pl.max_horizontal(day.first(), pl.lit(start)),
        end=pl.min_horizontal(day.last() + pl.duration(days=1), pl.lit(end)),
    )
    return found.filter(pl.col("start") < pl.col("end")).to_dicts()


def _settled(frame: pl.DataFrame, view: TimelineView) -> pl.DataFrame:
    """The rows in local times; what has not ended lasts until the end of the data."""
    # In an hour that a clock change repeats, an end can be before its start.
    ended = pl.col("ended_at").fill_null(pl.lit(view.clock(view.as_of)))
    ends = pl.max_horizontal(ended, "started_at")
    return local(frame, str(view.zone)).with_columns(ended_at=ends)
