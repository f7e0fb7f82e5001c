import itertools
from datetime import UTC, date, datetime, time, timedelta

import polars as pl
import pytest

from tests.chart_frames import (
    HOSTILE,
    NOON,
    experiments,
    hour,
    runs,
    stretches,
    texts,
    traces,
    view,
)
from tests.sentence_frames import frame
from velocity.charts.timeline import MOST_BARS, draw_timeline
from velocity.charts.timeline_lanes import pack
from velocity.theme import LIGHT

HOUR_MS = 3_600_000
#: Runs are in the lower part of their lane, below their names.
BELOW = 6 / 34


def launched(*rows):
    """Experiments, and a run of each that lasts as long."""
    ran = [
        (at, start, end, "running" if end is None else "finished")
        for at, (start, end, *_) in enumerate(rows)
    ]
    return experiments(*rows), runs(*ran)


#: Its result waits.
ONE, RAN = launched((0, 1, 1, None, "awaiting"))


def drawn(ran=ONE, ran_by=RAN, busy=None, *, likely=None, off=None, **more):
    busy = stretches() if busy is None else busy
    drawing = {"title": "Timeline", "likely": likely, "off": off}
    return draw_timeline(ran, ran_by, busy, view=view(**more), **drawing)


def bars(chart, colour, axis=None):
    shown = traces(chart, type="bar", yaxis=axis)
    return [it for it in shown if it.marker.color == colour]


def scatters(chart, mode):
    return traces(chart, type="scatter", mode=mode)


def lines(chart, dash=None, width=2):
    shown = scatters(chart, "lines")
    return [it for it in shown if (it.line.dash, it.line.width) == (dash, width)]


def test_lanes_are_filled_from_the_top_and_touching_spans_share_one():
    def span(start, end):
        return (NOON + timedelta(hours=start), NOON + timedelta(hours=end))

    assert pack([span(0, 2), span(2, 3), span(1, 4), span(3, 5)]) == [0, 0, 1, 0]
    assert pack([span(1, 4), span(0, 2)]) == [1, 0]
    assert pack([]) == []


def test_spans_in_one_lane_never_overlap():
    starts = [NOON + timedelta(minutes=at * 7 % 97) for at in range(60)]
    spans = [(start, start + timedelta(minutes=at)) for at, start in enumerate(starts)]
    laid = zip(pack(spans), spans, strict=True)
    for (lane, (a, b)), (other, (c, d)) in itertools.combinations(laid, 2):
        assert lane != other or b <= c or d <= a or a == b or c == d


def test_a_run_is_a_bar_of_its_length_on_a_date_axis():
    chart = drawn(*launched((0, 2, 2, 5, "closed"), (5, 6, 6, None, "awaiting")))
    (finished,) = bars(chart, LIGHT.machine)
    assert list(finished.base) == ["2026-11-16T12:00:00", "2026-11-16T17:00:00"]
    assert list(finished.x) == [2 * HOUR_MS, HOUR_MS]
    assert list(finished.y) == pytest.approx([BELOW, BELOW])
    assert chart.figure.layout.xaxis.type == "date"
    assert chart.zoom


def test_times_are_naive_local_times_of_the_zone():
    chart = drawn(zone="Asia/Tokyo")
    assert bars(chart, LIGHT.machine)[0].base[0] == "2026-11-16T21:00:00"
    assert chart.figure.layout.xaxis.range[0] == "2026-11-16T09:00:00"
    # The days are those of the programme, also where they begin before the first launch.
    chart = drawn(zone="Asia/Tokyo", programme="Europe/Zurich")
    assert bars(chart, LIGHT.machine)[0].base[0] == "2026-11-16T21:00:00"
    assert chart.figure.layout.xaxis.range[0] == "2026-11-16T08:00:00"


