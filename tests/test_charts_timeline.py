from datetime import UTC, date, datetime, time, timedelta

import polars as pl
import pytest

from tests.chart_frames import HOSTILE, MOMENT, NOON, experiments, hour, runs, stretches, view
from velocity.charts.timeline import MOST_BARS, draw_timeline
from velocity.charts.timeline_lanes import pack
from velocity.theme import LIGHT

HOUR_MS = 3_600_000
#: Runs are in the lower part of their lane, below their names.
BELOW = 6 / 34


def drawn(ran, ran_by, busy=None, *, likely=None, off=None, **more):
    return draw_timeline(
        ran,
        ran_by,
        stretches() if busy is None else busy,
        view=view(**more),
        title="Timeline",
        likely=likely,
        off=off,
    )


def bars(chart, colour, axis="y"):
    return [
        trace
        for trace in chart.figure.data
        if trace.type == "bar" and trace.marker.color == colour and (trace.yaxis or "y") == axis
    ]


def results(chart):
    return [it for it in chart.figure.data if it.type == "scatter" and it.mode == "markers"]


def lines(chart, dash=None, width=2):
    return [
        trace
        for trace in chart.figure.data
        if trace.type == "scatter"
        and trace.mode == "lines"
        and trace.line.dash == dash
        and trace.line.width == width
    ]


def test_lanes_are_filled_from_the_top_and_touching_spans_share_one():
    def span(start, end):
        return (NOON + timedelta(hours=start), NOON + timedelta(hours=end))

    assert pack([span(0, 2), span(2, 3), span(1, 4), span(3, 5)]) == [0, 0, 1, 0]
    assert pack([span(1, 4), span(0, 2)]) == [1, 0]
    assert pack([]) == []


def test_spans_in_one_lane_never_overlap():
    spans = [
        (NOON + timedelta(minutes=start * 7 % 97), NOON + timedelta(minutes=start * 7 % 97 + start))
        for start in range(60)
    ]
    lanes = pack(spans)
    for one in range(60):
        for other in range(one):
            if lanes[one] == lanes[other]:
                (a, b), (c, d) = spans[one], spans[other]
                assert b <= c or d <= a or a == b or c == d


def test_a_run_is_a_bar_of_its_length_on_a_date_axis():
    chart = drawn(
        experiments((0, 2, 2, 5, "closed"), (5, 6, 6, None, "awaiting")),
        runs((0, 0, 2, "finished"), (1, 5, 6, "finished")),
    )
    (finished,) = bars(chart, LIGHT.machine)
    assert list(finished.base) == ["2026-11-16T12:00:00", "2026-11-16T17:00:00"]
    assert list(finished.x) == [2 * HOUR_MS, HOUR_MS]
    assert list(finished.y) == pytest.approx([BELOW, BELOW])
    assert chart.figure.layout.xaxis.type == "date"
    assert chart.zoom


def test_times_are_naive_local_times_of_the_zone():
    chart = drawn(
        experiments((0, 2, 2, None, "awaiting")), runs((0, 0, 2, "finished")), zone="Asia/Tokyo"
    )
    assert bars(chart, LIGHT.machine)[0].base[0] == "2026-11-16T21:00:00"
    assert chart.figure.layout.xaxis.range[0] == "2026-11-16T09:00:00"


def test_states_differ_without_colour():
    chart = drawn(
        experiments((0, 9, 9, None, "awaiting")),
        runs((0, 0, 2, "failed"), (0, 2, 3, "crashed"), (0, 3, 4, "killed"), (0, 4, 5, "stale")),
    )
    (failed,) = bars(chart, LIGHT.failed)
    assert failed.marker.pattern.shape == "/"
    assert len(failed.x) == 2
    outlines = bars(chart, "rgba(0,0,0,0)")
    assert [trace.marker.line.color for trace in outlines] == [LIGHT.killed, LIGHT.stale]
    (tail,) = [t for t in lines(chart, "dot") if t.line.color == LIGHT.stale]
    assert tail.x[0] == "2026-11-16T17:00:00"


def test_a_pre_empted_run_is_not_a_failure():
    chart = drawn(
        experiments((0, 2, 2, None, "awaiting")), runs((0, 0, 1, "preempted"), (0, 1, 2, "unknown"))
    )
    assert len(bars(chart, LIGHT.machine)[0].x) == 2


def test_the_bar_of_a_running_run_reaches_now_and_fades():
    chart = drawn(experiments((86, None, None, None, "open")), runs((0, 86, None, "running")))
    slices = bars(chart, LIGHT.machine)
    assert [trace.marker.opacity for trace in slices] == [1, 0.75, 0.55, 0.35, 0.18]
    assert sum(trace.x[0] for trace in slices) == pytest.approx(10 * HOUR_MS)


