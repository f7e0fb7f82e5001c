"""The headline of My velocity, rule by rule with each boundary, and the words of its sections."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, strategies as st

from tests.plain_sentences import assert_fits, hostile, metric_rows, plain, whole
from tests.sentence_frames import FOUR_WEEKS, WEEK, figures, frame, series as weeks_of, weekly
from velocity.reading.definitions import metrics
from velocity.reading.mine import Parts, Trend, spell_over, timeline_days
from velocity.reading.periods import Window, whole_week
from velocity.sentences import bought, loops, mine, seen, together
from velocity.sentences.answer import linked
from velocity.sentences.facts import Change, Facts, Setting, Since, Whose
from velocity.sentences.headline import answer, headline, usual_words

ME, CURLEW = Whose("Curlew", own=True), Whose("Curlew", own=False)
NOW = figures(
    weeks=8.0,
    busy_hours=553.0,
    experiments_concluded=38,
    throughput_per_week=9.5,
    serial_share=0.76,
    failure_share=0.09,
    runs_failed=9,
    loop_hours_median=34 / 3,
    loop_hours_events=41,
    loops_closed=41,
)
FACTS = Facts(now=NOW, window=FOUR_WEEKS)
SWITCH = Change("serial_share", date(2026, 9, 28), before=1.0, now=0.19)
READY = NOW | {"side_by_side_hours": 56.0, "ready_launches": 6}
SETTING = Setting("lr", 4, 11.0, date(2026, 11, 2), date(2026, 11, 6))
MACHINE, EVEN = Parts(0.62, 0.2, 0.18), Parts(0.5, 0.3, 0.2)
MACHINE_TIME = {"parts": MACHINE, "weekly_parts": [MACHINE] * 4}
UP = Change("experiments_concluded", date(2026, 9, 28), before=11.0, now=16.0)
COST = Change("gpu_hours_per_concluded", date(2026, 9, 28), before=27.0, now=55.0)


def said(whose=ME, **known):
    """The headline for `FACTS`, with what else is known."""
    return plain(headline(replace(FACTS, **known), whose).sentence)


def last_week(measure, value, low, high):
    rows = weeks_of("curlew", measure, value, limits=(low, high))
    return [it for it in rows if it["week_start"] == WEEK]


def test_without_a_finding_the_measures_are_reported_with_their_dates():
    assert said() == (
        "26 Oct to 22 Nov: 9.5 experiments concluded a week, 76 % of busy hours serial, a loop "
        "took 11 h 20 m."
    )
    assert "a loop" not in said(now=NOW | {"loop_hours_events": 5})
    assert ": 1 experiment concluded a week," in said(now=NOW | {"throughput_per_week": 1.0})
    few = said(now=NOW | {"throughput_per_week": 0.04})
    assert ": under 0.1 experiments concluded a week," in few
    assert said(now=figures()) == "Nothing was in flight, 26 Oct to 22 Nov."
    # The running week has counts so far instead of rates.
    this_week = said(window=Window(date(2026, 11, 23), date(2026, 11, 28)), so_far=True)
    assert this_week.startswith("23 to 28 Nov: 38 experiments concluded so far")
    # Nor is anything scaled to a week; the weeks before are whole. Few runs have no share.
    few = NOW | {"runs_failed": 0, "failure_share": 0.0, "runs_finished": 5}
    day = Window(date(2026, 11, 18), date(2026, 11, 18))
    told = answer(replace(FACTS, now=few, window=day, before=NOW), CURLEW)
    assert plain(told.sentence).startswith("18 Nov: 38 experiments concluded, 76 % of")
    assert plain(told.support) == (
        "In the 8 weeks before: 9.5 experiments concluded a week, 76 % of busy hours serial, a "
        "loop took 11 h 20 m."
    )
    assert mine.failed_value(few) == "0 of 5"
    assert plain(mine.failed_value(NOW)) == "9 %"
    for now, runs in (
        (figures(), "0 concluded, 26 Oct to 22 Nov; no run ended."),
        (few, "38 concluded, 26 Oct to 22 Nov; 0 of 5 runs failed."),
    ):
        assert plain(mine.concluded_caption(now, trend(), FOUR_WEEKS)) == runs


def test_too_little_history_is_said_below_the_headline():
    told = answer(replace(FACTS, begins=date(2026, 11, 15)), CURLEW)
    assert plain(told.support).startswith(
        "The data begins on Sun 15 Nov: too little history to say what is usual or what has "
        "changed."
    )


@pytest.mark.parametrize(
    ("measure", "value", "limits", "found", "usual"),
    [
        ("experiments_concluded", 3.0, (7.4, 19.4), "3 experiments concluded", "8 to 19"),
        ("experiments_concluded", 3.0, (2.1, 2.9), "3 experiments concluded", "2.1 to 2.9"),
        ("failure_share", 0.34, (0.02, 0.18), "34 % of runs failed", "2 to 18 %"),
        ("loop_hours_median", 42.0, (12.0, 30.0), "a loop took 42 h", "12 h to 30 h"),
    ],
)
def test_a_week_beyond_its_usual_range_comes_first(measure, value, limits, found, usual):
    known = {"last_week": last_week(measure, value, *limits), "changes": [SWITCH]}
    assert said(**known) == f"In the week of 16 Nov {found}; your weeks usually have {usual}."
    told = headline(replace(FACTS, **known), CURLEW)
    assert (told.measure, told.window) == (measure, whole_week(WEEK))
    assert plain(told.sentence).endswith(f" Curlew's weeks usually have {usual}.")


def wait_of(hours, usual, label="high-heath-1", **more):
    waited = {"waited_working_hours": hours, "usual_working_hours": usual}
    row = {"label": label, "result_at": datetime(2026, 11, 26, 9, tzinfo=UTC), **waited}
    return row | {"kind": "result", "usual_of": "line"} | more


@pytest.mark.parametrize(
    ("known", "found"),
    [
        ({"last_week": last_week("experiments_concluded", 8.0, 7.4, 19.4)}, False),
        # A usual range of a share that covers nearly everything is not used.
        ({"last_week": last_week("serial_share", 1.0, 0.05, 0.86)}, False),
        ({"last_week": last_week("serial_share", 1.0, 0.06, 0.86)}, True),
        # A wait is reported beyond its usual, from an hour on.
        ({"wait": wait_of(12.0, 12.0)}, False),
        ({"wait": wait_of(12.1, 12.0)}, True),
        ({"wait": wait_of(0.9, 0.5)}, False),
        ({"wait": wait_of(1.0, 0.5)}, True),
        # Launches that were ready: from a tenth of the busy hours and two chains on.
        ({"now": READY, "chains": 2}, True),
        ({"now": READY, "chains": 1}, False),
        ({"now": READY | {"side_by_side_hours": 55.2}, "chains": 2}, False),
        ({"setting": SETTING}, True),
        ({"setting": replace(SETTING, experiments=2)}, False),
        # A part of the loop: if it leads in every week of 19 loops.
        (MACHINE_TIME, True),
        (MACHINE_TIME | {"weekly_parts": [MACHINE] * 3 + [EVEN]}, False),
        (MACHINE_TIME | {"now": NOW | {"loops_closed": 18}}, False),
        (MACHINE_TIME | {"now": NOW | {"loops_closed": 19}}, True),
    ],
    ids=[
        *("week inside", "wide range", "narrower range", "usual wait", "longer wait"),
        *("wait of 54 min", "wait of 1 h", "ready", "one chain", "few ready hours"),
        *("setting", "two of a setting", "machine", "three weeks of four"),
        *("18 loops", "19 loops"),
    ],
)
def test_a_finding_is_reported_from_its_threshold_on(known, found):
    assert (said(**known) != said()) is found


def test_each_finding_is_said_in_its_own_words():
    assert said(last_week=last_week("serial_share", 1.0, 0.06, 0.86)).startswith(
        "In the week of 16 Nov 100 %"
    )
    assert said(wait=wait_of(12.0, 23 / 3), changes=[SWITCH]) == (
        "high-heath-1 has waited 12 working hours since Thu 26 Nov; this line's usual is up to "
        "7 h 40 m."
    )
    assert said(wait=wait_of(12.0, 23 / 3, "calm-1", kind="failure", usual_of="scholar")) == (
        "calm-1 failed and has waited 12 working hours since Thu 26 Nov; the usual of all lines is "
        "up to 7 h 40 m."
    )
    blocks = [headline(replace(FACTS, **it), ME).block for it in ({"wait": wait_of(12.0, 1.0)}, {})]
    assert blocks == ["selected-loop", ""]
    assert said(now=READY, chains=2) == (
        "Up to 56 h could have run side by side, 26 Oct to 22 Nov: 6 launches were ready before "
        "the result was in."
    )
    # For work that does run side by side, that more could is no headline.
    parallel = said(now=READY | {"serial_share": 0.09}, chains=2)
    assert parallel.endswith("a loop took 11 h 20 m.")
    assert said(setting=SETTING) == (
        "lr was varied alone in 4 experiments one after another (11 h, 2 to 6 Nov): one sweep runs "
        "them together."
    )
    machine = said(**MACHINE_TIME)
    assert machine == "Of your loops' hours 62 % were machine time, 26 Oct to 22 Nov (n = 41)."
    # Others cannot tell waits from time off.
    hidden = Parts(0.3, 0.7, None)
    told = said(CURLEW, parts=hidden, weekly_parts=[hidden])
    assert told.startswith("Of Curlew's loops' hours 70 % were waiting or off,")


def test_a_lasting_change_is_reported_in_both_directions():
    assert said(changes=[SWITCH]) == (
        "Your experiments have run side by side since the week of 28 Sep: 19 % of busy hours "
        "serial, 100 % before."
    )
    back = replace(SWITCH, before=0.19, now=1.0)
    assert said(CURLEW, changes=[back]).startswith(
        "Curlew's experiments have run one after another since"
    )
    more = said(changes=[UP])
    assert more == "16 experiments have concluded a week since the week of 28 Sep, 11 before."
    assert said(changes=[replace(UP, now=1.0)]).startswith(
        "1 experiment has concluded a week since"
    )
    cost = said(changes=[replace(COST, now=54.0)])
    assert cost == (
        "A concluded experiment has taken 54 GPU-hours since the week of 28 Sep, 27 before."
    )


def test_small_amounts_of_compute_are_not_written_as_nothing():
    little = NOW | {"gpu_hours": 0.3, "credits": 1.04, "gpu_hours_per_concluded": 0.03}
    values = [plain(it) for _, it, _ in bought.figures(little)]
    assert values == ["0.3", "under 0.1 GPU-h", "1"]
    unknown = NOW | {"unpriced_run_hours": 0.3, "gpu_hours_per_concluded": 0.0}
    assert {it for _, it, _ in bought.figures(unknown)} == {"not recorded"}
    assert bought.compared(unknown, None) == ""


def test_a_lasting_change_of_the_cost_is_said():
    said = plain(bought.compared(NOW | {"gpu_hours_per_concluded": 55.0}, NOW, COST))
    assert said == "A concluded experiment took 55 GPU-hours: 55 since 28 Sep, 27 before."
    # Automation's cost far less, so how many there are decides the cost of all.
    both = NOW | {"gpu_hours_per_concluded": 55.0, "gpu_hours": 55.0 * 47}
    assert plain(bought.compared(both, NOW, COST)) == (
        "A concluded experiment took 55 GPU-hours, with those of automation."
    )
    assert bought.compared(NOW, both, COST).endswith(", with those of automation.")


def test_the_line_below_has_the_dates_and_what_the_headline_left_out():
    before = NOW | {"throughput_per_week": 14.0, "serial_share": 0.69, "failure_share": 0.08}
    facts = replace(FACTS, wait=wait_of(12.0, 12.1), before=before, setting=SETTING)
    assert plain(answer(facts, ME).support) == (
        "26 Oct to 22 Nov: 9.5 experiments concluded a week (14 before), 76 % of busy hours serial "
        "(69 % before), a loop took 11 h 20 m (11 h 20 m before)."
    )
    quiet = answer(replace(FACTS, before=before), ME)
    assert plain(quiet.support).startswith("In the 8 weeks before: 14 experiments concluded a week")


@pytest.mark.parametrize(
    ("machine", "waited", "half"),
    [
        ((1.5, 16.25), (1.0, 1.2), "a result took 16 h 15 m of machine time (1 h 30 m before)"),
        ((1.5, 1.5), (1.0, 4.0), "a result waited 4 h in working hours (1 h before)"),
        ((None, 1.5), (None, 4.0), "a loop took 11 h 20 m (5 h before)"),
    ],
)
def test_with_a_lasting_change_the_line_below_has_one_baseline(machine, waited, half):
    halves = ("machine_hours_median", "reaction_working_hours_median")
    old = {"throughput_per_week": 11.0, "serial_share": 1.0, "loop_hours_median": 5.0}
    before, now = (
        NOW | more | dict(zip(halves, values, strict=True))
        for more, values in zip((old, {}), zip(machine, waited, strict=True), strict=True)
    )
    since = Since(Window(date(2026, 9, 28), date(2026, 11, 22)), now, before)
    week = Window(date(2026, 11, 20), date(2026, 11, 22))
    facts = replace(FACTS, window=week, changes=[SWITCH], since=since, before=figures())
    assert plain(answer(facts, ME).support) == (
        f"Since 28 Sep: 9.5 experiments concluded a week (11 before), {half}, 9 % of runs failed "
        "(9 % before)."
    )
    told = headline(facts, ME)
    assert (told.measure, told.window) == ("serial_share", since.window)


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


def status(before=None, change=None, now=NOW, measure="experiments_concluded", **series):
    facts = replace(FACTS, now=now, before=before, changes=[change] if change else [])
    return plain(mine.status(measure, trend(measure, **series), facts))


LIMITED = NOW | {"throughput_per_week_low": 7.0, "throughput_per_week_high": 12.0}
WIDE = {"measure": "serial_share", "value": 0.5, "limits": (0.05, 0.9)}


def limited(before):
    return {"now": LIMITED, "before": NOW | {"throughput_per_week": before}}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "**As usual**: 1 to 3"),
        ({"limits": (1.0, 9.0)}, "**As usual**: 1 to 9, a wide range"),
        ({"value": 9.0}, "**Week of 16 Nov beyond usual**: 9, usually 1 to 3"),
        ({"weeks": 5, "limits": None}, "5 full weeks so far; a usual range needs 8"),
        (limited(9.5), "**As usual**: 1 to 3"),
        (limited(14.0), "**Fewer**: 14 a week in the 8 weeks before"),
        (limited(12.0), "**As usual**: 1 to 3"),
        (limited(3.0), "**More**: 3 a week in the 8 weeks before"),
        ({"value": 9.0, "change": UP}, "**Up** since 28 Sep: 16 a week, 11 before"),
        (
            WIDE | {"before": NOW},
            "76 % in the 8 weeks before; weeks differ too much for a usual range",
        ),
        # The data may begin later.
        (
            {"weeks": 8, "limits": None, "before": NOW | {"weeks": 4.9}, "measure": "serial_share"},
            "76 % in the 5 weeks before",
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
        ((0.4, 0.6, None), ("Largest part: waiting or off", "60 %")),
    ],
)
def test_a_tile_says_which_part_of_the_loop_is_the_largest(shares, told):
    assert tuple(map(plain, mine.largest_part(Parts(*shares))[:2])) == told


def test_rows_of_a_tile_follow_the_weeks_and_a_new_phase_has_a_usual_range_of_its_own():
    tile = trend("serial_share").frame
    assert (tile.columns[:2], tile.height) == (["week_start", "running"], 12)
    assert tile["experiments_concluded"].dtype == pl.Float64
    count = "experiments_concluded"
    old = weeks_of("curlew", count, 2.0, week=WEEK - timedelta(weeks=4))
    new = weeks_of("curlew", count, 9.0, limits=None, weeks=4)
    rows = [row | {"centre": 2.5} for row in old] + [row | {"phase": 1} for row in new]
    found = Trend(weekly(rows), frame("metrics"), FOUR_WEEKS, hours=True)
    assert found.phase == WEEK - timedelta(weeks=3)
    assert (found.usual(count), found.earlier(count)) == (None, 2.5)
    said = mine.status(count, found, FACTS)
    assert plain(said) == "4 full weeks since 26 Oct; a usual range needs 8"


def test_usual_ranges_are_whole_counts_and_less_than_a_week_is_never_as_usual():
    count = "experiments_concluded"
    assert plain(usual_words(count, 8.0, 19.0)) == "8 to 19"
    assert plain(usual_words(count, 8.01, 19.99)) == "9 to 19"
    rows = weekly(weeks_of("curlew", count, 2.0, week=date(2026, 11, 23), running=True))
    for first, start in ((23, "So far"), (22, "5 days")):
        days = Window(date(2026, 11, first), date(2026, 11, 26))
        told = mine.part_status(count, replace(trend(), weekly=rows, window=days))
        assert plain(told) == f"{start}; full weeks usually have 1 to 3"
    wide = replace(trend(**WIDE), window=days)
    assert mine.part_status("serial_share", wide) == "5 days, less than a week"


def test_parts_of_the_loop_add_up_to_100_as_printed():
    names = ("loop_machine_share", "loop_working_wait_share", "loop_off_share")
    row = dict(zip(names, (0.554, 0.124, 0.322), strict=True))
    parts, hidden = (Parts.of(row, hours=it) for it in (True, False))
    assert sum(parts.per_cent.values()) == sum(hidden.per_cent.values()) == 100
    assert parts.shares == {"machine": 0.554, "waiting": 0.124, "off": 0.322}
    assert hidden.off is None
    assert Parts.of(dict.fromkeys(row), hours=True) is None


def test_hours_add_up_as_printed_and_few_loops_have_no_median():
    parts = {"gpu_hours_failed": 10.0, "productive_share": 0.85, "killed_gpu_hours": 2.0}
    now = figures(gpu_hours=100.0, **parts, busy_hours=553.5, serial_hours=103.5)
    assert bought.parts(now)["per_cent"].to_list() == [85, 2, 10, 3]
    assert mine.serial_hours(now) == ("104", "450")
    few = "4 loops so far; medians start at 6 events."
    assert mine.loop_value(figures(loop_hours_events=4)) == ("not known", few)


@given(st.dictionaries(st.sampled_from("abcde"), st.floats(0, 1e6), min_size=1))
def test_whole_per_cent_always_add_up(amounts):
    assert sum(bought.largest_remainder(amounts).values()) in {0, 100}


@pytest.mark.parametrize(
    ("lines", "unrelated"),
    [
        ([(1.0, 40)], True),
        ([(0.8, 40)], True),
        ([(1.25, 40)], True),
        ([(0.79, 40)], False),
        ([(1.26, 40)], False),
        ([(1.0, 29)], False),
        ([(1.0, 40), (0.3, 40)], True),
        ([(1.0, 40), (0.3, 41)], False),
        ([(None, 40)], False),
        ([], False),
    ],
)
def test_launches_look_unrelated_if_most_loops_have_a_ratio_near_one(lines, unrelated):
    rows = [{"blind_ratio": ratio, "loops": count} for ratio, count in lines]
    assert loops.launches_look_unrelated(frame("lines", rows)) is unrelated


LOOP = {
    "label": "gale-170",
    "url": "https://wandb.ai/r",
    "outcome": "success",
    "status": "awaiting",
    "started_at": datetime(2026, 11, 27, 19, 31, tzinfo=UTC),
    "result_at": datetime(2026, 11, 28, 7, 45, tzinfo=UTC),
    "next_at": None,
    "machine_hours": 12.2333,
    "machine_event": True,
    "reaction_working_hours": 12.0,
}


def test_waits_with_launches_elsewhere_are_no_idle_time():
    known = [("closed", 2), ("closed", 0), ("closed", 1), ("awaiting", 3)]
    rows = frame("meanwhile", [{"status": it, "launches": count} for it, count in known])
    assert plain(loops.elsewhere(rows)).startswith("In **2 of 3** of these waits something was")
    assert loops.elsewhere(rows.filter(launches=0)) == ""
    assert [plain(loops.meanwhile(it)) for it in (0, 1, 2)] == [
        "",
        "1 experiment was launched on other lines meanwhile.",
        "2 experiments were launched on other lines meanwhile.",
    ]


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
    launches = pl.DataFrame({"weekday": range(1, len(counts) + 1), "launches": counts})
    said = plain(loops.days_off(launches, weeks, Whose("Heron", own=True)))
    assert said.startswith(words)
    for part in ("", "Only you see this", '`workdays = ["Monday"'):
        assert (part in said and said != "") == bool(words)


@pytest.mark.parametrize(
    ("hours", "told"),
    [
        (True, "41 results waited 513 h by the clock until the next launch, **180 h** of it in"),
        (False, "From 41 results to the next launch 513 h passed by the clock, waiting or off."),
    ],
)
def test_only_the_scholar_reads_how_much_of_the_wait_was_in_working_hours(hours, told):
    now = figures(loops_closed=41, reaction_hours_closed=513.0, working_wait_hours=180.0)
    assert plain(loops.waits(now, CURLEW, hours=hours)).startswith(told)


def test_a_loop_is_reported_step_by_step():
    steps = loops.steps(LOOP, "Europe/Berlin", hours=True)
    assert [tuple(map(plain, row)) for row in steps.rows()] == [
        ("Launched", "Fri 27 Nov, 20:31", ""),
        ("Result", "Sat 28 Nov, 08:45", "12 h 14 m"),
        ("Next launch", "not yet", "12 h working time so far"),
    ]
    # It was killed, and so many days later nothing more is counted of its wait.
    killed = LOOP | {"outcome": "killed", "machine_event": False, "status": "abandoned"}
    assert [plain(it) for it in loops.steps(killed, "UTC", hours=False)["After"]] == [
        "",
        "12 h 14 m",
        "12 h working time in these",
    ]
    assert loops.steps(killed, "UTC", hours=False)["When"][2] == "none within 5\u00a0d"
    late = killed | {"next_at": LOOP["result_at"] + timedelta(days=6)}
    assert plain(loops.steps(late, "UTC", hours=False)["When"][2]) == ("none within 5 d, Fri 4 Dec")
    spans = {"reaction_hours": 120.0, "loop_hours": 132.25, "loop_event": False}
    assert plain(loops.by_the_clock(killed | spans, hours=False)) == (
        "By the clock: over 5 d after the result, over 5 d 12 h in all."
    )
    # Counted back from now, it would tell others when the result came.
    waits = killed | spans | {"status": "awaiting"}
    assert loops.by_the_clock(waits, hours=False) == ""
    assert plain(loops.by_the_clock(waits, hours=True)).endswith("5 d 12 h in all so far.")
    assert plain(loops.waited(killed, "UTC")).endswith("· over 12 h]")
    # Others see its dates and no times.
    cells = [it for row in loops.steps(LOOP, "UTC", hours=False).rows() for it in row]
    assert not [it for it in cells if ":" in it or "awake" in it]


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://wandb.ai/r", "[gale\\-170](https://wandb.ai/r)"),
        ("https://x/a)b", "gale\\-170"),
        (None, "gale\\-170"),
    ],
)
def test_a_link_is_only_made_of_an_address_that_stays_one(url, link):
    assert linked(LOOP | {"url": url}) == link


@pytest.mark.parametrize(
    ("followed", "ready", "chains", "said"),
    [
        (2, 0, 0, "Too few launches followed a result to say more."),
        (3, 0, 0, "None of 3 launches after a result came within 7.5 minutes of one that had"),
        (3, 1, 1, "1 of 3 launches after a result came within 7.5 minutes of one that had"),
        # Ready in these days, though the chain began before them.
        (1, 1, 0, "1 of 1 launch after a result came within 7.5 minutes of one that had"),
    ],
)
def test_what_could_have_run_together_is_said_by_the_launches_and_the_setting(
    followed, ready, chains, said
):
    now = figures(experiments_following=followed, ready_launches=ready)
    facts = replace(FACTS, now=now, chains=chains, ready_minutes=7.5)
    assert together.advice(facts).startswith(said)
    assert ("began earlier" in together.advice(facts)) == bool(ready and not chains)


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


def test_every_tooltip_leads_to_a_definition():
    tips = [
        mine.FAILED_HELP,
        mine.SERIAL_HELP,
        mine.HOURS_HELP,
        *(mine.largest_part(Parts(*shares))[2] for shares in ((0.2, 0.8, None), (0.2, 0.3, 0.5))),
        together.SPARED_HELP,
        together.COULD_HELP,
        mine.loop_help(NOW),
        mine.concluded_help(replace(FACTS, now=LIMITED)),
        loops.LOOPS_HELP,
        *(tip for _, _, tip in bought.figures(NOW)),
    ]
    for tip in tips:
        assert re.search(r"\[Definition\]\(definitions#(\w+)\)$", tip)[1] in metrics()


@pytest.mark.parametrize(
    ("first", "last", "days", "is_spell"),
    [
        (9, 20, range(9, 21), True),
        (9, 20, [9, 10, 11, 12, 13, 16, 17, 18, 19], False),
        (9, 20, [9, 10, 11, 12, 13], False),
        (9, 20, [], False),
        # A weekend.
        (14, 15, [14, 15], False),
    ],
)
def test_a_window_of_days_off_is_one_spell(first, last, days, is_spell):
    window = Window(date(2026, 11, first), date(2026, 11, last))
    spell = spell_over(window, {date(2026, 11, it) for it in days})
    assert spell == ((window.first, window.last) if is_spell else None)
    words = plain(mine.away_line(window.first, window.last))
    assert words == f"Away {first} to {last} Nov: figures pause."


def test_a_timeline_opens_on_the_last_week_with_launches():
    asked = (FOUR_WEEKS, date(2026, 11, 28))
    found = timeline_days(*asked, up_to_now=True)
    assert found == (date(2026, 11, 16), date(2026, 11, 30), date(2026, 11, 23))
    found = timeline_days(*asked, up_to_now=True, last_launch=date(2026, 11, 13))
    assert found == (date(2026, 11, 2), date(2026, 11, 16), date(2026, 11, 9))
    # What waits since is in sight.
    found = timeline_days(*asked, up_to_now=True, last_launch=date(2026, 11, 20))
    assert found == (date(2026, 11, 16), date(2026, 11, 30), date(2026, 11, 16))
    assert plain(loops.no_runs_since(date(2026, 11, 13))) == "No runs since Fri 13 Nov"


def test_the_page_says_how_many_runs_it_sees():
    since = date(2026, 8, 31)
    assert plain(seen.sees(594, 412, since, ME)).startswith(
        "**Sees W&B runs only**: 594 of yours since 31 Aug, and 412 experiments by automation, not "
        "in these figures. Reading,"
    )
    assert "594 of Curlew since 31 Aug. Reading" in plain(seen.sees(594, 0, since, CURLEW))