def test_states_differ_without_colour_and_a_running_run_reaches_now_and_fades():
    slices = bars(drawn(*launched((86, None, None, None, "open"))), LIGHT.machine)
    assert [trace.marker.opacity for trace in slices] == [1, 0.75, 0.55, 0.35, 0.18]
    assert sum(trace.x[0] for trace in slices) == pytest.approx(10 * HOUR_MS)
    states = ("failed", "crashed", "killed", "stale", "preempted", "unknown")
    ran = runs(*((0, at, at + 1, state) for at, state in enumerate(states)))
    chart = drawn(experiments((0, 9, 9, None, "awaiting")), ran)
    assert len(bars(chart, LIGHT.machine)[0].x) == 2  # pre-empted or unknown: not a failure
    (failed,) = bars(chart, LIGHT.failed)
    assert failed.marker.pattern.shape == "/"
    assert len(failed.x) == 2
    outlines = bars(chart, "rgba(0,0,0,0)")
    assert [trace.marker.line.color for trace in outlines] == [LIGHT.killed, LIGHT.stale]
    (tail,) = [it for it in lines(chart, "dot") if it.line.color == LIGHT.stale]
    assert tail.x[0] == "2026-11-16T16:00:00"


def test_overlapping_runs_share_a_lane_and_sessions_share_a_row():
    ran = runs((0, 0, 2, "finished"), (0, 1, 3, "finished"), (0, 4, 5, "finished"))
    resumed = ran.with_columns(run_id=pl.Series(["r0", "r1", "r0"]))
    (trace,) = bars(drawn(experiments((0, 5, 5, None, "awaiting")), resumed), LIGHT.machine)
    rows = dict(zip(trace.base, trace.y, strict=True))
    assert rows["2026-11-16T12:00:00"] == rows["2026-11-16T16:00:00"]
    assert rows["2026-11-16T12:00:00"] < BELOW < rows["2026-11-16T13:00:00"]


def test_a_wait_ends_at_the_next_launch_in_its_lane():
    closed = ((0, 8, 1, 2, "closed"), (2, 3, 3, 4, "closed"))
    chart = drawn(*launched(*closed, (4, 5, 5, None, "awaiting")))
    (waits,) = lines(chart)
    assert list(waits.x)[:2] == ["2026-11-16T13:00:00", "2026-11-16T14:00:00"]
    (falls,) = lines(chart, width=1.25)
    assert list(falls.x) == ["2026-11-16T14:00:00", "2026-11-16T14:00:00", None]
    assert list(falls.y)[:2] == pytest.approx([BELOW, 1 + BELOW])
    (unanswered,) = lines(chart, "dot")
    assert list(unanswered.x)[1] == "2026-11-20T12:00:00"
    assert {t.line.color for t in (waits, falls, unanswered)} == {LIGHT.reaction}


def test_an_abandoned_wait_ends_after_five_days_and_a_false_start_has_none():
    start = drawn(experiments((0, 0.02, 0.02, 1, None)), runs((0, 0, 0.02, "failed")))
    assert [*lines(start), *lines(start, "dot")] == []
    assert [it.marker.size for it in traces(start, type="scatter")] == [6]
    chart = drawn(*launched((0, 1, 1, 150, "abandoned")), as_of=160, length_days=8)
    (wait,) = lines(chart, "dot")
    assert wait.x[1] == "2026-11-21T13:00:00"


def test_the_strip_shows_serial_and_parallel_and_joins_touching_parts():
    chart = drawn(busy=stretches((0, 1, 1), (1, 2, 2), (2, 3, 3), (4, 5, 1)))
    (serial,) = bars(chart, LIGHT.serial, "y2")
    (parallel,) = bars(chart, LIGHT.parallel, "y2")
    assert list(serial.x) == [HOUR_MS, HOUR_MS]
    assert list(parallel.x) == [2 * HOUR_MS]


def shaded(**more):
    shapes = drawn(**more).figure.layout.shapes
    return [(shape.x0, shape.x1) for shape in shapes if shape.type == "rect"]


