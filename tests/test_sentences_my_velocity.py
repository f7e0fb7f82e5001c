"""The headline of My velocity, rule by rule with each boundary, and the words of its sections."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, strategies as st

from tests.plain_sentences import assert_fits, hostile, metric_rows, plain, whole
from tests.sentence_frames import WEEK, figures, frame, series as weeks_of, weekly
from velocity.reading.definitions import metrics
from velocity.reading.mine import Parts, Trend, spell_over, timeline_days
from velocity.reading.periods import Window
from velocity.sentences import bought, loops, mine, seen, together
from velocity.sentences.answer import linked
from velocity.sentences.facts import Change, Facts, Setting, Whose
from velocity.sentences.headline import answer, headline, usual_words

FOUR_WEEKS = Window(date(2026, 10, 26), date(2026, 11, 22))
ME, CURLEW = Whose("Curlew", own=True), Whose("Curlew", own=False)
NOW = figures(
    busy_hours=553.0,
    experiments_concluded=38,
    throughput_per_week=9.5,
    serial_share=0.76,
    failure_share=0.09,
    loop_hours_median=34 / 3,
    loop_hours_events=41,
    loops_closed=41,
)
FACTS = Facts(now=NOW, window=FOUR_WEEKS)
SWITCH = Change("serial_share", date(2026, 9, 28), before=1.0, now=0.19)


def said(facts, whose=ME):
    return plain(headline(facts, whose).sentence)


def last_week(measure, value, low, high):
    rows = weekly(weeks_of("curlew", measure, value, limits=(low, high)))
    return rows.filter(week_start=WEEK).to_dicts()


def test_without_a_finding_the_measures_are_reported_with_their_dates():
    assert said(FACTS) == (
        "26 Oct to 22 Nov: 9.5 experiments concluded a week, 76 % of busy hours serial, a loop "
        "took 11 h 20 m."
    )


def test_too_little_history_is_said_below_the_headline():
    told = answer(replace(FACTS, begins=date(2026, 11, 15)), CURLEW)
    assert plain(told.support).startswith(
        "The data begins on Sun 15 Nov: too little history to say what is usual or what has "
        "changed."
    )


def test_the_running_week_has_counts_so_far_instead_of_rates():
    facts = Facts(NOW, Window(date(2026, 11, 23), date(2026, 11, 28)), so_far=True)
    assert said(facts).startswith("23 to 28 Nov: 38 experiments concluded so far")


def test_nothing_in_flight_is_reported_with_its_dates():
    facts = replace(FACTS, now=figures())
    assert said(facts) == "Nothing was in flight, 26 Oct to 22 Nov."


def test_a_loop_needs_six_events():
    few = replace(FACTS, now=NOW | {"loop_hours_events": 5})
    assert "a loop" not in said(few)


@pytest.mark.parametrize(
    ("measure", "value", "limits", "words"),
    [
        (
            "experiments_concluded",
            3.0,
            (7.4, 19.4),
            "In the week of 16 Nov 3 experiments concluded; your weeks usually have 8 to 19.",
        ),
        (
            "failure_share",
            0.34,
            (0.02, 0.18),
            "In the week of 16 Nov 34 % of runs failed; your weeks usually have 2 to 18 %.",
        ),
        (
            "loop_hours_median",
            42.0,
            (12.0, 30.0),
            "In the week of 16 Nov a loop took 42 h; your weeks usually have 12 h to 30 h.",
        ),
    ],
)
def test_a_week_beyond_its_usual_range_comes_first(measure, value, limits, words):
    facts = replace(FACTS, last_week=last_week(measure, value, *limits), changes=[SWITCH])
    assert said(facts) == words
    found = headline(facts, ME)
    assert (found.measure, found.week) == (measure, WEEK)
    assert plain(headline(facts, CURLEW).sentence).endswith(
        words.partition("your")[2].replace("your", "Curlew's")
    )


def test_a_week_inside_its_usual_range_is_no_finding():
    inside = last_week("experiments_concluded", 8.0, 7.4, 19.4)
    assert said(replace(FACTS, last_week=inside)) == said(FACTS)


def test_a_usual_range_of_a_share_that_covers_nearly_everything_is_not_used():
    wide = last_week("serial_share", 1.0, 0.05, 0.86)
    assert said(replace(FACTS, last_week=wide)) == said(FACTS)
    narrow = last_week("serial_share", 1.0, 0.06, 0.86)
    assert said(replace(FACTS, last_week=narrow)).startswith("In the week of 16 Nov 100 %")


def wait_of(hours, usual, label="high-heath-1"):
    waited = {"waited_working_hours": hours, "usual_working_hours": usual}
    return {"label": label, "result_at": datetime(2026, 11, 26, 9, tzinfo=UTC), **waited}


def test_a_result_that_waits_longer_than_its_line_is_used_to_is_named():
    assert said(replace(FACTS, wait=wait_of(12.0, 23 / 3), changes=[SWITCH])) == (
        "high-heath-1 has waited 12 working hours since Thu 26 Nov; this line's usual is up to "
        "7 h 40 m."
    )


@pytest.mark.parametrize(
    ("hours", "usual", "found"),
    [(12.0, 12.0, False), (12.1, 12.0, True), (0.9, 0.5, False), (1.0, 0.5, True)],
)
def test_a_wait_is_reported_beyond_its_usual_and_from_an_hour_on(hours, usual, found):
    assert (said(replace(FACTS, wait=wait_of(hours, usual))) != said(FACTS)) is found


def test_a_lasting_change_is_reported_in_both_directions():
    assert said(replace(FACTS, changes=[SWITCH])) == (
        "Your experiments have run side by side since the week of 28 Sep: 19 % of busy hours "
        "serial, 100 % before."
    )
    back = replace(SWITCH, before=0.19, now=1.0)
    assert said(replace(FACTS, changes=[back]), CURLEW).startswith(
        "Curlew's experiments have run one after another since"
    )
    more = Change("experiments_concluded", date(2026, 9, 28), before=11.0, now=16.0)
    assert said(replace(FACTS, changes=[more])) == (
        "16 experiments have concluded a week since the week of 28 Sep, 11 before."
    )


READY = NOW | {"side_by_side_hours": 56.0, "ready_launches": 6}


def test_launches_that_were_ready_are_reported_from_a_tenth_of_the_busy_hours_and_two_chains_on():
    assert said(replace(FACTS, now=READY, chains=2)) == (
        "Up to 56 h could have run side by side, 26 Oct to 22 Nov: 6 launches were ready before "
        "the result was in."
    )
    assert said(replace(FACTS, now=READY, chains=1)) == said(FACTS)
    short = READY | {"side_by_side_hours": 55.2}
    assert said(replace(FACTS, now=short, chains=2)) == said(FACTS)


def test_that_more_could_run_side_by_side_is_no_headline_for_work_that_does():
    parallel = READY | {"serial_share": 0.09}
    assert said(replace(FACTS, now=parallel, chains=2)).endswith("a loop took 11 h 20 m.")


def test_one_setting_at_a_time_is_reported_from_three_experiments_on():
    found = Setting("lr", 4, 11.0, date(2026, 11, 2), date(2026, 11, 6))
    assert said(replace(FACTS, setting=found)) == (
        "lr was varied alone in 4 experiments one after another (11 h, 2 to 6 Nov): one sweep runs "
        "them together."
    )
    assert said(replace(FACTS, setting=replace(found, experiments=2))) == said(FACTS)


MACHINE, EVEN = Parts(0.62, 0.2, 0.18), Parts(0.5, 0.3, 0.2)


def test_a_part_of_the_loop_that_leads_in_every_week_is_reported():
    facts = replace(FACTS, parts=MACHINE, weekly_parts=[MACHINE] * 4)
    assert said(facts) == (
        "Of your loops' hours 62 % were machine time, 26 Oct to 22 Nov (n = 41)."
    )
    one_week_differs = replace(facts, weekly_parts=[MACHINE] * 3 + [EVEN])
    assert said(one_week_differs) == said(FACTS)
    few = replace(facts, now=NOW | {"loops_closed": 18})
    assert said(few) == said(FACTS)
    enough = replace(facts, now=NOW | {"loops_closed": 19})
    assert "machine time" in said(enough)


def test_the_cost_of_a_conclusion_is_reported_when_it_has_moved():
    cost = Change("gpu_hours_per_concluded", date(2026, 9, 28), before=27.0, now=54.0)
    assert said(replace(FACTS, changes=[cost])) == (
        "A concluded experiment has taken 54 GPU-hours since the week of 28 Sep, 27 before."
    )


def test_the_line_below_has_the_dates_and_what_the_headline_left_out():
    before = NOW | {"throughput_per_week": 14.0, "serial_share": 0.69, "failure_share": 0.08}
    facts = replace(FACTS, changes=[SWITCH], before=before)
    assert plain(answer(facts, ME).support) == (
        "26 Oct to 22 Nov: 9.5 experiments concluded a week (14 before), a loop took 11 h 20 m "
        "(11 h 20 m before), 9 % of runs failed (8 % before)."
    )
    quiet = answer(replace(FACTS, before=before), ME)
    assert plain(quiet.support).startswith("In the 8 weeks before: 14 experiments concluded a week")


def test_usual_ranges_are_whole_counts_inside_their_limits():
    assert plain(usual_words("experiments_concluded", 8.0, 19.0)) == "8 to 19"
    assert plain(usual_words("experiments_concluded", 8.01, 19.99)) == "9 to 19"


@given(
    row=metric_rows(),
    text=hostile,
    own=st.booleans(),
    numbers=st.tuples(st.floats(0, 1e6), st.floats(0, 1e6), whole),
    rule=st.integers(0, 5),
)
def test_every_headline_fits_for_any_figures_and_names(row, text, own, numbers, rule):
    hours, usual, count = numbers
    facts = Facts(
        now=row,
        window=FOUR_WEEKS,
        so_far=rule == 5,
        before=row if own else None,
        chains=2 if rule == 3 else 0,
        parts=MACHINE,
        weekly_parts=[MACHINE],
        wait=wait_of(hours, usual, text) if rule == 1 else None,
        changes=[replace(SWITCH, before=usual / 1e6, now=hours / 1e6)] if rule == 2 else [],
        setting=Setting(text, count, hours, WEEK, WEEK) if rule == 4 else None,
    )
    assert_fits(answer(facts, Whose(text, own=own)))


def trend(measure="experiments_concluded", value=2.0, limits=(1.0, 3.0), weeks=12):
    rows = weekly(weeks_of("curlew", measure, value, limits=limits, weeks=weeks))
    return Trend(rows, frame("metrics"), FOUR_WEEKS, hours=True)


def status(now=NOW, before=None, change=None, measure="experiments_concluded", **series):
    found = mine.status(
        measure, trend=trend(measure, **series), now=now, before=before, change=change
    )
    return plain(found)


LIMITED = NOW | {"throughput_per_week_low": 7.0, "throughput_per_week_high": 12.0}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "**As usual**: 1 to 3"),
        ({"limits": (1.0, 9.0)}, "**As usual** in a wide range: 1 to 9"),
        ({"value": 9.0}, "**Week of 16 Nov beyond usual**: 9 a week"),
        ({"weeks": 5, "limits": None}, "5 full weeks so far; a usual range needs 8"),
        ({"now": LIMITED, "before": NOW}, "**As usual**: 1 to 3"),
        (
            {"now": LIMITED, "before": NOW | {"throughput_per_week": 14.0}},
            "**Fewer**: 14 a week in the 8 weeks before",
        ),
        (
            {"now": LIMITED, "before": NOW | {"throughput_per_week": 12.0}},
            "**As usual**: 1 to 3",
        ),
        (
            {"now": LIMITED, "before": NOW | {"throughput_per_week": 3.0}},
            "**More**: 3 a week in the 8 weeks before",
        ),
    ],
)
def test_the_status_of_a_tile_is_the_first_that_holds(given, words):
    assert status(**given) == words


@pytest.mark.parametrize(
    ("shares", "told"),
    [
        ((0.56, 0.12, 0.32), ("Largest part: machine", "56 %")),
        ((0.2, 0.45, 0.35), ("Largest part: waiting", "45 %")),
        ((0.2, 0.3, 0.5), ("Largest part: time off", "50 %")),
        ((0.4, 0.6, None), ("Largest part: waiting", "60 %")),
    ],
)
def test_a_tile_says_which_part_of_the_loop_is_the_largest(shares, told):
    assert tuple(map(plain, mine.largest_part(Parts(*shares))[:2])) == told


def test_in_a_new_phase_the_usual_range_starts_afresh():
    old = weeks_of("curlew", "experiments_concluded", 2.0, week=WEEK - timedelta(weeks=4))
    new = weeks_of("curlew", "experiments_concluded", 9.0, limits=None, weeks=4)
    rows = [row | {"centre": 2.5} for row in old] + [row | {"phase": 1} for row in new]
    found = Trend(weekly(rows), frame("metrics"), FOUR_WEEKS, hours=True)
    assert found.phase == WEEK - timedelta(weeks=3)
    assert found.usual("experiments_concluded") is None
    assert found.earlier("experiments_concluded") == 2.5
    said = mine.status("experiments_concluded", trend=found, now=NOW, before=None)
    assert plain(said) == "4 full weeks since 26 Oct; a usual range needs 8"


def test_a_running_week_is_never_as_usual():
    assert plain(mine.so_far_status("experiments_concluded", trend())) == (
        "So far; full weeks usually have 1 to 3"
    )
    wide = trend("serial_share", 0.5, (0.05, 0.9))
    assert mine.so_far_status("serial_share", wide) == "This week so far"


def test_a_lasting_change_is_the_status_before_everything_else():
    change = Change("experiments_concluded", date(2026, 9, 28), before=11.0, now=16.0)
    assert status(value=9.0, change=change) == "**Up** since 28 Sep: 11 a week before"


def test_a_share_with_a_very_wide_usual_range_is_compared_with_the_weeks_before():
    wide = {"measure": "serial_share", "value": 0.5, "limits": (0.05, 0.9)}
    assert status(before=NOW, **wide) == "76 % in the 8 weeks before"


def test_parts_of_the_loop_add_up_to_100_as_printed():
    row = {
        "loop_machine_share": 0.554,
        "loop_working_wait_share": 0.124,
        "loop_off_share": 0.322,
    }
    parts = Parts.of(row, hours=True)
    assert sum(parts.per_cent.values()) == 100
    assert parts.shares == {"machine": 0.554, "waiting": 0.124, "off": 0.322}
    hidden = Parts.of(row, hours=False)
    assert hidden.off is None
    assert sum(hidden.per_cent.values()) == 100
    assert Parts.of(dict.fromkeys(row), hours=True) is None


@given(st.dictionaries(st.sampled_from("abcde"), st.floats(0, 1e6), min_size=1))
def test_whole_per_cent_always_add_up(amounts):
    shown = bought.largest_remainder(amounts)
    assert sum(shown.values()) in {0, 100}


def test_gpu_hours_by_what_they_led_to_add_up():
    now = figures(
        gpu_hours=100.0, gpu_hours_failed=10.0, productive_share=0.85, killed_gpu_hours=2.0
    )
    assert bought.parts(now)["per_cent"].to_list() == [85, 2, 10, 3]


def test_serial_and_parallel_hours_add_up_as_printed():
    now = figures(busy_hours=553.5, serial_hours=103.5)
    assert mine.serial_hours(now) == ("104", "450")


def test_fewer_than_six_loops_have_no_median():
    assert mine.loop_value(figures(loop_hours_events=4)) == (
        "not known",
        "4 loops so far; medians start at 6 events.",
    )


def line(ratio, count):
    return {"scholar": "ada", "project": "p", "loops": count, "blind_ratio": ratio}


@pytest.mark.parametrize(
    ("lines", "unrelated"),
    [
        ([line(1.0, 40)], True),
        ([line(0.8, 40)], True),
        ([line(1.25, 40)], True),
        ([line(0.79, 40)], False),
        ([line(1.26, 40)], False),
        ([line(1.0, 29)], False),
        ([line(1.0, 40), line(0.3, 40)], True),
        ([line(1.0, 40), line(0.3, 41)], False),
        ([line(None, 40)], False),
        ([], False),
    ],
)
def test_launches_look_unrelated_if_most_loops_have_a_ratio_near_one(lines, unrelated):
    assert loops.launches_look_unrelated(frame("lines", lines)) is unrelated


LOOP = {
    "label": "gale-170",
    "url": "https://wandb.ai/r",
    "project": "sae-scaling",
    "outcome": "success",
    "status": "awaiting",
    "started_at": datetime(2026, 11, 27, 19, 31, tzinfo=UTC),
    "result_at": datetime(2026, 11, 28, 7, 45, tzinfo=UTC),
    "next_at": None,
    "machine_hours": 12.2333,
    "machine_event": True,
    "reaction_working_hours": 12.0,
    "reaction_hours": 17.25,
    "loop_hours": 29.4833,
    "loop_event": False,
}


def test_waits_with_launches_elsewhere_are_no_idle_time():
    rows = frame(
        "meanwhile",
        [
            {"status": status, "launches": count}
            for status, count in (("closed", 2), ("closed", 0), ("closed", 1), ("awaiting", 3))
        ],
    )
    assert plain(loops.elsewhere(rows)).startswith("In **2 of 3** of these waits something was")
    assert loops.elsewhere(rows.filter(launches=0)) == ""
    assert plain(loops.meanwhile(1)) == " 1 experiment was launched on other lines meanwhile."
    assert plain(loops.meanwhile(2)) == " 2 experiments were launched on other lines meanwhile."
    assert loops.meanwhile(0) == ""


def launches(*counts):
    return pl.DataFrame({"weekday": range(1, len(counts) + 1), "launches": counts})


@pytest.mark.parametrize(
    ("counts", "weeks", "words"),
    [
        ((9, 9, 9, 1, 9), 12, "Hardly a launch on Thursdays in 12 weeks. If this is a day off"),
        ((9, 0, 9, 1, 9), 8, "Hardly a launch on Tuesdays and Thursdays in 8 weeks. If these are"),
        ((9, 0, 9, 1, 9), 7, ""),
        ((9, 9, 9, 2, 9), 12, ""),
        ((9, 1, 1, 1, 0), 12, ""),
    ],
)
def test_days_with_hardly_a_launch_are_asked_about(counts, weeks, words):
    said = plain(loops.days_off(launches(*counts), weeks, Whose("Heron", own=True)))
    assert said.startswith(words)
    assert bool(said) == bool(words)
    if words:
        assert "Only you see this" in said
        assert '`workdays = ["Monday"' in said


def test_a_loop_is_reported_step_by_step():
    steps = loops.steps(LOOP, "Europe/Berlin", hours=True)
    assert [tuple(map(plain, row)) for row in steps.rows()] == [
        ("Launched", "Fri 27 Nov, 20:31", ""),
        ("Result", "Sat 28 Nov, 08:45", "12 h 14 m"),
        ("Next launch", "not yet", "12 h working time so far"),
    ]


def test_others_see_dates_of_a_loop_and_no_times():
    steps = loops.steps(LOOP, "UTC", hours=False)
    assert not any(":" in cell for row in steps.rows() for cell in row)
    assert "awake" not in str(steps.rows())


def test_a_link_is_only_made_of_an_address_that_stays_one():
    assert linked(LOOP) == "[gale\\-170](https://wandb.ai/r)"
    assert linked(LOOP | {"url": "https://x/a)b"}) == "gale\\-170"
    assert linked(LOOP | {"url": None}) == "gale\\-170"


def test_a_chain_names_its_experiments():
    row = {
        "experiments": ["grey-reef-154", "11w7clf6"],
        "urls": ["https://wandb.ai/a/b/runs/c", None],
        "line": "aviary/sae-stitch",
        "started_at": datetime(2026, 11, 24, 9, tzinfo=UTC),
        "spare_hours": 5.2167,
    }
    assert plain(together.chain(row, "UTC")) == (
        "[grey-reef-154](https://wandb.ai/a/b/runs/c) → 11w7clf6 "
        ":small[sae-stitch · Tue 24 Nov · up to 5 h 13 m]"
    )


def test_someone_without_runs_is_not_scolded():
    answer = seen.no_runs("Dotterel", own=True)
    assert answer.sentence == "No run of yours has arrived yet."
    copied = [it for _, _, it, _ in seen.causes(["dotterel"], ["aviary/*"])]
    assert all(copied)
    assert 'entity="aviary"' in copied[0]


def test_rows_of_a_tile_follow_the_weeks():
    frame_of = trend("serial_share").frame
    assert frame_of.columns[:2] == ["week_start", "running"]
    assert frame_of.height == 12
    assert frame_of["experiments_concluded"].dtype == pl.Float64


def test_every_tooltip_leads_to_a_definition():
    tips = [
        mine.FAILED_HELP,
        mine.SERIAL_HELP,
        mine.HOURS_HELP,
        *(mine.largest_part(Parts(*shares))[2] for shares in ((0.2, 0.8, None), (0.2, 0.3, 0.5))),
        together.SPARED_HELP,
        together.COULD_HELP,
        mine.loop_help(NOW),
        mine.concluded_help(LIMITED),
        loops.LOOPS_HELP,
        *(tip for _, _, tip in bought.figures(NOW)),
    ]
    for tip in tips:
        assert re.search(r"\[Definition\]\(definitions#(\w+)\)$", tip)[1] in metrics()


@pytest.mark.parametrize(
    ("days", "spell"),
    [
        (range(9, 21), (date(2026, 11, 9), date(2026, 11, 20))),
        ([9, 10, 11, 12, 13, 16, 17, 18, 19], None),
        ([9, 10, 11, 12, 13], None),
        ([], None),
    ],
)
def test_a_window_of_days_off_is_one_spell(days, spell):
    window = Window(date(2026, 11, 9), date(2026, 11, 20))
    assert spell_over(window, {date(2026, 11, it) for it in days}) == spell
    if spell:
        assert plain(mine.away_line(*spell)) == "Away 9 to 20 Nov: figures pause."


def test_a_weekend_is_no_spell_of_days_off():
    window = Window(date(2026, 11, 14), date(2026, 11, 15))
    assert spell_over(window, {date(2026, 11, 14), date(2026, 11, 15)}) is None


def test_a_timeline_opens_on_the_last_week_with_launches():
    window, last_day = Window(date(2026, 10, 26), date(2026, 11, 22)), date(2026, 11, 28)
    assert timeline_days(window, last_day, up_to_now=True) == (
        date(2026, 11, 16),
        date(2026, 11, 30),
        date(2026, 11, 23),
    )
    found = timeline_days(window, last_day, up_to_now=True, last_launch=date(2026, 11, 13))
    assert found == (date(2026, 11, 2), date(2026, 11, 16), date(2026, 11, 9))
    assert plain(loops.no_runs_since(date(2026, 11, 13))) == "No runs since Fri 13 Nov"


def test_the_page_says_how_many_runs_it_sees():
    said = plain(seen.sees(594, 412, date(2026, 8, 31), Whose("Curlew", own=True)))
    assert said.startswith(
        "**Sees W&B runs only**: 594 of yours since 31 Aug, and 412 experiments by automation, not "
        "in these figures. Reading,"
    )
    said = plain(seen.sees(594, 0, date(2026, 8, 31), Whose("Curlew", own=False)))
    assert "594 of Curlew since 31 Aug. Reading" in said


def test_a_lasting_change_of_the_cost_is_said():
    change = Change("gpu_hours_per_concluded", date(2026, 9, 28), 27.0, 55.0)
    said = plain(bought.compared(NOW | {"gpu_hours_per_concluded": 55.0}, NOW, change))
    assert said == "A concluded experiment took 55 GPU-hours: up since 28 Sep, 27 before."
