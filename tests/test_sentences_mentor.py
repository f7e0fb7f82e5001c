"""The sheet of a scholar in words: its claim, its sentences, and the experiments behind them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from tests.plain_sentences import plain
from tests.sentence_frames import SO_FAR, decision, frame, queue, waiting
from tests.test_sentences_streams import figures
from velocity.reading.periods import Window
from velocity.sentences import mentor as words, mentor_facts as rows_of
from velocity.sentences.compared import Days
from velocity.sentences.mentor_facts import Facts

_OF_LOOPS = {
    "next_at": pl.Datetime("us", "UTC"),
    "machine_hours": pl.Float64,
    "reaction_working_hours": pl.Float64,
    "url": pl.String,
}


def day(of_november):
    return datetime(2026, 11, of_november, tzinfo=UTC)


def experiment(name, launched, **more):
    return {
        "experiment_id": f"e/probe/{name}",
        "scholar": "heron",
        "entity": "e",
        "project": "probe",
        "label": name,
        "runs": 2,
        "started_at": day(launched),
        "result_at": day(launched),
        "outcome": "success",
        "loop_status": "closed",
        "machine_hours": 2.0,
        "reaction_working_hours": 0.5,
    } | more


def experiments(*rows):
    """Latest first, as the read gives them."""
    return frame("experiments", rows, **_OF_LOOPS)


_FIGURES = {
    "repeat_share": None,
    "serial_share": 0.96,
    "sweep_width": 3.4,
    "experiments_following": 8,
    "ready_launches": 0,
    "gpu_hours": 306.0,
    "gpu_hours_failed": 1.8,
    "unpriced_run_hours": 0.0,
    "credits": 336.0,
    "credits_per_concluded": 33.6,
    "gpu_hours_per_concluded": 30.6,
}


def sheet(now=None, before=None, **more):
    given = {
        "decisions": queue(),
        "experiments": experiments(),
        "old": frame("open_work", label=pl.String),
        "chains": frame("chains"),
        "settings": frame("one_setting"),
        "concluded": frame("concluded"),
        "silent": frame("stuck"),
        "weeks": frame("to_date", [{"n": 1}]),
    } | more
    now, before = (it if it is None else figures(**(_FIGURES | it)) for it in (now, before))
    return Facts(name="Heron", days=SO_FAR, now=now, before=before, zone="UTC", **given)


DIED = experiments(
    experiment("last", 26),
    *(
        experiment(f"died-{it}", it, outcome="false_start", loop_status="none")
        for it in (25, 24, 23)
    ),
)
WAITS = decision(experiment_id="e/probe/high-heath-1", result_at=day(26))
WAITING = queue(WAITS)


def said(line):
    return plain(line.text)


def test_the_title_claims_what_waits_and_what_died_with_the_days():
    facts = sheet({}, decisions=WAITING, experiments=DIED)
    assert plain(words.title(facts)) == (
        "Heron, Mon 23 to Sat 28 Nov: one result waits and three launches died at the start"
    )


@pytest.mark.parametrize(
    ("now", "lines", "hidden", "claim"),
    [
        ({}, "", False, "10 experiments concluded, nothing waits longer than usual"),
        (None, "", False, "nothing waits longer than usual"),
        ({"experiments_concluded": 3}, "(heron)", True, "three experiments concluded"),
        ({}, "heron heron!", False, "two lines wait"),
    ],
)
def test_without_a_claim_the_title_says_that_nothing_waits(now, lines, hidden, claim):
    facts = sheet(now, decisions=waiting(lines), hidden=hidden)
    assert plain(words.title(facts)) == f"Heron, Mon 23 to Sat 28 Nov: {claim}"


def test_somebody_who_never_launched_anything_has_one_line():
    facts = sheet(None, weeks=frame("to_date", [{"n": 0}]))
    assert plain(words.title(facts)).endswith(": no run has arrived yet")
    assert [it.about for it in words.lines(facts)] == ["Before"]
    assert len(rows_of.questions(facts)) == 3


def test_a_silent_run_is_named_with_its_line_and_day():
    row = {"entity": "e", "project": "probe", "since_at": day(26), "n": 2}
    facts = sheet({}, silent=frame("stuck", [row, row | {"project": "arch", "n": 1}]))
    assert plain(words.title(facts)).endswith(": three runs are silent")
    line = next(it for it in words.lines(facts) if it.about == "Silent")
    assert said(line) == (
        "**Three runs are silent and may hold a GPU for nothing:** arch since Thu 26 Nov and probe "
        "since Thu 26 Nov."
    )


def decide(*rows, now=None, **more):
    return said(words.decide(sheet(now, decisions=queue(*rows), **more)))


def test_decide_has_the_experiment_its_day_its_wait_and_the_usual():
    own = experiment("high-heath-1", 26, loop_status="awaiting", machine_hours=21.0)
    assert decide(WAITS, experiments=experiments(own)) == (
        "**high-heath-1** has had a result since Thu 26 Nov, after 21 h on the machine; nothing "
        "launched since. 12 h of working hours; usual up to 7 h 30 m (168 waits)."
    )


def test_decide_names_the_other_lines_that_wait():
    rows = [
        decision(label=f"x-{it}", project=it, experiment_id=it, result_at=day(26), kind="failure")
        for it in "abcde"
    ]
    text = decide(*rows)
    assert text.startswith("**x-a** failed on Thu 26 Nov; nothing launched since.")
    assert text.endswith("x-b, x-c, x-d and one more wait too.")
    assert decide(*rows[:2]).endswith("x-b waits too.")


TOO_FEW = "One line has too few waits to judge."


def fresh(**more):
    return decision(needs_decision=False, waited_working_hours=3.0) | more


def test_decide_without_a_queue_says_so_and_how_long_the_longest_waits():
    assert decide() == "**Nothing waits for a decision.**"
    assert decide(fresh()) == (
        "**Nothing waits longer than usual.** **high-heath-1** has had a result since Sat 28 Nov, "
        "3 h of working hours since; usual up to 7 h 30 m (168 waits)."
    )
    both = [fresh(), decision("new", project="q", needs_decision=False, usual_working_hours=None)]
    assert decide(*both).endswith(f"(168 waits). {TOO_FEW}")
    assert plain(words.title(sheet({}, decisions=queue(*both)))).endswith(
        "nothing waits longer than usual; one line has too few waits to judge"
    )


@pytest.mark.parametrize("own", ["(heron)", "(heron)!", "heron~", "heron!~", ""])
def test_with_a_line_that_is_not_named_yet_all_sheets_say_the_same(own):
    hidden = sheet({"experiments_concluded": 3}, decisions=waiting(own), hidden=True)
    assert said(words.decide(hidden)) == (
        "**Nothing that leads may see yet needs a decision;** they see a line 24 hours after its "
        "scholar."
    )
    assert rows_of.failures(hidden) is None
    assert plain(words.title(hidden)).endswith(": three experiments concluded")
    none = sheet({"experiments_concluded": 0}, decisions=waiting(own), hidden=True)
    assert plain(words.title(none)).endswith(": no experiment concluded")


def test_decide_judges_nothing_against_a_usual_that_does_not_exist():
    new = fresh(kind="failure", usual_working_hours=None)
    assert decide(new) == (
        "**Cannot be judged yet:** **high-heath-1** failed on Sat 28 Nov, 3 h of working hours "
        f"since. {TOO_FEW}"
    )
    assert plain(words.title(sheet({}, decisions=queue(new)))).endswith(
        ": 10 experiments concluded, one line has too few waits to judge"
    )
    waits = decision(project="p", experiment_id="e/p/x", result_at=day(26))
    assert decide(waits, new).endswith(f"(168 waits). {TOO_FEW}")


def ask(now=None, before=None, **more):
    return said(words.ask(sheet(now, before, **more)))


def test_ask_names_launches_that_died_from_the_third_on():
    assert ask({}, {"failure_share": 0.07}, experiments=DIED) == (
        "**Three launches died within two minutes,** on 23, 24 and 25 Nov, with 6 runs: died-23, "
        "died-24, died-25. 10 % of runs failed (4 of 40), from 7 %. Same cause?"
    )
    assert ask({}, experiments=DIED.head(3)) == (
        "**Nothing runs longer than usual.** 10 % of runs failed (4 of 40). Two launches died "
        "within two minutes."
    )


def test_ask_is_about_what_runs_too_long_then_about_failures_then_about_repeats():
    old = {"experiment_id": "e/probe/x", "label": "x", "wip_age_hours": 30.0}
    assert ask({}, old=frame("open_work", [old], label=pl.String)) == (
        "**x** has run for 30 h, longer than 85 of 100 of its line. Is it still needed?"
    )
    many = {"failure_share": 0.3, "runs_failed": 12, "runs_finished": 28}
    failed = experiments(experiment("x", 24, outcome="failure"))
    assert ask(many, {"failure_share": 0.2}, experiments=failed) == (
        "**30 % of runs failed (12 of 40), from 20 %.** Failed as a whole: x. Same cause?"
    )
    assert ask({"repeat_share": 0.04}).endswith("Was the repeat meant?")
    # Runs whose state is not known have ended too: the share is of them as well.
    assert "9 % of runs failed (4 of 44)." in ask({"failure_share": 4 / 44})
    # A failed share that rose by less is no question.
    less = ask({"failure_share": 0.1}, {"failure_share": 0.02})
    assert less.startswith("**Nothing runs longer than usual.**")
    assert ask().endswith("No run ended from Mon 23 to Sat 28 Nov.")


def good(now=None, before=None, **more):
    return said(words.good(sheet(now, before, **more)))


@pytest.mark.parametrize(
    ("before", "better"),
    [
        ({"failure_share": 0.2}, "10 % of runs failed, from 20 %."),
        (
            {"reaction_working_hours_median": 3.0},
            "a result led to the next launch in 1 h 42 m of working hours, from 3 h.",
        ),
        ({"credits_per_concluded": 60.0}, "each took 34 credits, from 60."),
    ],
)
def test_good_adds_what_got_better(before, better):
    done = "**10 experiments concluded (10 on the same days before),**"
    assert good({}, before) == f"{done} {better}"


@pytest.mark.parametrize(
    ("now", "done"),
    [
        ({}, "**10 experiments concluded.**"),
        ({"experiments_concluded": 0}, "**12 experiments launched from Mon 23 to Sat 28 Nov.**"),
        (None, "**Nothing ran** from Mon 23 to Sat 28 Nov."),
    ],
)
def test_good_is_never_empty(now, done):
    assert good(now) == done


def test_good_begins_with_what_got_better():
    assert good({}, {"experiments_concluded": 11, "failure_share": 0.2}) == (
        "**10 % of runs failed, from 20 %.** 10 experiments concluded (11 on the same days before)."
    )


def test_a_wait_that_reads_the_same_did_not_get_better():
    before = {"reaction_working_hours_median": 1.7001}
    assert good({}, before) == "**10 experiments concluded (10 on the same days before).**"


def test_a_share_of_few_runs_is_not_what_got_better():
    few = {"runs_finished": 4, "runs_failed": 0, "failure_share": 0.0}
    told = good(few, {"failure_share": 0.2})
    assert told == "**10 experiments concluded (10 on the same days before).**"


@pytest.mark.parametrize(
    ("concluded", "failed", "about"), [(11, 0.1, "Done"), (11, 0.2, "Good"), (9, 0.1, "Good")]
)
def test_fewer_conclusions_are_not_called_good(concluded, failed, about):
    before = {"experiments_concluded": concluded, "failure_share": failed}
    assert words.good(sheet({}, before)).about == about


def test_good_says_that_what_died_was_launched_again_or_what_was_launched_last():
    assert good({}, experiments=DIED) == (
        "**Each was launched again within a day,** 10 experiments concluded."
    )
    assert good({}, experiments=DIED.slice(1)) == "**10 experiments concluded.**"
    assert good(experiments=experiments(experiment("x", 3))) == "**Last launch on Tue 3 Nov:** x."


FAILED = "Failed runs took 1.8 of 306 GPU-hours."
CHAIN = {"scholar": "Heron", "line": "e/probe", "experiments": ["a", "b"], "spare_hours": 4.2}


def test_side_by_side_is_suggested_only_with_evidence():
    def told(now=None, before=None, **more):
        return said(words.in_flight(sheet(now, before, **more)))

    ready = {"ready_launches": 3}
    chains = frame("chains", [CHAIN])
    settings = frame("one_setting", [{"key": "lr", "labels": ["a", "b", "c"]}])
    assert told({}, {"serial_share": 0.81}) == (
        "**One experiment at a time for 96 % of busy hours, from 81 %;** 3.4 runs wide on average. "
        "0 of 8 launches were ready before the result, so nothing suggests they could run side by "
        "side."
    )
    assert told(ready, chains=chains).endswith(
        "3 of 8 launches were ready before the result: a and b could have been up to 4 h 12 m "
        "shorter side by side."
    )
    varied = told(ready, chains=chains, settings=settings)
    assert varied.endswith("side by side; only `lr` varied.")
    assert told({"experiments_following": 0}).endswith("No launch followed a result.")
    assert "0 of 1 launch was ready" in told({"experiments_following": 1})
    assert told() == "**Nothing was in flight from Mon 23 to Sat 28 Nov.**"


@pytest.mark.parametrize(
    ("now", "before", "cost"),
    [
        (
            {},
            {"credits": 474.0, "credits_per_concluded": 59.25},
            "**336 credits, 34 per conclusion, from 474 and 59.** " + FAILED,
        ),
        (
            {"credits": None, "credits_per_concluded": None, "gpu_hours_failed": 0.0},
            {},
            "**306 GPU-hours, 31 per conclusion.** No GPU-hours went to failed runs.",
        ),
        # The cost is over the conclusions of automation too, as everywhere.
        (
            {"experiments_concluded": 1},
            None,
            "**336 credits, 34 per conclusion (with those of automation).** " + FAILED,
        ),
        (
            {"credits_per_concluded": None, "gpu_hours_per_concluded": None},
            None,
            "**336 credits, no conclusion.** " + FAILED,
        ),
        ({"gpu_hours": 0.0, "unpriced_run_hours": 3.0}, None, "**GPU count not recorded.**"),
        (None, None, "**No GPU-hours from Mon 23 to Sat 28 Nov.**"),
    ],
)
def test_compute_has_the_cost_of_a_conclusion(now, before, cost):
    assert said(words.compute(sheet(now, before))) == cost


def test_the_subjects_are_in_order_and_left_out_only_where_nothing_failed_or_moved():
    for facts in (sheet(), sheet({}, {}), sheet({}, decisions=WAITING, experiments=DIED)):
        lines = words.lines(facts)
        abouts = [it.about for it in lines]
        good = "Good" if facts.now and facts.now["experiments_started"] else "Before"
        assert [it for it in abouts if it not in {"Failed", "Moved"}] == [
            *("Decide", "Ask", good, "Concluded", "In flight", "Compute")
        ]
        assert all(it.start for it in lines)


def test_failures_that_nobody_followed_are_named_with_their_days():
    def told(*rows):
        return rows_of.failures(sheet({}, decisions=queue(*rows)))

    parked = decision(kind="failure", parked=True, needs_decision=False, result_at=day(24))
    assert said(told(*(parked | {"label": it} for it in "abcd"))) == (
        "**Four failures are not recovered:** a (24 Nov), b (24 Nov), c (24 Nov) and one more."
    )
    assert told() is None
    for none in ({}, {"kind": "failure", "named": False}, {"kind": "failure"}):
        assert told(decision(**none)) is None


def test_concluded_experiments_are_links_where_the_address_is_one():
    def told(*rows):
        return said(rows_of.concluded(sheet({}, concluded=frame("concluded", rows))))

    url = "https://wandb.ai/e/p/runs/1"
    assert told({"label": "a", "url": url}, {"label": "b", "url": "x) y"}) == (
        f"**Two experiments:** [a]({url}) and b."
    )
    assert told(*({"label": it} for it in "abcdefgh")) == (
        "**Eight experiments:** a, b, c, d, e, f and two more."
    )
    assert told() == "**No experiment concluded from Mon 23 to Sat 28 Nov.**"


def week(measure, value, limits=(0.03, 0.12), *, back=0, **more):
    """A whole week that began so many weeks before 16 Nov and is beyond its range."""
    low, high = limits
    monday = date(2026, 11, 16) - timedelta(weeks=back)
    limited = {"limit_low": low, "limit_high": high, "signal": True, "running": False}
    return {"week_start": monday, "days": 7, "measure": measure, "value": value} | limited | more


def of_last_week(*weeks):
    days = Days(Window(date(2026, 11, 16), date(2026, 11, 22)), None)
    return replace(sheet({}, weeks=frame("to_date", weeks)), days=days)


def test_a_range_of_one_value_has_one_end():
    moved = rows_of.moved(of_last_week(week("experiments_concluded", 12, (4, 4))))
    assert said(moved).endswith(" 8.0 above its usual 4.")


def test_what_moved_is_a_whole_week_beyond_its_own_range_and_how_far():
    facts = of_last_week(
        week("experiments_concluded", 12, (4, 9)),
        week("failure_share", 0.24),
        week("serial_share", 0.1, signal=False),
        week("serial_share", 0.9, back=1),
        week("loop_hours_median", 90),
    )
    assert said(rows_of.moved(facts)) == (
        "**Concluded a week: 12 in the week of 16 Nov,** 3.0 above its usual 4 to 9. Runs failed: "
        "24 % in the week of 16 Nov, 12.0 points above its usual 3 % to 12 %."
    )
    assert plain(rows_of.questions(facts)[0]) == "What changed in the week of 16 Nov?"


@pytest.mark.parametrize(
    "weeks",
    [
        [],
        [week("serial_share", 0.5, (None, None), signal=False)],
        [week("serial_share", 0.9, back=-1, running=True)],
        [week("serial_share", 0.1, signal=False)],
    ],
)
def test_without_a_whole_week_beyond_a_range_nothing_is_said_to_have_moved(weeks):
    assert rows_of.moved(of_last_week(*weeks)) is None


def test_there_are_always_three_questions_the_most_urgent_first():
    assert rows_of.questions(sheet()) == [
        "What is the next experiment, and what will it decide?",
        "Is anything in the way?",
        "What would help most?",
    ]
    waits = sheet({"repeat_share": 0.1}, decisions=WAITING, experiments=DIED)
    assert [plain(it) for it in rows_of.questions(waits)] == [
        "What did **high-heath-1** show, and what is next?",
        "Did the three launches that died at the start have the same cause?",
        "Was the repeat of a finished run meant?",
    ]
    ended = frame("concluded", [{"label": it, "experiment_id": f"e/probe/{it}"} for it in "ab"])
    launched = experiments(experiment("b", 27), experiment("a", 26, loop_status="awaiting"))
    calm = sheet({}, concluded=ended, experiments=launched)
    # A launch has followed the other one.
    assert rows_of.questions(calm)[:2] == [
        "What did **a** show, and what is next?",
        "What is the next experiment, and what will it decide?",
    ]
    # A line that only the scholar sees is in no question.
    unnamed = sheet({}, decisions=queue(decision(named=False, label=None)))
    assert not any("(no name)" in it for it in rows_of.questions(unnamed))


def test_the_table_has_what_the_sentences_name_then_the_latest():
    rows = experiments(
        *(experiment(f"late-{it}", 26) for it in range(5)),
        experiment("high-heath-1", 25, loop_status="awaiting", reaction_working_hours=12.0),
    )
    facts = sheet({}, decisions=WAITING, experiments=rows)
    behind = rows_of.behind(facts)
    assert [it["label"] for it in behind] == ["high-heath-1", "late-0", "late-1"]
    chosen = rows_of.behind(facts, chosen="e/probe/late-4")
    assert chosen[0]["label"] == "late-4"
    table = rows_of.table(facts, behind, [it["label"] for it in behind])
    assert [plain(it) for it in table.row(0)] == [
        "high-heath-1",
        "Wed 25 Nov",
        "2 h",
        "finished",
        "waits: 12 h of working hours",
        "2 runs",
    ]
    assert plain(table["Since then"][1]) == "launched again after 30 m of working hours"
    # How long a line waits that only the scholar sees stays out.
    own = experiment("high-heath-1", 28, loop_status="awaiting", reaction_working_hours=9.0)
    unnamed = queue(decision(named=False))
    facts = sheet({}, decisions=unnamed, experiments=experiments(own), hidden=1)
    table = rows_of.table(facts, rows_of.behind(facts), ["high-heath-1"])
    assert table["Since then"].to_list() == ["nothing launched yet"]


@pytest.mark.parametrize(
    ("status", "since"),
    [
        ("open", "no result yet"),
        ("abandoned", "not launched again within five days"),
        ("none", "launched again Fri 27 Nov"),
    ],
)
def test_the_table_says_what_happened_since(status, since):
    rows = experiments(experiment("next", 27), experiment("x", 25, loop_status=status))
    facts = sheet({}, experiments=rows)
    table = rows_of.table(facts, rows.tail(1).to_dicts(), ["x"])
    assert plain(table["Since then"][0]) == since


def test_a_sheet_has_only_days_and_no_time_of_day():
    at = datetime(2026, 11, 26, 21, 40, tzinfo=UTC)
    own = experiment("high-heath-1", 26, started_at=at, result_at=at + timedelta(hours=1))
    waits = WAITING.with_columns(result_at=pl.lit(at))
    facts = sheet({}, decisions=waits, experiments=experiments(own))
    table = rows_of.table(facts, rows_of.behind(facts), ["x"])
    texts = [words.title(facts), *(it.text for it in words.lines(facts)), *table.row(0)]
    assert not any("21:40" in it or "22:40" in it for it in texts)
    assert facts.day(at) == date(2026, 11, 26)


def test_names_are_inert():
    own = experiment("**x** [y](z)", 26, loop_status="awaiting")
    row = decision(label="**x** [y](z)", experiment_id=own["experiment_id"], result_at=day(26))
    assert (
        "](z"
        not in words.decide(sheet({}, decisions=queue(row), experiments=experiments(own))).text
    )
