"""Messages say what waits, since when and against which usual, with one link and one step."""

import re
from datetime import UTC, date, datetime

import pytest

from velocity.sentences import nudges as words

ZONE = "Europe/Berlin"
FRIDAY = datetime(2026, 1, 9, 9, 30, tzinfo=UTC)
URL = "https://wandb.example/e/sae/runs/1"
WAITING = {
    "label": "sae-7",
    "project": "sae",
    "url": URL,
    "result_at": FRIDAY,
    "waited_working_hours": 5.5,
    "usual_working_hours": 7 / 3,
    "usual_n": 41,
    "usual_of": "line",
}


def lines(message):
    return message.text.split("\n")


def test_a_result_that_waits():
    message = words.message("result_waiting", WAITING, ZONE)
    assert message.title == "sae-7 has a result"
    waited, *rest = lines(message)
    assert waited == (
        "sae-7 in sae has had a result since Fri 9 Jan, 10:30 CET. Nothing has been launched on "
        "its line since, in 5 h 30 m of your working hours. Of 41 earlier results on this line, "
        "85 % were followed within 2 h 20 m."
    )
    step = "look at it and launch the next experiment, or mark it “Read, still thinking” on My"
    assert rest == [URL, f"Next step: {step} velocity."]
    of_all = words.message("result_waiting", WAITING | {"usual_of": "scholar"}, ZONE)
    assert "Of 41 earlier results on your lines, 85 % were followed" in of_all.text


def test_a_failure_with_and_without_a_usual():
    known = words.message("run_died", WAITING, ZONE)
    assert known.title == "sae-7 failed"
    assert "failed on Fri 9 Jan, 10:30 CET. Nothing has been launched on its line" in known.text
    assert "85 % were followed within 2 h 20 m." in known.text
    row = WAITING | {"usual_working_hours": None, "usual_of": None}
    unknown = words.message("run_died", row, ZONE)
    assert "85" not in unknown.text
    step = "Next step: read the end of its log, then retry it or leave it."
    assert lines(unknown)[1:] == [URL, step]


def old_run(label, url, age, usual):
    row = {"project": "sae", "started_at": FRIDAY, "wip_age_hours": age, "usual_hours": usual}
    return words.message("older_than_usual", row | {"label": label, "url": url}, ZONE)


def test_an_old_run():
    first, *rest = lines(old_run("sae-8", URL, 51.2, 20.0))
    assert first == (
        "sae-8 in sae has been running since Fri 9 Jan, 10:30 CET, for 51 h. Of this line's "
        "concluded experiments, 85 % took at most 20 h."
    )
    assert rest == [URL, "Next step: check that it still makes progress, or stop it."]


def idle_host(host, gpus, hours, **more):
    row = {"host": host, "gpus": gpus, "idle_since": FRIDAY, "idle_for_hours": hours} | more
    return words.message("host_idle", row, ZONE)


def test_an_idle_host_without_a_dashboard_has_no_link():
    assert lines(idle_host("pod-1", 8, 2.0)) == [
        "pod-1 (8 GPUs) is rented and has been idle since Fri 9 Jan, 10:30 CET, for 2 h.",
        "Next step: start something on it, or return it.",
    ]
    assert "GPU" not in idle_host("pod-1", None, 2.0).text


def runway(link=None, **more):
    row = {
        "name": "Basalt",
        "days_left": 6,
        "exhausted_on": date(2026, 1, 15),
        "exhausted_on_7d": date(2026, 1, 13),
        "credits_left": 1234.5,
        "pace_days": 14,
    }
    return words.runway(row | more, link)


def test_credits_that_run_out():
    message = runway("https://v.example")
    assert message.title == "Basalt: credits for 6 days"
    said, link, *_ = lines(message)
    assert said == (
        "The credits of Basalt last until Thu 15 Jan, 6 days from today, at the pace of the last "
        "14 days; at the pace of the last 7 days, until Tue 13 Jan. Credits left: 1,234."
    )
    assert link == "https://v.example"
    assert "7 days" not in runway(exhausted_on_7d=None).text
    assert "the last 14 days, of which 3 days have data; at the pace" in runway(pace_days=3).text


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (1, "last until Thu 15 Jan, 1 day from today"),
        (0, "run out today, at the pace of the last 14 days."),
        (-1, "ran out on Thu 15 Jan."),
    ],
)
def test_credits_that_are_nearly_gone(left, said):
    assert said in runway(days_left=left).text


#: Messages of every kind, with small, large and unknown values.
DRAWN = [
    *(
        words.message(rule, WAITING | changed, ZONE)
        for rule in ("result_waiting", "run_died")
        for changed in (
            {},
            {"waited_working_hours": 1.0, "usual_working_hours": 0.02, "usual_n": 19},
            {"waited_working_hours": 640.0, "usual_of": "scholar", "usual_n": 1200},
            {"label": None, "project": "p" * 300, "url": None},
            {"url": "/demo-run/e/sae/runs/1"},
        )
    ),
    old_run("x", URL, 0.5, 0.1),
    old_run("", None, 51.2, 20.0),
    old_run("a b " * 90, URL, 900.0, 200.0),
    idle_host("pod-1", 8, 2.0, url="https://v.example"),
    idle_host("pod-2", 1, 47.9, url=None),
    idle_host(None, None, 500.0, url=None),
    runway(credits_left=1.0),
    runway("https://v.example", days_left=2, credits_left=0.4),
    runway(days_left=0, credits_left=0.0),
    runway(days_left=-3, credits_left=-20.0),
]
#: Words that blame, hurry, praise or compare with somebody.
_UNKIND = re.compile(
    r"\b(should|must|please|only|still waiting|late|behind|slow(er)?|idle for too|forgot\w*|"
    r"already|wasted?|unfortunately|others?|average|better|worse|than (you|most|usual)|rank\w*|"
    r"team|good|great|sorry|urgent|asap|reminder|effort|hours you)\b|!",
    re.IGNORECASE,
)


@pytest.mark.parametrize("message", DRAWN, ids=lambda it: it.title[:30])
def test_every_message_reads_like_a_note_from_a_colleague(message):
    said, *link, step = lines(message)
    assert step.startswith("Next step: ")
    assert len(link) <= 1
    assert all(it.startswith("https://") for it in link)
    whole = f"{message.title}. {said} {step}"
    assert not _UNKIND.search(whole)
    assert not re.search(
        r"None|nan|\s\s|\b1 (days|GPUs|results|credits)\b|(?<!\w)[-\u2212]\d", whole
    )
    for sentence in (said, step):
        assert sentence.endswith(".")
        assert len(sentence) < 320
    assert re.search(r"since (Mon|Tue|Wed|Thu|Fri|Sat|Sun) |on Fri |until |today|ran out on", said)


def test_names_stay_on_one_line_and_make_no_links():
    row = WAITING | {"label": "a\nhttps://evil.example " + "x" * 99}
    text = lines(words.message("result_waiting", row, ZONE))[0]
    assert "://evil" not in text
    assert len(text) < 300