def test_overlapping_runs_share_a_lane_and_sessions_share_a_row():
    ran = runs((0, 0, 2, "finished"), (0, 1, 3, "finished"), (0, 4, 5, "finished"))
    resumed = ran.with_columns(run_id=pl.Series(["r0", "r1", "r0"]))
    (trace,) = bars(drawn(experiments((0, 5, 5, None, "awaiting")), resumed), LIGHT.machine)
    rows = dict(zip(trace.base, trace.y, strict=True))
    assert rows["2026-11-16T12:00:00"] == rows["2026-11-16T16:00:00"]
    assert rows["2026-11-16T12:00:00"] < BELOW < rows["2026-11-16T13:00:00"]


def test_a_wait_ends_at_the_next_launch_in_its_lane():
    chart = drawn(
        experiments((0, 8, 1, 2, "closed"), (2, 3, 3, 4, "closed"), (4, 5, 5, None, "awaiting")),
        runs((0, 0, 8, "finished"), (1, 2, 3, "finished"), (2, 4, 5, "finished")),
    )
    (waits,) = lines(chart)
    assert list(waits.x)[:2] == ["2026-11-16T13:00:00", "2026-11-16T14:00:00"]
    (falls,) = lines(chart, width=1.25)
    assert list(falls.x) == ["2026-11-16T14:00:00", "2026-11-16T14:00:00", None]
    assert list(falls.y)[:2] == pytest.approx([BELOW, 1 + BELOW])
    (unanswered,) = lines(chart, "dot")
    assert list(unanswered.x)[1] == "2026-11-20T12:00:00"
    assert {t.line.color for t in (waits, falls, unanswered)} == {LIGHT.reaction}


def test_an_abandoned_wait_ends_after_five_days():
    chart = drawn(
        experiments((0, 1, 1, 150, "abandoned")),
        runs((0, 0, 1, "finished")),
        as_of=160,
        length_days=8,
    )
    (wait,) = lines(chart, "dot")
    assert wait.x[1] == "2026-11-21T13:00:00"


def test_a_false_start_has_a_result_but_no_wait():
    chart = drawn(experiments((0, 0.02, 0.02, 1, None)), runs((0, 0, 0.02, "failed")))
    assert not lines(chart)
    assert not lines(chart, "dot")
    assert [t.marker.size for t in chart.figure.data if t.type == "scatter"] == [6]


def test_the_strip_shows_serial_and_parallel_and_joins_touching_parts():
    chart = drawn(
        experiments((0, 5, 5, None, "awaiting")),
        runs((0, 0, 5, "finished")),
        stretches((0, 1, 1), (1, 2, 2), (2, 3, 3), (4, 5, 1)),
    )
    (serial,) = bars(chart, LIGHT.serial, "y2")
    (parallel,) = bars(chart, LIGHT.parallel, "y2")
    assert list(serial.x) == [HOUR_MS, HOUR_MS]
    assert list(parallel.x) == [2 * HOUR_MS]


def shaded(chart):
    return [(shape.x0, shape.x1) for shape in chart.figure.layout.shapes if shape.type == "rect"]


def test_hours_outside_the_awake_window_are_shaded():
    one = experiments((0, 1, 1, None, "awaiting"))
    ran = runs((0, 0, 1, "finished"))
    nights = shaded(drawn(one, ran, awake=(time(9), time(21)), length_days=1, as_of=10))
    assert nights == [
        ("2026-11-16T00:00:00", "2026-11-16T09:00:00"),
        ("2026-11-16T21:00:00", "2026-11-17T00:00:00"),
    ]
    late = shaded(drawn(one, ran, awake=(time(14), time(2)), length_days=1, as_of=10))
    assert late == [("2026-11-16T02:00:00", "2026-11-16T14:00:00")]
    assert not shaded(drawn(one, ran, awake=(time(9), time(9))))
    assert not shaded(drawn(one, ran, awake=(time(9), time(21)), length_days=84))


def test_the_legend_names_only_drawn_marks():
    one, ran = experiments((0, 1, 1, None, "awaiting")), runs((0, 0, 1, "killed"))
    awake = (time(9), time(21))
    words = drawn(one, ran, awake=awake).figure.layout.annotations[0].text
    assert "outside 09:00 to 21:00" in words
    assert "killed" in words
    assert "stale" not in words
    words = drawn(one, ran, awake=awake, length_days=84).figure.layout.annotations[0].text
    assert "outside" not in words