def test_hours_outside_the_awake_window_are_shaded():
    assert shaded(awake=(time(9), time(21)), length_days=1, as_of=10) == [
        ("2026-11-16T00:00:00", "2026-11-16T09:00:00"),
        ("2026-11-16T21:00:00", "2026-11-17T00:00:00"),
    ]
    late = shaded(awake=(time(14), time(2)), length_days=1, as_of=10)
    assert late == [("2026-11-16T02:00:00", "2026-11-16T14:00:00")]
    assert not shaded(awake=(time(9), time(9)))
    assert not shaded(awake=(time(9), time(21)), length_days=84)


def test_the_legend_names_only_drawn_marks_and_now_is_marked_only_inside_the_window():
    assert texts(drawn())[2:] == ["data to Fri 20, 12:00"]
    assert not texts(drawn(as_of=500))[2:]
    killed = (ONE, runs((0, 0, 1, "killed")))
    # In two lines: one alone would run under the buttons beside it.
    bars, others = texts(drawn(*killed, awake=(time(9), time(21))))[:2]
    assert "outside 09:00 to 21:00" in others
    assert "killed" in bars
    assert "stale" not in bars + others
    assert "outside" not in texts(drawn(*killed, awake=(time(9), time(21)), length_days=84))[1]


def test_lines_are_named_and_apart_and_the_latest_launch_comes_first():
    rows = ((0, 1, 1, 2, "closed"), (2, 3, 3, None, "awaiting"), (4, 5, 5, 6, "closed"))
    started, ran = launched(*rows)
    started = started.with_columns(project=pl.Series(["old", "old", "new"]))
    axis = drawn(started, ran).figure.layout.yaxis
    assert list(axis.ticktext) == ["new", "old"]
    assert list(axis.tickvals) == [0, 1]


def test_the_name_of_an_experiment_is_above_its_runs_where_it_fits():
    rows = ((0, 90, 90, None, "awaiting"), (1, 1.2, 1.2, None, "awaiting"))
    (names,) = scatters(drawn(*launched(*rows)), "text")
    assert list(names.text) == ["sweep-0"]
    assert names.y[0] < 0


def test_zoom_survives_a_redraw_of_the_same_view_and_a_bar_knows_its_run_and_experiment():
    chart = drawn()
    assert list(bars(chart, LIGHT.machine)[0].customdata[0])[1:] == ["e0", "r0"]
    assert chart.figure.layout.uirevision == "ada"
    assert chart.figure.layout.xaxis.fixedrange is False
    assert chart.figure.layout.yaxis.fixedrange is True


def many(count, *, runs_each=1):
    """Experiments of a hundredth of an hour, one each minute."""
    ends = [at / 60 + 0.01 for at in range(count)]
    each = [(at / 60, end, end, (at + 1) / 60, "closed") for at, end in enumerate(ends)]
    started, ran = launched(*each)
    names = [pl.col("run_id") + f"-{number}" for number in range(runs_each)]
    return started, pl.concat(ran.with_columns(run_id=it) for it in names)


def test_above_two_thousand_runs_a_bar_is_an_experiment_with_a_note():
    chart = drawn(*many(30, runs_each=70))
    assert chart.note == "2,100 runs: one bar per experiment."
    (trace,) = bars(chart, LIGHT.machine)
    assert len(trace.x) == 30
    assert chart.figure.layout.height < 700


def test_lines_share_the_lanes_that_can_be_told_apart_and_count_the_rest():
    started, ran = launched(*[(0, 4, 4, 5, "closed")] * 70, (1, 2, 2, 3, "closed"))
    started = started.with_columns(project=pl.Series(["wide"] * 70 + ["one"]))
    chart = drawn(started, ran)
    axis = chart.figure.layout.yaxis
    assert list(axis.ticktext) == ["one", "wide<br>+58 more"]
    assert list(axis.range) == [12.5, -0.5]
    assert sum(len(it.x) for it in bars(chart, LIGHT.machine)) == 13
    assert chart.alt.endswith("58 experiments without a lane of their own.")
    # Results are smaller where there are many.
    assert [it.marker.size for it in scatters(chart, "markers")] == [6]
    assert [it.marker.size for it in scatters(drawn(*many(61)), "markers")] == [4]


