"""Messages say what waits, since when and against which usual, with one link and one step."""

from __future__ import annotations

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
    message = words.result_waiting(WAITING, ZONE)
    assert message.title == "sae-7 has a result"
    assert lines(message) == [
        (
            "sae-7 in sae has had its result since Fri 9 Jan, 10:30 CET, and nothing has been "
            "launched there since: 5 h 30 m of working hours. Results on this line usually wait up "
            "to 2 h 20 m (41 waits)."
        ),
        URL,
        (
            "Next step: look at it and launch what follows, or mark it “Read, still thinking” on "
            "My velocity."
        ),
    ]


def test_a_usual_of_all_lines_is_named_as_such():
    message = words.result_waiting(WAITING | {"usual_of": "scholar", "usual_n": 1}, ZONE)
    assert "Results on your lines usually wait up to 2 h 20 m (1 wait)." in message.text


def test_a_failure_with_and_without_a_usual():
    known = words.run_died(WAITING, ZONE)
    assert known.title == "sae-7 failed"
    assert "failed on Fri 9 Jan, 10:30 CET, and nothing has been launched there since" in known.text
    assert "usually wait up to 2 h 20 m for the next launch." in known.text
    unknown = words.run_died(WAITING | {"usual_working_hours": None, "usual_of": None}, ZONE)
    assert "usually" not in unknown.text
    assert lines(unknown)[1:] == [
        URL,
        "Next step: read the end of its log, then retry it or leave it.",
    ]


def test_an_old_run():
    row = {"project": "sae", "started_at": FRIDAY, "wip_age_hours": 51.2, "usual_hours": 20.0}
    message = words.older_than_usual(row, "sae-8", URL, ZONE)
    assert lines(message) == [
        (
            "sae-8 in sae has run since Fri 9 Jan, 10:30 CET, for 51 h. Of this line's concluded "
            "experiments, 85 % took at most 20 h."
        ),
        URL,
        "Next step: check that it still makes progress, or stop it.",
    ]


def test_an_idle_host_without_a_dashboard_has_no_link():
    row = {"host": "pod-1", "gpus": 8, "idle_since": FRIDAY, "idle_for_hours": 2.0}
    message = words.host_idle(row, None, ZONE)
    assert lines(message) == [
        "pod-1 (8 GPUs) is rented, and has had no run since Fri 9 Jan, 10:30 CET, for 2 h.",
        "Next step: start something on it, or return it.",
    ]
    assert "GPU" not in words.host_idle(row | {"gpus": None}, None, ZONE).text


@pytest.mark.parametrize(
    ("left", "told"), [(6, "6 days"), (1, "1 day"), (0, "0 days"), (-1, "0 days")]
)
def test_credits_that_run_out(left, told):
    row = {
        "name": "Basalt",
        "days_left": left,
        "exhausted_on": date(2026, 1, 15),
        "exhausted_on_7d": date(2026, 1, 13),
        "credits_left": 1234.5,
    }
    message = words.runway(row, "https://v.example")
    assert message.title == f"Basalt: credits for {told}"
    assert lines(message)[:2] == [
        (
            "The credits of Basalt last until Thu 15 Jan, at the pace of the last 14 days: "
            f"{told} from today; at the pace of the last 7 days, until Tue 13 Jan. 1,234 credits "
            "are left."
        ),
        "https://v.example",
    ]
    assert "7 days" not in words.runway(row | {"exhausted_on_7d": None}, None).text


def test_names_stay_on_one_line_and_make_no_links():
    row = WAITING | {"label": "a\nhttps://evil.example " + "x" * 99}
    text = lines(words.result_waiting(row, ZONE))[0]
    assert "://evil" not in text
    assert len(text) < 300
