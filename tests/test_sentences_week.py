"""The headline of Stand-up and its five lines: each rule, its boundary and its empty state."""

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, strategies as st

from tests.plain_sentences import assert_inert, hostile, metric_rows, plain
from tests.sentence_frames import (
    NAMES,
    SO_FAR,
    TODAY,
    decision,
    end,
    ends,
    figures,
    queue,
    series,
    waiting,
    weekly,
)
from velocity.reading.periods import Window
from velocity.sentences import compared, week
from velocity.sentences.answer import LONGEST_SENTENCE, as_read
from velocity.sentences.compared import Compared, Days
from velocity.sentences.ends import runs_out

MONDAY = date(2026, 11, 23)
WEEK = timedelta(weeks=1)
SUNDAY = MONDAY - timedelta(days=1)
WHOLE = Days(Window(MONDAY - WEEK, SUNDAY), Window(MONDAY - 2 * WEEK, SUNDAY - WEEK))
FOUR = Days(Window(MONDAY - 4 * WEEK, SUNDAY), Window(MONDAY - 8 * WEEK, SUNDAY - 4 * WEEK))
ALONE = Days(Window(date(2026, 8, 31), TODAY), None)
NO_FAILED = "0 % of GPU-hours went to failed runs, 0 % to killed ones."


def point(value, low=None, high=None, measure="experiments_concluded", **more):
    limits = {"value": value, "limit_low": low, "limit_high": high}
    return {"group_id": "programme", "measure": measure, **limits, **more}


def said(line):
    return plain(line.text).replace("**", "")


