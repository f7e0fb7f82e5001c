"""The timeline of one scholar: lanes of experiments with their runs, under a strip of what is on.

An experiment keeps its lane from launch to the next launch of its line; its runs split the lane.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl

from velocity import formats
from velocity.charts import timeline_marks as marks
from velocity.charts.base import Chart, Part, blank, local, make_figure
from velocity.charts.lanes import pack
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
from velocity.theme import Mode, tokens

#: Above so many runs a bar is an experiment; above so many of those the oldest are left out.
MOST_BARS = 2000
#: Lanes grow thinner once they would be higher than this together.
_MOST_LANES_HEIGHT = 12 * LANE
#: With more lanes the lines from lane to lane would cover everything.
_MOST_LANES_WITH_DROPS = 24
_ABANDONED_AFTER = timedelta(days=5)


def draw_timeline(
    experiments: pl.DataFrame,
    runs: pl.DataFrame,
    concurrency: pl.DataFrame,
    *,
    view: TimelineView,
    mode: Mode,
    title: str,
) -> Chart:
    """Experiments in lanes, their runs, signals, waits, and the strip of serial and parallel time.

    Each bar's `customdata` is [hover text, experiment_id, run_id or null].

    Args:
        experiments: a row an experiment that touches the window; `experiment_id` (str), `label`
            (str, null), `started_at` (aware), `ended_at`, `signal_at`, `next_at` (aware, null),
            `outcome` (str), `loop_status` (str, "none" for a false start).
        runs: a row a run or session; `run_id`, `experiment_id` (str), `display_name` (str, null),
            `class` (str), `started_at` (aware), `ended_at` (aware, null while running).
        concurrency: a row a stretch with something in flight; `start_at`, `end_at` (aware),
            `experiments` (int, how many).
        view: window, zone and awake hours.
        mode: which palette.
        title: whose timeline.
    """
    if experiments.is_empty():
        return blank(title, mode=mode, height=TOP + STRIP + GAP + LANE + BOTTOM)
    stretches = _merged(concurrency)
    since, notes = _since(experiments, stretches, view)
    drawn = experiments.filter(pl.col("started_at") >= since).sort("started_at", "experiment_id")
    bars = runs.join(drawn.select("experiment_id"), on="experiment_id", how="semi")
    if _runs(bars) > MOST_BARS:
        number = formats.count(_runs(bars))
        notes.append(f"{number} runs: one bar an experiment.")
        bars = _one_bar_each(drawn)
    as_of = view.clock(view.as_of)
    zone = str(view.zone)
    rows = _settled(
        local(drawn, ["started_at", "ended_at", "signal_at", "next_at"], zone), as_of
    ).to_dicts()
    lanes = pack([(row["started_at"], _until(row, as_of)) for row in rows])
    for row, lane in zip(rows, lanes, strict=True):
        row["lane"] = lane
    settled = _settled(local(bars, ["started_at", "ended_at"], zone), as_of)
    strip = local(stretches.filter(pl.col("end_at") > since), ["start_at", "end_at"], zone)
    colour = tokens(mode)
    count = max(lanes) + 1
    pitch = min(float(LANE), _MOST_LANES_HEIGHT / count)
    start, end = view.clock(max(since, view.start)), view.clock(view.end)
    sessions = settled.to_dicts()
    traces = [
        *marks.strip(strip.to_dicts(), colour),
        *marks.runs(sessions, rows, pitch=pitch, colour=colour),
        *marks.stale_tails(sessions, rows, window=end - start, as_of=as_of, colour=colour),
        *marks.waits(
            rows, as_of, _ABANDONED_AFTER, drops=count <= _MOST_LANES_WITH_DROPS, colour=colour
        ),
        *marks.signals(rows, colour),
    ]
    layout = layout_of(
        view,
        start=start,
        lanes=count,
        pitch=pitch,
        kinds={marks.kind(session["class"]) for session in sessions},
        colour=colour,
    )
    height = round(TOP + STRIP + GAP + pitch * count + BOTTOM)
    figure = make_figure(traces, layout, mode=mode, height=height, margin=MARGIN)
    return Chart(figure, _alt(title, drawn, bars, view), " ".join(notes), zoom=True)


def _merged(concurrency: pl.DataFrame) -> pl.DataFrame:
    """Stretches that touch and are alike (one in flight, or more) as one: `parallel` says which."""
    alike = concurrency.sort("start_at").with_columns(parallel=pl.col("experiments") > 1)
    breaks = (pl.col("start_at") != pl.col("end_at").shift(1)) | (
        pl.col("parallel") != pl.col("parallel").shift(1)
    )
    return (
        alike.group_by(breaks.fill_null(value=True).cum_sum().alias("stretch"), maintain_order=True)
        .agg(pl.first("start_at"), pl.last("end_at"), pl.first("parallel"))
        .drop("stretch")
    )


def _since(
    experiments: pl.DataFrame, stretches: pl.DataFrame, view: TimelineView
) -> tuple[datetime, list[str]]:
    """The instant from which marks are few enough to draw, and the words for what is left out."""
    since: datetime = min(experiments["started_at"].sort()[0], view.start)
    cuts: list[datetime] = [
        frame[column].sort()[-MOST_BARS]
        for frame, column in ((experiments, "started_at"), (stretches, "start_at"))
        if frame.height > MOST_BARS
    ]
    if not cuts:
        return since, []
    cut = max(cuts)
    words = formats.instant(cut, str(view.zone))
    return cut, [f"Too many experiments to draw: only those since {words}."]


def _runs(bars: pl.DataFrame) -> int:
    # Two projects may have used one id.
    return bars.select("experiment_id", "run_id").drop_nulls().n_unique()


def _one_bar_each(experiments: pl.DataFrame) -> pl.DataFrame:
    classes = {
        "failure": "failed",
        "false_start": "failed",
        "killed": "killed",
        "open": "running",
    }
    return experiments.select(
        pl.lit(None, pl.String).alias("run_id"),
        "experiment_id",
        pl.col("label").alias("display_name"),
        pl.col("outcome").replace_strict(classes, default="finished").alias("class"),
        "started_at",
        "ended_at",
    )


def _settled(frame: pl.DataFrame, as_of: datetime) -> pl.DataFrame:
    # An hour that a clock change repeats can put an end before its start.
    ended = pl.col("ended_at").fill_null(pl.lit(as_of))
    return frame.with_columns(ended_at=pl.max_horizontal(ended, "started_at"))


def _until(row: Part, as_of: datetime) -> datetime:
    """When an experiment's lane is free again."""
    end: datetime = row["ended_at"]
    return max(end, marks.waited_until(row, as_of, _ABANDONED_AFTER) or end)


def _alt(title: str, experiments: pl.DataFrame, bars: pl.DataFrame, view: TimelineView) -> str:
    first, last = view.clock(view.start), view.clock(view.end - timedelta(microseconds=1))
    runs = _runs(bars)
    waiting = experiments.filter(pl.col("loop_status") == "awaiting").height
    return (
        f"{title}, {formats.span(first.date(), last.date())}: "
        f"{formats.plural(experiments.height, 'experiment')}"
        + (f" of {formats.plural(runs, 'run')}" if runs else "")
        + f", {formats.plural(waiting, 'result')} waiting for the next launch."
    )