def test_too_many_experiments_leave_out_the_oldest():
    chart = drawn(*many(MOST_BARS + 50), as_of=60)
    drawn_bars = sum(len(trace.x) for trace in bars(chart, LIGHT.machine))
    assert drawn_bars == MOST_BARS
    assert chart.note.startswith("Too many experiments to draw: only those since Mon\u00a016")
    assert chart.figure.layout.xaxis.range[0] == "2026-11-16T12:50:00"


def test_hover_shows_hostile_names_as_text():
    name = pl.lit(HOSTILE)
    started, ran = ONE.with_columns(label=name), RAN.with_columns(display_name=name)
    said = bars(drawn(started, ran), LIGHT.machine)[0].customdata[0][0]
    assert "<script" not in said
    assert len(said) < 400


def test_an_end_before_its_start_on_the_local_clock_has_no_length():
    # 02:50 summer time to 02:10 winter time in Berlin is 20 minutes.
    night = datetime(2026, 10, 25, tzinfo=UTC)
    began, ended = (night + timedelta(minutes=it) for it in (50, 70))
    times = {"started_at": began, "ended_at": ended}
    ran, started = RAN.with_columns(**times), ONE.with_columns(**times, result_at=ended)
    (trace,) = bars(drawn(started, ran, zone="Europe/Berlin"), LIGHT.machine)
    assert list(trace.x) == [0]


def test_the_alternative_text_names_window_experiments_and_runs():
    assert drawn(experiments(), runs()).alt == "Timeline: no data in this window."
    chart = drawn()
    assert chart.alt == (
        "Timeline, 16 to 22\u00a0Nov 2026: 1 experiment of 1 run, "
        "1 result waiting for the next launch."
    )


def eta(*rows):
    """Likely ends, each (experiment, median, end of 9 in 10), hours after Monday noon."""
    told = [
        {"experiment_id": f"e{at}", "eta_at": hour(median), "eta_high_at": hour(high)}
        for at, median, high in rows
    ]
    return frame("open_work", told)


def test_work_in_flight_has_a_likely_end_and_the_axis_goes_on_to_it():
    ran = launched((80, None, None, None, "open"), (82, None, None, None, "open"))
    now = {"as_of": 84, "length_days": 4}
    asked = eta((0, 100, 130), (1, None, None), (7, 100, 900))
    chart = drawn(*ran, likely=asked, **now)
    (dotted,) = [it for it in lines(chart, "dot", 1.25) if it.line.color == LIGHT.machine]
    assert list(dotted.x) == ["2026-11-20T00:00:00", "2026-11-21T22:00:00", None]
    (tick,) = [it for it in scatters(chart, "markers") if it.marker.symbol == "line-ns-open"]
    assert list(tick.x) == ["2026-11-20T16:00:00"]
    assert "Fri 20, 16:00" in tick.customdata[0][0].replace("\u00a0", " ")
    shown = [text.strip() for it in scatters(chart, "text") for text in it.text]
    assert [it for it in shown if "likely" in it] == ["likely 16:00"]
    assert chart.figure.layout.xaxis.range[1] == "2026-11-21T22:00:00"
    assert drawn(*ran, **now).figure.layout.xaxis.range[1] == "2026-11-20T00:00:00"


def test_days_off_in_a_row_are_one_hatch_with_its_words():
    days = [(9, "away"), (17, "away"), (18, "away"), (19, HOSTILE), (27, "away")]
    rows = [{"day": date(2026, 11, day), "what": what} for day, what in days]
    off = frame("days_off", rows)
    chart = drawn(off=off)
    (hatch,) = [it for it in traces(chart, type="bar") if it.marker.color == LIGHT.band]
    assert list(hatch.base) == ["2026-11-17T00:00:00", "2026-11-19T00:00:00"]
    assert list(hatch.x) == [48 * HOUR_MS, 24 * HOUR_MS]
    assert hatch.marker.pattern.shape == "/"
    said = [it for it in chart.figure.layout.annotations if it.yref == "y domain"]
    assert said[0].text == "away"
    assert "<script" not in said[1].text
    assert said[0].x == hatch.base[0]