@pytest.mark.parametrize(
    ("days", "earlier"),
    [
        (SO_FAR, "on the same days before"),
        (
            Days(Window(MONDAY, MONDAY), Window(MONDAY - WEEK, MONDAY - WEEK)),
            "on the Monday before",
        ),
        (WHOLE, "the week before"),
        (FOUR, "in the four weeks before"),
        (Days(Window(TODAY - timedelta(days=9), TODAY), None), "in the 10 days before"),
        (Days(Window(TODAY, TODAY), None), "on the day before"),
        # Chosen days from a Monday on are compared with the days before that Monday.
        (
            Days(Window(MONDAY, TODAY), Window(MONDAY - timedelta(days=6), MONDAY - WEEK // 7)),
            "in the 6 days before",
        ),
    ],
)
def test_the_comparison_is_named_by_its_days(days, earlier):
    assert days.earlier == earlier


def test_days_are_written_with_weekday_and_month():
    assert plain(SO_FAR.on) == "from Mon 23 to Sat 28 Nov"
    assert plain(Days(Window(MONDAY, MONDAY), None).on) == "on Mon 23 Nov"
    assert plain(FOUR.kicker) == "Mon 26 Oct to Sun 22 Nov 2026, against Mon 28 Sep to Sun 25 Oct"
    assert plain(SO_FAR.these) == "23\u201328 Nov"
    assert ALONE.those == ""


def headline(now, before, usual, days):
    row, earlier = (it if it is None else figures(experiments_concluded=it) for it in (now, before))
    so_far = usual and point(float(now), *usual)
    told = week.headline(Compared(days, row, earlier), so_far)
    assert len(as_read(told)) <= LONGEST_SENTENCE
    return plain(told)


def test_the_headline_has_a_number_dates_and_a_comparison():
    assert headline(279, 228, (175.4, 299.4), SO_FAR) == (
        "279 experiments concluded from Mon 23 to Sat 28 Nov, 51 more than the same days before; "
        "usual is 176 to 299."
    )
    assert headline(228, 279, (176.0, 299.0), WHOLE) == (
        "228 experiments concluded from Mon 16 to Sun 22 Nov, 51 fewer than the week before; "
        "usual is 176 to 299."
    )
    assert headline(237, 100, (176.0, 299.0), WHOLE) == (
        "237 experiments concluded from Mon 16 to Sun 22 Nov, back from 100 the week before; "
        "usual is 176 to 299."
    )
    assert headline(310, 290, (176.0, 299.0), WHOLE) == (
        "310 experiments concluded from Mon 16 to Sun 22 Nov, 20 more than the week before; above "
        "the usual 176 to 299."
    )
    chosen = Days(SO_FAR.window, Window(MONDAY - timedelta(days=6), MONDAY - WEEK // 7))
    assert headline(237, 100, (176.0, 299.0), chosen).endswith(
        ", 137 more than in the 6 days before; usual is 176 to 299."
    )
    # The range has the whole numbers inside it: a count beyond it never reads like its end.
    assert headline(7, 9, (7.4, 19.6), WHOLE).endswith("; below the usual 8 to 19.")
    assert headline(3, 2, (2.1, 2.9), WHOLE).endswith("; above the usual 2.1 to 2.9.")
    assert headline(3, 3, (3.0, 3.0), WHOLE).endswith(", as many as the week before; usual is 3.")
    assert headline(9, 9, None, SO_FAR) == (
        "9 experiments concluded from Mon 23 to Sat 28 Nov, as many as on the same days before."
    )
    assert headline(0, 1, None, SO_FAR) == (
        "No experiment concluded from Mon 23 to Sat 28 Nov, 1 fewer than on the same days before."
    )
    assert headline(3349, None, None, ALONE) == (
        "3,349 experiments concluded from Mon 31 Aug to Sat 28 Nov."
    )


@given(now=st.integers(0, 10**7), before=st.none() | st.integers(0, 10**7), share=st.floats(0, 2))
def test_any_headline_fits(now, before, share):
    for days in (SO_FAR, WHOLE, FOUR, ALONE):
        assert plain(days.on) in headline(now, before, (now * share, now * share + 1), days)


def same_days(*rows):
    schema = {"limit_low": pl.Float64, "limit_high": pl.Float64, "value": pl.Float64}
    return pl.DataFrame(rows, schema_overrides=schema) if rows else weekly()


def of_week(value, start=MONDAY, measure="loop_hours_median", usual=(3.5, 12.5)):
    return point(value, *usual, measure, week_start=start) | {"group_id": "basalt"}


def shift(measure, value, limits, *, group="basalt", back=1):
    """Weeks up to the one so many weeks before `MONDAY`, which has this value."""
    return series(group, measure, value, limits=limits, week=MONDAY - back * WEEK)


LOOP = shift("loop_hours_median", 12.9, (3.5, 12.5))
ABOVE = "12 h 54 m in the week of 16 Nov, 24 m above its usual 3 h 30 m to 12 h 30 m"


def changed(*weeks, so_far=(), days=WHOLE):
    return said(week.changed(weekly(*weeks), same_days(*so_far), NAMES, days))


def test_changed_tells_a_shift_of_last_week_that_returned_or_goes_on():
    assert changed(LOOP, so_far=[of_week(4.0)], days=SO_FAR) == (
        f"Basalt's loop is back to usual: 4 h from Mon 23 to Sat 28 Nov, after {ABOVE}."
    )
    assert changed(LOOP, so_far=[of_week(13.0)], days=SO_FAR) == (
        f"Basalt's loop was {ABOVE}; 13 h from Mon 23 to Sat 28 Nov."
    )
    assert changed(LOOP) == f"Basalt's loop was {ABOVE}."
    older = shift("serial_share", 0.9, (0.1, 0.3), back=3)
    assert "in the week of 2 Nov" in changed(older, days=FOUR)


def test_changed_counts_the_other_shifts_and_knows_the_programme():
    whole = shift("failure_share", 0.5, (0.1, 0.3), group="programme")
    assert changed(LOOP, whole).endswith("One other series was beyond its usual range.")
    assert changed(whole) == (
        "The programme's share of failed runs was 50 % in the week of 16 Nov, 20.0 points above "
        "its usual 10 % to 30 %."
    )


def serial(usual):
    last_week = MONDAY - WEEK
    return [
        of_week(value, start, "serial_share", usual)
        for value, start in ((0.8, MONDAY), (0.6, last_week))
    ]


def test_changed_falls_back_to_the_largest_change_for_its_own_range():
    rows = [of_week(5.0), of_week(4.0, MONDAY - WEEK), *serial((0.5, 0.9))]
    assert changed(so_far=rows, days=SO_FAR) == (
        "Basalt's time with one experiment running moved most for its usual range: 80 % from Mon "
        "23 to Sat 28 Nov, 60 % on the same days before; inside its usual 50 to 90 %."
    )
    # Ranges of times are those of their logarithms, so twice as long is little here.
    loops = [of_week(60.0, usual=(1, 100)), of_week(30.0, MONDAY - WEEK, usual=(1, 100))]
    assert changed(so_far=[*loops, *serial((0.1, 0.8))], days=SO_FAR).startswith("Basalt's time")
    # A usual share of nearly everything is not a comparison.
    wide = serial((0.1, 0.95))
    assert changed(so_far=wide, days=SO_FAR).endswith("inside its usual range.")
    assert compared.usual(wide[0], "share") == ""
    assert compared.usual({**wide[0], "limit_high": 0.9}, "share") != ""


def test_changed_says_how_many_weeks_are_missing():
    young = series("basalt", "loop_hours_median", 9.0, limits=None, weeks=5, week=MONDAY - WEEK)
    assert changed(young) == "Five whole weeks so far: usual ranges start at 8."
    quiet = shift("loop_hours_median", 2.0, (1.0, 3.0))
    assert changed(quiet) == "Nothing was beyond its usual range from Mon 16 to Sun 22 Nov."


def row(concluded, failed, **more):
    return figures(experiments_concluded=concluded, failure_share=failed, **more)


def going_well(now, before, *streams):
    return said(week.going_well(Compared(SO_FAR, now, before), streams))


def test_going_well_is_first_that_no_stream_concluded_fewer():
    streams = [("Aurora", 59, 52), ("Basalt", 61, 47), ("Cirrus", 30, 30)]
    assert going_well(row(150, 0.09), row(129, 0.11), *streams) == (
        "No stream concluded fewer from Mon 23 to Sat 28 Nov than on the same days before; "
        "Basalt (+14) and Aurora (+7) rose most. The share of failed runs fell from 11 % to 9 %."
    )
    # More conclusions do not go well if more runs fail.
    aurora = ("Aurora", 59, 52)
    assert "No stream" not in going_well(row(59, 0.13), row(52, 0.11), aurora)
    told = going_well(row(59, 0.12), row(52, 0.11), aurora)
    assert "The share of failed runs rose from 11 % to 12 %." in told


@pytest.mark.parametrize(("now", "holds"), [(0.09, True), (0.10, False)])
def test_going_well_is_next_a_failed_share_two_points_lower(now, holds):
    told = going_well(row(5, now), row(9, 0.11), ("Aurora", 5, 9))
    assert told.startswith("9 % of runs failed from Mon 23 to Sat 28 Nov, 11 %") is holds


@pytest.mark.parametrize(
    ("concluded", "spent", "holds"), [(10, 95, True), (10, 96, False), (9, 9, False)]
)
def test_going_well_is_next_a_lower_cost_at_no_fewer_conclusions(concluded, spent, holds):
    now = row(concluded, 0.1, credits_per_concluded=spent / concluded)
    before = row(10, 0.1, credits_per_concluded=10)
    told = going_well(now, before, ("Aurora", 9, 10))
    assert told.startswith("A conclusion took 9.5 credits from Mon 23") is holds
    bound = now | {"unpriced_run_hours": 1.0}
    assert not going_well(bound, before, ("Aurora", 9, 10)).startswith("A conclusion took")
    # 20 conclusions cost that much, 10 of them of automation, which are cheap.
    both = row(10, 0.1, credits=100, credits_per_concluded=5)
    assert not going_well(both, before, ("Aurora", 9, 10)).startswith("A conclusion took")
    assert told.startswith("A conclusion") is holds


def test_going_well_is_last_hours_spared_beside_their_cost_or_says_that_nothing_does():
    streams = ("Aurora", 9, 10)
    now, before = row(9, 0.1, spared_hours=905, gpu_hours=3418), row(10, 0.1, spared_hours=700)
    assert going_well(now, before, streams) == (
        "Running experiments at once spared 905 h from Mon 23 to Sat 28 Nov, 700 h on the same "
        "days before; all runs took 3,418 GPU-hours."
    )
    nothing = going_well(row(9, 0.1), row(10, 0.1), streams)
    assert nothing.startswith("Nothing stands out from Mon 23 to Sat 28 Nov:")
    assert said(week.going_well(Compared(ALONE, row(9, 0.1), None), [])) == (
        "Nothing to compare with: the data has no earlier days."
    )


def stuck(lines):
    lines = waiting(lines) if isinstance(lines, str) else lines
    return said(week.stuck(lines, date(2026, 11, 29)))


def test_stuck_counts_lines_and_names_a_few():
    assert stuck("") == "Nothing waits longer than usual on Sun 29 Nov."
    assert stuck("heron") == (
        "One line needs a decision on Sun 29 Nov, in Basalt: Heron / p0 (result). It waits longer "
        "than that line usually does."
    )
    ember = queue(*waiting("gannet! heron").to_dicts(), decision("tern", stream_name="Ember"))
    assert stuck(ember) == (
        "Three lines need a decision on Sun 29 Nov, two of them in Basalt: Gannet / p0 (failure), "
        "Heron / p1 (result) and Tern / probe (result). Each waits longer than that line usually "
        "does."
    )
    assert stuck("a b c d") == (
        "Four lines need a decision on Sun 29 Nov, all in Basalt: A / p0 (result), B / p1 "
        "(result), C / p2 (result) and one more. Each waits longer than that line usually does."
    )


def test_stuck_does_not_name_lines_that_their_scholar_sees_first():
    assert stuck("gannet ()") == (
        "Two lines need a decision on Sun 29 Nov, both in Basalt: Gannet / p0 (result) and one of "
        "the last 24 hours. Each waits longer than that line usually does."
    )
    assert stuck(waiting("() ()").with_columns(stream=None, stream_name=None)) == (
        "Two lines need a decision on Sun 29 Nov. Each has waited longer than that line usually "
        "does."
    )


def test_stuck_says_which_lines_cannot_be_judged():
    assert stuck("new? new?") == (
        "Cannot be judged yet: two lines wait on Sun 29 Nov, with too few waits for a usual."
    )
    assert stuck("new?") == (
        "Cannot be judged yet: one line waits on Sun 29 Nov, with too few waits for a usual."
    )
    assert stuck("calm~ new? new?") == (
        "Nothing waits longer than usual on Sun 29 Nov; two lines have too few waits to judge."
    )
    assert stuck("heron new?") == (
        "One line needs a decision on Sun 29 Nov, in Basalt: Heron / p0 (result). It waits longer "
        "than that line usually does; one line has too few waits to judge."
    )
    assert stuck("() new?") == (
        "One line needs a decision on Sun 29 Nov, in Basalt. It has waited longer than that line "
        "usually does; one line has too few waits to judge."
    )


def test_silent_runs_are_no_all_clear():
    stuck = week.stuck(waiting(""), date(2026, 11, 29))
    assert week.with_silent(stuck, 0) == stuck
    assert said(week.with_silent(stuck, 1)).endswith(". One run is silent and may hold a GPU.")
    assert said(week.with_silent(stuck, 3)).endswith(" Three runs are silent and may hold GPUs.")


def compute(earlier=None, **now):
    before = earlier and figures(**earlier)
    return said(week.compute(Compared(SO_FAR, figures(**now), before)))


def test_compute_says_what_it_bought():
    spent = {"credits": 3923, "experiments_concluded": 285, "credits_per_concluded": 3923 / 285}
    hours = {"gpu_hours": 3000, "gpu_hours_failed": 120, "killed_gpu_hours": 30}
    assert compute({"credits_per_concluded": 3740 / 228}, **spent, **hours) == (
        "3,923 credits bought 285 conclusions from Mon 23 to Sat 28 Nov, 13.8 each, 16.4 on the "
        "same days before. 4 % of GPU-hours went to failed runs, 1 % to killed ones."
    )
    unknown = {"unpriced_run_hours": 1.0}
    assert compute({"credits_per_concluded": 16.4} | unknown, **spent, **hours, **unknown) == (
        "At least 3,923 credits bought 285 conclusions from Mon 23 to Sat 28 Nov, at least 13.8 "
        "each, at least 16.4 on the same days before. 4 % of GPU-hours went to failed runs, 1 % "
        "to killed ones."
    )
    both = {"experiments_concluded": 103, "automated_concluded": 93}
    # Automation's conclusions, and not people's work, made the cost lower than before.
    people = {"credits_per_concluded": 16.4}
    assert compute(
        people, credits=1441, gpu_hours=1287, credits_per_concluded=1441 / 196, **both
    ) == (
        "1,441 credits bought 103 conclusions by people and 93 by automation from Mon 23 to Sat 28 "
        f"Nov, 7.4 each over both. {NO_FAILED}"
    )
    assert compute(gpu_hours=3000, experiments_concluded=10, gpu_hours_per_concluded=300) == (
        f"3,000 GPU-hours bought 10 conclusions from Mon 23 to Sat 28 Nov, 300 each. {NO_FAILED}"
    )
    earlier = {"gpu_hours_per_concluded": 30}
    assert compute(earlier, gpu_hours=30) == (
        f"30 GPU-hours from Mon 23 to Sat 28 Nov bought no conclusion. {NO_FAILED}"
    )
    one = {"experiments_concluded": 1, "credits_per_concluded": 60}
    assert compute(earlier, gpu_hours=30, credits=60, **one) == (
        f"60 credits bought 1 conclusion from Mon 23 to Sat 28 Nov, 60.0 each. {NO_FAILED}"
    )
    little = {"experiments_concluded": 20, "gpu_hours": 0.7, "gpu_hours_per_concluded": 0.035}
    assert compute(**little).startswith("0.7 GPU-hours bought 20 conclusions from")
    assert ", under 0.1 each." in compute(**little)
    assert compute() == "No GPU-hours are known from Mon 23 to Sat 28 Nov."


def test_runs_out_names_the_first_two_and_another_order_at_the_last_pace():
    def told(*rows):
        return said(runs_out(ends(*rows), TODAY))

    aurora, dune = end("Aurora", 20), end("Dune", 21)
    both = (
        "Aurora's credits end first, on Fri 18 Dec; Dune's on Sat 19 Dec, at the pace of "
        "15\u201328 Nov."
    )
    assert told(aurora, end("Basalt", 40), dune) == both
    assert told(aurora, end("Dune", 21, fast=19)) == (
        f"{both} At the last 7 days' pace Dune's end first, on Thu 17 Dec."
    )
    assert told(aurora, end("Ember", None, left=-2.0)) == (
        "Aurora's credits end first, on Fri 18 Dec, at the pace of 15\u201328 Nov. The credits of "
        "Ember are used up."
    )
    assert told(aurora, end("Basalt", 40), end("Dune", 20, fast=19)) == (
        "Aurora's and Dune's credits end first, on Fri 18 Dec; Basalt's on Thu 7 Jan 2027, at the "
        "pace of 15\u201328 Nov."
    )
    assert told(aurora | {"or_sooner": True}) == (
        "Aurora's credits end first, on Fri 18 Dec or sooner, at the pace of 15\u201328 Nov."
    )
    assert told(end("Aurora", None)) == "No stream's credits end at the pace of 15\u201328 Nov."
    assert told(aurora | {"pace_days": 1}) == (
        "Aurora's credits end first, on Fri 18 Dec, at the pace of 15\u201328 Nov, of which 1 day "
        "has data."
    )
    month, sooner = ({"seen_before": TODAY + timedelta(days=it)} for it in (30, 19))
    assert told(aurora | month, dune | sooner) == (
        f"{both} A week before, Dune's were to end first, on Thu 17 Dec."
    )
    assert told(aurora | month, end("Dune", 21, fast=19) | sooner) == (
        f"{both} At the last 7 days' pace Dune's end first, on Thu 17 Dec, as was also forecast a "
        "week before."
    )
    assert told(*(it | {"seen_before": TODAY} for it in (aurora, dune))) == both
    assert told() == "No grant of a stream is recorded."


@given(
    now=metric_rows(),
    before=st.none() | metric_rows(),
    names=st.dictionaries(st.sampled_from("abcdefgh"), hostile, min_size=1, max_size=4),
    lines=st.lists(st.tuples(hostile, hostile, st.booleans()), max_size=5),
)
def test_any_line_is_one_inert_sentence_with_a_start(now, before, names, lines):
    streams = [(name, at, 1) for at, name in enumerate(names.values())]
    groups = [
        row for name in names for row in series(name, "serial_share", 9.0, week=MONDAY - WEEK)
    ]
    rows = [
        decision(scholar, name=scholar if named else None, stream_name=stream, named=named)
        for scholar, stream, named in lines
    ]
    known = [end(name, 20) for name in names.values()]
    for days in (SO_FAR, WHOLE, FOUR, ALONE):
        for told in (
            week.changed(weekly(groups), same_days(), names, days),
            week.going_well(Compared(days, now, before), streams),
            week.stuck(queue(*rows), TODAY),
            week.compute(Compared(days, now, before)),
            runs_out(ends(*known), TODAY),
        ):
            text = f"{told.start} {told.rest}".rstrip()
            assert_inert(text)
            assert text.endswith(".")
            assert told.start


@pytest.mark.parametrize(
    ("now", "before", "unit", "words"),
    [
        (61, 47, "count", "+14"),
        (58, 58, "count", "±0"),
        (0.634, 0.686, "share", "\u22126 points"),
        (0.634, 0.6349, "share", "±0 points"),
        (0.02, 0.01, "share", "+1 point"),
        (2.0, 5.3, "count", "\u22123"),
        (11.966, 12.45, "hours", "\u221229 m"),
        (4.0, 4.001, "hours", "±0 m"),
        (None, 4.0, "hours", ""),
    ],
)
def test_a_change_is_the_difference_of_the_printed_values(now, before, unit, words):
    assert plain(compared.change(now, before, unit)) == words