def test_now_is_marked_only_inside_the_window():
    one, ran = experiments((0, 1, 1, None, "awaiting")), runs((0, 0, 1, "finished"))
    words = [note.text for note in drawn(one, ran).figure.layout.annotations]
    assert words[1:] == ["data to Fri\u00a020, 12:00"]
    words = [note.text for note in drawn(one, ran, as_of=500).figure.layout.annotations]
    assert not words[1:]


def test_lines_are_named_and_apart_and_the_latest_launch_comes_first():
    started = experiments(
        (0, 1, 1, 2, "closed"), (2, 3, 3, None, "awaiting"), (4, 5, 5, 6, "closed")
    )
    started = started.with_columns(project=pl.Series(["old", "old", "new"]))
    ran = runs((0, 0, 1, "finished"), (1, 2, 3, "finished"), (2, 4, 5, "finished"))
    axis = drawn(started, ran).figure.layout.yaxis
    assert list(axis.ticktext) == ["new", "old"]
    assert list(axis.tickvals) == [0, 1]


def test_the_name_of_an_experiment_is_above_its_runs_where_it_fits():
    started = experiments((0, 90, 90, None, "awaiting"), (1, 1.2, 1.2, None, "awaiting"))
    ran = runs((0, 0, 90, "finished"), (1, 1, 1.2, "finished"))
    (names,) = [
        it for it in drawn(started, ran).figure.data if it.type == "scatter" and it.mode == "text"
    ]
    assert list(names.text) == ["sweep-0"]
    assert names.y[0] < 0


def test_zoom_survives_a_redraw_of_the_same_view():
    chart = drawn(experiments((0, 1, 1, None, "awaiting")), runs((0, 0, 1, "finished")))
    assert chart.figure.layout.uirevision == "ada"
    assert chart.figure.layout.xaxis.fixedrange is False
    assert chart.figure.layout.yaxis.fixedrange is True


def test_a_bar_knows_its_run_and_experiment():
    chart = drawn(experiments((0, 1, 1, None, "awaiting")), runs((0, 0, 1, "finished")))
    assert list(bars(chart, LIGHT.machine)[0].customdata[0])[1:] == ["e0", "r0"]


def many(count, *, runs_each=1):
    each = [
        (at / 60, at / 60 + 0.01, at / 60 + 0.01, (at + 1) / 60, "closed") for at in range(count)
    ]
    ran = [
        (at, at / 60, at / 60 + 0.01, "finished") for at in range(count) for _ in range(runs_each)
    ]
    return experiments(*each), runs(*ran)


def test_above_two_thousand_runs_a_bar_is_an_experiment_with_a_note():
    chart = drawn(*many(30, runs_each=70))
    assert chart.note == "2,100 runs: one bar per experiment."
    (trace,) = bars(chart, LIGHT.machine)
    assert len(trace.x) == 30
    assert chart.figure.layout.height < 700


def test_lines_share_the_lanes_that_can_be_told_apart_and_count_the_rest():
    at_once = [(0, 4, 4, 5, "closed") for _ in range(70)]
    started = experiments(*at_once, (1, 2, 2, 3, "closed"))
    started = started.with_columns(project=pl.Series(["wide"] * 70 + ["one"]))
    ran = runs(*((at, 0, 4, "finished") for at in range(70)), (70, 1, 2, "finished"))
    chart = drawn(started, ran)
    axis = chart.figure.layout.yaxis
    assert list(axis.ticktext) == ["one", "wide<br>+58 more"]
    assert list(axis.range) == [12.5, -0.5]
    assert sum(len(it.x) for it in bars(chart, LIGHT.machine)) == 13
    assert chart.alt.endswith("58 experiments without a lane of their own.")
    assert [it.marker.size for it in results(chart)] == [6]


def test_results_are_smaller_where_there_are_many():
    assert [it.marker.size for it in results(drawn(*many(61)))] == [4]


def test_too_many_experiments_leave_out_the_oldest():
    chart = drawn(*many(MOST_BARS + 50), as_of=60)
    drawn_bars = sum(len(trace.x) for trace in bars(chart, LIGHT.machine))
    assert drawn_bars == MOST_BARS
    assert chart.note.startswith("Too many experiments to draw: only those since Mon\u00a016")
    assert chart.figure.layout.xaxis.range[0] == "2026-11-16T12:50:00"


