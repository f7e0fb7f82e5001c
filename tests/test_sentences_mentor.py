"""The sheet of a scholar in words: its claim, its sentences, and the experiments behind them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from tests.plain_sentences import plain
from tests.read_schemas import READ_SCHEMAS
from tests.test_sentences_streams import DAYS, decision, figures, queue
from velocity.reading.periods import Window
from velocity.sentences import mentor as words, mentor_facts as rows_of, mentor_facts as weekly
from velocity.sentences.compared import Days
from velocity.sentences.mentor_facts import Facts

_OF_LOOPS = {
    "next_at": pl.Datetime("us", "UTC"),
    "machine_hours": pl.Float64,
    "reaction_working_hours": pl.Float64,
    "url": pl.String,
}


def frame(read, *rows, more=None):
    schema = pl.Schema({**READ_SCHEMAS[read], **(more or {})})
    return pl.DataFrame([dict.fromkeys(schema) | it for it in rows], schema=schema)


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


def sheet(now=None, before=None, **more):
    now = None if now is None else figures(**(_FIGURES | now))
    before = None if before is None else figures(**(_FIGURES | before))
    given = {
        "decisions": queue(),
        "experiments": frame("experiments", more=_OF_LOOPS),
        "old": frame("open_work", more={"label": pl.String}),
        "chains": frame("chains"),
        "settings": frame("one_setting"),
        "concluded": frame("concluded"),
        "weeks": frame("to_date"),
    } | more
    return Facts(name="Heron", days=DAYS, now=now, before=before, zone="UTC", **given)


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
}


def experiments(*rows):
    """Latest first, as the read gives them."""
    return frame("experiments", *rows, more=_OF_LOOPS)


DIED = experiments(
    experiment("last", 26),
    *(
        experiment(f"died-{it}", it, outcome="false_start", loop_status="none")
        for it in (25, 24, 23)
    ),
)
WAITING = queue(decision(experiment_id="e/probe/high-heath-1", result_at=day(26)))


def said(line):
    return plain(line.text)


def test_the_title_claims_what_waits_and_what_died_with_the_days():
    facts = sheet({}, decisions=WAITING, experiments=DIED)
    assert plain(words.title(facts)) == (
        "Heron, Mon 23 to Sat 28 Nov: one result waits and three launches died at the start"
    )


@pytest.mark.parametrize(
    ("facts", "claim"),
    [
        (sheet({}), "10 experiments concluded, nothing waits longer than usual"),
        (sheet(), "nothing waits longer than usual"),
        (
            sheet({"experiments_concluded": 3}, decisions=queue(decision(named=False)), hidden=1),
            "three experiments concluded",
        ),
        (
            sheet({}, decisions=queue(decision(), decision(kind="failure", project="q"))),
            "two lines wait",
        ),
    ],
)
def test_without_a_claim_the_title_says_that_nothing_waits(facts, claim):
    assert plain(words.title(facts)) == f"Heron, Mon 23 to Sat 28 Nov: {claim}"


def test_decide_has_the_experiment_its_day_its_wait_and_the_usual():
    own = experiment("high-heath-1", 26, loop_status="awaiting", machine_hours=21.0)
    facts = sheet({}, decisions=WAITING, experiments=experiments(own))
    assert said(words.decide(facts)) == (
        "**high-heath-1** has a result since Thu 26 Nov, after 21 h on the machine; nothing "
        "launched since. 12 h of working hours; usual up to 7 h 30 m (168 waits)."
    )


def test_decide_names_the_other_lines_that_wait():
    rows = [
        decision(label=f"x-{it}", project=it, experiment_id=it, result_at=day(26), kind="failure")
        for it in "abcde"
    ]
    text = said(words.decide(sheet({}, decisions=queue(*rows))))
    assert text.startswith("**x-a** failed on Thu 26 Nov; nothing launched since.")
    assert text.endswith("x-b, x-c, x-d and one more wait too.")
    two = said(words.decide(sheet({}, decisions=queue(*rows[:2]))))
    assert two.endswith("x-b waits too.")


def test_decide_without_a_queue_says_so_and_how_long_the_longest_waits():
    assert said(words.decide(sheet())) == "**Nothing waits for a decision.**"
    fresh = decision(needs_decision=False, result_at=day(28), waited_working_hours=3.0)
    assert said(words.decide(sheet({}, decisions=queue(fresh)))) == (
        "**Nothing waits longer than usual.** **high-heath-1** has a result since Sat 28 Nov, "
        "3 h of working hours since; usual up to 7 h 30 m (168 waits)."
    )
    new = decision("new", project="q", needs_decision=False, usual_working_hours=None)
    both = sheet({}, decisions=queue(fresh, new))
    assert said(words.decide(both)).endswith("(168 waits). One line has too few waits to judge.")
    assert plain(words.title(both)).endswith(
        "nothing waits longer than usual; one line has too few waits to judge"
    )


@pytest.mark.parametrize("own", [[decision(named=False)], [decision(needs_decision=False)], []])
def test_with_a_line_that_is_not_named_yet_all_sheets_say_the_same(own):
    hidden = sheet({"experiments_concluded": 3}, decisions=queue(*own), hidden=1)
    assert said(words.decide(hidden)) == (
        "**One of these lines passed its usual in the last 24 hours;** its scholar sees it first."
    )
    assert plain(words.title(hidden)).endswith(": three experiments concluded")
    none = sheet({"experiments_concluded": 0}, decisions=queue(*own), hidden=2)
    assert plain(words.title(none)).endswith(": no experiment concluded")
    assert said(words.decide(none)).endswith(
        "in the last 24 hours;** their scholars see them first."
    )


def test_decide_judges_nothing_against_a_usual_that_does_not_exist():
    new = decision(
        kind="failure",
        needs_decision=False,
        result_at=day(28),
        waited_working_hours=3.0,
        usual_working_hours=None,
    )
    facts = sheet({}, decisions=queue(new))
    assert said(words.decide(facts)) == (
        "**Cannot be judged yet:** **high-heath-1** failed on Sat 28 Nov, 3 h of working hours "
        "since. One line has too few waits to judge."
    )
    assert plain(words.title(facts)).endswith(
        ": 10 experiments concluded, one line has too few waits to judge"
    )
    waits = decision(project="p", experiment_id="e/p/x", result_at=day(26))
    told = said(words.decide(sheet({}, decisions=queue(waits, new))))
    assert told.endswith("(168 waits). One line has too few waits to judge.")


def test_ask_names_launches_that_died_from_the_third_on():
    facts = sheet({}, {"failure_share": 0.07}, experiments=DIED)
    assert said(words.ask(facts)) == (
        "**Three launches died within two minutes,** on 23, 24 and 25 Nov, with 6 runs: died-23, "
        "died-24, died-25. 10 % of runs failed (4 of 40), from 7 %. Same cause?"
    )
    two = sheet({}, experiments=DIED.head(3))
    assert said(words.ask(two)) == (
        "**Nothing runs longer than usual.** 10 % of runs failed (4 of 40). Two launches died "
        "within two minutes."
    )


def test_ask_is_about_what_runs_too_long_then_about_failures_then_about_repeats():
    old = frame(
        "open_work",
        {"experiment_id": "e/probe/x", "label": "x", "wip_age_hours": 30.0},
        more={"label": pl.String},
    )
    assert said(words.ask(sheet({}, old=old))) == (
        "**x** has run for 30 h, longer than 85 of 100 of its line. Is it still needed?"
    )
    failed = sheet(
        {"failure_share": 0.3, "runs_failed": 12, "runs_finished": 28},
        {"failure_share": 0.2},
        experiments=experiments(experiment("x", 24, outcome="failure")),
    )
    assert said(words.ask(failed)) == (
        "**30 % of runs failed (12 of 40), from 20 %.** Failed as a whole: x. Same cause?"
    )
    assert said(words.ask(sheet({"repeat_share": 0.04}))).endswith("Was the repeat meant?")


def test_a_failed_share_that_rose_by_less_is_no_question():
    facts = sheet({"failure_share": 0.1}, {"failure_share": 0.02})
    assert said(words.ask(facts)).startswith("**Nothing runs longer than usual.**")
    assert said(words.ask(sheet())).endswith("No run ended from Mon 23 to Sat 28 Nov.")


@pytest.mark.parametrize(
    ("now", "before", "words_"),
    [
        (
            {},
            {"failure_share": 0.2},
            "10 % of runs failed, from 20 %.",
        ),
        (
            {},
            {"reaction_working_hours_median": 3.0},
            "a result led to the next launch in 1 h 42 m of working hours, from 3 h.",
        ),
        (
            {},
            {"credits": 600.0},
            "each took 34 credits, from 60.",
        ),
    ],
)
def test_good_adds_what_got_better(now, before, words_):
    done = "**10 experiments concluded (10 on the same days before),**"
    assert said(words.good(sheet(now, before))) == f"{done} {words_}"


@pytest.mark.parametrize(
    ("now", "before", "words_"),
    [
        ({}, None, "**10 experiments concluded.**"),
        (
            {"experiments_concluded": 0},
            None,
            "**12 experiments launched from Mon 23 to Sat 28 Nov.**",
        ),
        (None, None, "**Nothing ran** from Mon 23 to Sat 28 Nov."),
    ],
)
def test_good_is_never_empty(now, before, words_):
    assert said(words.good(sheet(now, before))) == words_


def test_a_share_of_few_runs_is_not_what_got_better():
    few = {"runs_finished": 4, "runs_failed": 0, "failure_share": 0.0}
    told = said(words.good(sheet(few, {"failure_share": 0.2})))
    assert told == "**10 experiments concluded (10 on the same days before).**"


@pytest.mark.parametrize(
    ("before", "about"),
    [
        ({"experiments_concluded": 11}, "Done"),
        ({"experiments_concluded": 11, "failure_share": 0.2}, "Good"),
        ({"experiments_concluded": 9}, "Good"),
    ],
)
def test_fewer_conclusions_are_not_called_good(before, about):
    assert words.good(sheet({}, before)).about == about


def test_good_says_that_what_died_was_launched_again():
    facts = sheet({}, experiments=DIED)
    assert said(words.good(facts)) == (
        "**Each was launched again within a day,** 10 experiments concluded."
    )
    last_died = sheet({}, experiments=DIED.slice(1))
    assert said(words.good(last_died)) == "**10 experiments concluded.**"


def test_good_names_the_last_launch_when_nothing_ran():
    facts = sheet(experiments=experiments(experiment("x", 3)))
    assert said(words.good(facts)) == "**Last launch on Tue 3 Nov:** x."


FAILED = "Failed runs took 1.8 of 306 GPU-hours."
CHAIN = {"scholar": "Heron", "line": "e/probe", "experiments": ["a", "b"], "spare_hours": 4.2}


def test_side_by_side_is_suggested_only_with_evidence():
    assert said(words.in_flight(sheet({}, {"serial_share": 0.81}))) == (
        "**One experiment at a time for 96 % of busy hours, from 81 %;** 3.4 runs wide on average. "
        "0 of 8 launches were ready before the result, so nothing suggests they could run side by "
        "side."
    )
    ready = sheet({"ready_launches": 3}, chains=frame("chains", CHAIN))
    assert said(words.in_flight(ready)).endswith(
        "3 of 8 launches were ready before the result: a and b could have been up to 4 h 12 m "
        "shorter side by side."
    )
    settings = frame("one_setting", {"key": "lr", "labels": ["a", "b", "c"]})
    varied = sheet({"ready_launches": 3}, chains=frame("chains", CHAIN), settings=settings)
    assert said(words.in_flight(varied)).endswith("side by side; only `lr` varied.")
    assert said(words.in_flight(sheet({"experiments_following": 0}))).endswith(
        "No launch followed a result."
    )
    assert said(words.in_flight(sheet())) == (
        "**Nothing was in flight from Mon 23 to Sat 28 Nov.**"
    )


@pytest.mark.parametrize(
    ("now", "before", "words_"),
    [
        (
            {},
            {"credits": 474.0, "experiments_concluded": 8},
            "**336 credits, 34 per conclusion, from 474 and 59.** " + FAILED,
        ),
        (
            {"credits": None, "gpu_hours_failed": 0.0},
            {},
            "**306 GPU-hours, 31 per conclusion.** No GPU-hours went to failed runs.",
        ),
        (
            {"experiments_concluded": 0},
            None,
            "**336 credits, no conclusion.** " + FAILED,
        ),
        ({"gpu_hours": 0.0, "unpriced_run_hours": 3.0}, None, "**GPU count not recorded.**"),
        (None, None, "**No GPU-hours from Mon 23 to Sat 28 Nov.**"),
    ],
)
def test_compute_has_the_cost_of_a_conclusion(now, before, words_):
    assert said(words.compute(sheet(now, before))) == words_


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
    rows = [
        decision(label=it, kind="failure", parked=True, needs_decision=False, result_at=day(24))
        for it in "abcd"
    ]
    assert said(weekly.failures(sheet({}, decisions=queue(*rows)))) == (
        "**Four failures are not recovered:** a (24 Nov), b (24 Nov), c (24 Nov) and one more."
    )
    unnamed = decision(kind="failure", named=False)
    first = decision(kind="failure", needs_decision=True)
    for none in (queue(), queue(decision(kind="result")), queue(unnamed), queue(first)):
        assert weekly.failures(sheet({}, decisions=none)) is None


def test_concluded_experiments_are_links_where_the_address_is_one():
    rows = [{"label": "a", "url": "https://wandb.ai/e/p/runs/1"}, {"label": "b", "url": "x) y"}]
    assert said(weekly.concluded(sheet({}, concluded=frame("concluded", *rows)))) == (
        "**Two experiments:** [a](https://wandb.ai/e/p/runs/1) and b."
    )
    many = frame("concluded", *({"label": it} for it in "abcdefgh"))
    assert said(weekly.concluded(sheet({}, concluded=many))) == (
        "**Eight experiments:** a, b, c, d, e, f and two more."
    )
    assert said(weekly.concluded(sheet())) == (
        "**No experiment concluded from Mon 23 to Sat 28 Nov.**"
    )


def week(monday, measure, value, *, signal=True, running=False, limits=(0.03, 0.12)):
    low, high = limits
    return {
        "week_start": monday,
        "days": 7,
        "measure": measure,
        "value": value,
        "signal": signal,
        "running": running,
        "limit_low": low,
        "limit_high": high,
    }


LAST, RUNNING = date(2026, 11, 16), date(2026, 11, 23)
WHOLE = Days(Window(date(2026, 11, 16), date(2026, 11, 22)), None)


def test_what_moved_is_a_whole_week_beyond_its_own_range_and_how_far():
    weeks = frame(
        "to_date",
        week(LAST, "experiments_concluded", 12, limits=(4, 9)),
        week(LAST, "failure_share", 0.24),
        week(LAST, "serial_share", 0.1, signal=False),
        week(LAST - timedelta(weeks=1), "serial_share", 0.9),
        week(LAST, "loop_hours_median", 90),
    )
    facts = replace(sheet({}, weeks=weeks), days=WHOLE)
    assert said(weekly.moved(facts)) == (
        "**Concluded a week: 12 in the week of 16 Nov,** 3.0 above its usual 4 to 9. Runs failed: "
        "24 % in the week of 16 Nov, 12.0 points above its usual 3 % to 12 %."
    )
    assert plain(weekly.questions(facts)[0]) == "What changed in the week of 16 Nov?"


@pytest.mark.parametrize(
    "row",
    [
        None,
        week(LAST, "serial_share", 0.5, limits=(None, None), signal=False),
        week(RUNNING, "serial_share", 0.9, running=True),
        week(LAST, "serial_share", 0.1, signal=False),
    ],
)
def test_without_a_whole_week_beyond_a_range_nothing_is_said_to_have_moved(row):
    weeks = frame("to_date", *([] if row is None else [row]))
    assert weekly.moved(replace(sheet({}, weeks=weeks), days=WHOLE)) is None


def test_there_are_always_three_questions_the_most_urgent_first():
    assert weekly.questions(sheet()) == [
        "What is the next experiment, and what will it decide?",
        "Is anything in the way?",
        "What would help most?",
    ]
    waits = sheet({"repeat_share": 0.1}, decisions=WAITING, experiments=DIED)
    assert [plain(it) for it in weekly.questions(waits)] == [
        "What did **high-heath-1** show, and what is next?",
        "Did the three launches that died at the start have the same cause?",
        "Was the repeat of a finished run meant?",
    ]
    calm = sheet({}, concluded=frame("concluded", {"label": "a"}))
    assert weekly.questions(calm)[0] == "What did **a** show, and what is next?"


def test_a_line_that_only_the_scholar_sees_is_in_no_question():
    facts = sheet({}, decisions=queue(decision(named=False, label=None)))
    assert not any("(no name)" in it for it in weekly.questions(facts))


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


def test_how_long_a_line_waits_that_only_the_scholar_sees_stays_out():
    own = experiment("high-heath-1", 28, loop_status="awaiting", reaction_working_hours=9.0)
    unnamed = queue(decision(named=False))
    facts = sheet({}, decisions=unnamed, experiments=experiments(own), hidden=1)
    table = rows_of.table(facts, rows_of.behind(facts), ["high-heath-1"])
    assert table["Since then"].to_list() == ["nothing launched yet"]


def test_a_sheet_has_only_days_and_no_time_of_day():
    at = datetime(2026, 11, 26, 21, 40, tzinfo=UTC)
    own = experiment("high-heath-1", 26, started_at=at, result_at=at + timedelta(hours=1))
    facts = sheet(
        {}, decisions=WAITING.with_columns(result_at=pl.lit(at)), experiments=experiments(own)
    )
    table = rows_of.table(facts, rows_of.behind(facts), ["x"])
    texts = [words.title(facts), *(it.text for it in words.lines(facts)), *table.row(0)]
    assert not any("21:40" in it or "22:40" in it for it in texts)
    assert facts.day(at) == date(2026, 11, 26)


def test_names_are_inert():
    own = experiment("**x** [y](z)", 26, loop_status="awaiting")
    row = decision(label="**x** [y](z)", experiment_id=own["experiment_id"], result_at=day(26))
    facts = sheet({}, decisions=queue(row), experiments=experiments(own))
    assert "](z" not in words.decide(facts).text