def test_hover_shows_hostile_names_as_text():
    ran = runs((0, 0, 1, "finished")).with_columns(display_name=pl.lit(HOSTILE))
    started = experiments((0, 1, 1, None, "awaiting")).with_columns(label=pl.lit(HOSTILE))
    chart = drawn(started, ran)
    words = bars(chart, LIGHT.machine)[0].customdata[0][0]
    assert "<script" not in words
    assert len(words) < 400


def test_an_end_before_its_start_on_the_local_clock_has_no_length():
    # 02:50 summer time to 02:10 winter time in Berlin is 20 minutes.
    night = datetime(2026, 10, 25, tzinfo=UTC)
    started = experiments((0, 1, 1, None, "awaiting")).with_columns(
        started_at=pl.lit(night + timedelta(minutes=50)).cast(pl.Datetime("us", "UTC")),
        ended_at=pl.lit(night + timedelta(minutes=70)).cast(pl.Datetime("us", "UTC")),
        result_at=pl.lit(night + timedelta(minutes=70)).cast(pl.Datetime("us", "UTC")),
    )
    ran = runs((0, 0, 1, "finished")).with_columns(
        started_at=started["started_at"], ended_at=started["ended_at"]
    )
    (trace,) = bars(drawn(started, ran, zone="Europe/Berlin"), LIGHT.machine)
    assert list(trace.x) == [0]


def test_no_experiments_are_blank():
    assert drawn(experiments(), runs()).alt == "Timeline: no data in this window."


def test_the_alternative_text_names_window_experiments_and_runs():
    chart = drawn(experiments((0, 1, 1, None, "awaiting")), runs((0, 0, 1, "finished")))
    assert chart.alt == (
        "Timeline, 16 to 22\u00a0Nov 2026: 1 experiment of 1 run, "
        "1 result waiting for the next launch."
    )


def eta(*rows):
    """Likely ends, each (experiment, median, end of 9 in 10), hours after Monday noon."""
    return pl.DataFrame(
        {
            "experiment_id": [f"e{it}" for it, _, _ in rows],
            "eta_at": [hour(it) for _, it, _ in rows],
            "eta_high_at": [hour(it) for _, _, it in rows],
        },
        schema={"experiment_id": pl.String, "eta_at": MOMENT, "eta_high_at": MOMENT},
    )


def texts(chart):
    return [
        text.strip()
        for it in chart.figure.data
        if it.type == "scatter" and it.mode == "text"
        for text in it.text
    ]


def test_work_in_flight_has_a_likely_end_and_the_axis_goes_on_to_it():
    ran = experiments((80, None, None, None, "open"), (82, None, None, None, "open"))
    ran_by = runs((0, 80, None, "running"), (1, 82, None, "running"))
    now = {"as_of": 84, "length_days": 4}
    asked = eta((0, 100, 130), (1, None, None), (7, 100, 900))
    chart = drawn(ran, ran_by, likely=asked, **now)
    (dotted,) = [it for it in lines(chart, "dot", 1.25) if it.line.color == LIGHT.machine]
    assert list(dotted.x) == ["2026-11-20T00:00:00", "2026-11-21T22:00:00", None]
    (tick,) = [
        it
        for it in chart.figure.data
        if it.type == "scatter" and it.marker.symbol == "line-ns-open"
    ]
    assert list(tick.x) == ["2026-11-20T16:00:00"]
    assert "Fri 20, 16:00" in tick.customdata[0][0].replace("\u00a0", " ")
    assert [it for it in texts(chart) if "likely" in it] == ["likely 16:00"]
    assert chart.figure.layout.xaxis.range[1] == "2026-11-21T22:00:00"
    assert drawn(ran, ran_by, **now).figure.layout.xaxis.range[1] == "2026-11-20T00:00:00"


def test_days_off_in_a_row_are_one_hatch_with_its_words():
    off = pl.DataFrame(
        {
            "day": [date(2026, 11, day) for day in (9, 17, 18, 19, 27)],
            "what": ["away", "away", "away", HOSTILE, "away"],
        }
    )
    chart = drawn(experiments((0, 2, 2, None, "awaiting")), runs((0, 0, 2, "finished")), off=off)
    (hatch,) = [
        it for it in chart.figure.data if it.type == "bar" and it.marker.color == LIGHT.band
    ]
    assert list(hatch.base) == ["2026-11-17T00:00:00", "2026-11-19T00:00:00"]
    assert list(hatch.x) == [48 * HOUR_MS, 24 * HOUR_MS]
    assert hatch.marker.pattern.shape == "/"
    said = [it for it in chart.figure.layout.annotations if it.yref == "y domain"]
    assert said[0].text == "away"
    assert "<script" not in said[1].text
    assert said[0].x == hatch.base[0]
