"""Messages reach only the person they are about, in their working hours, at most once."""

import os
import shutil
import subprocess
from datetime import timedelta
from typing import get_args

import pytest

from scripts.waiting import PATIENCE_S
from tests.builders import at, run, store_of
from tests.commands import VELOCITY, environment, velocity
from tests.receivers import http_receiver, mail_receiver
from tests.roster_texts import parsed, rate
from velocity import state
from velocity.nudge import send
from velocity.nudge.addresses import check_syncs
from velocity.nudge.rules import Nudge, picked
from velocity.nudge.send import Round
from velocity.settings import Messages, Rule, Settings
from velocity.sync.forget import forget_person, look_up
from velocity.sync.watch import Log

pytestmark = pytest.mark.sampled(14)

#: A Friday, in the working hours of everybody.
NOW = at("15:00", days=4)
PEOPLE = ("ada", "ben")
#: Time of Friday -> whether it is in working hours.
HOURS = {"08.59": False, "09.00": True, "11.00": True, "20.59": True, "21.00": False}
NUDGES = 'messages = ["nudges"]\n'


def person(who, more=NUDGES):
    return f'[[scholars]]\nid = "{who}"\nname = "Zq{who}"\nusernames = ["{who}"]\n{more}'


ROSTER = """
leads = ["lead@x.example", "other@x.example"]
nudged_leads = ["lead@x.example"]
rented = ["pod-*"]
[[streams]]
id = "vision"
name = "Vision"
projects = ["e/*"]
[[credits.grants]]
date = 2026-01-01
stream = "vision"
amount = 24
"""
ROSTER += rate("*", "2026-01-01") + person("eve", "") + person("ben")
ROSTER += person("ada", f'emails = ["ada@x.example"]\n{NUDGES}')


def of(who, name, start, end, **more):
    """A run of a scholar, in a project of their own."""
    return run(name, start, end, username=who, project=f"zq{who}", **more)


def loops(who, count=20):
    """Loops of an hour each, from Monday 09:00 on, each followed within ten minutes."""
    machine = {"gpu_count": 1, "gpu_type": "H100", "host": f"host-{who}"}
    return [
        of(who, f"{who}{n}", start, start + timedelta(minutes=20), **machine)
        for n in range(count)
        for start in [at("09:00") + timedelta(minutes=30 * n)]
    ]


def friday(text):
    """A time of Friday, such as "11.00"."""
    return at(text.replace(".", ":"), days=4)


def waits(who, count=20, **more):
    """Loops, and the last run of the line: its result came on Friday at 10:00."""
    last = of(who, f"zq{who}last", friday("09.00"), friday("10.00"), **more)
    return [*loops(who, count), last]


@pytest.fixture(scope="module")
def rows():
    return [row for who in (*PEOPLE, "eve") for row in waits(who)]


def store(folder, rows, text=ROSTER, as_of=NOW):
    folder.mkdir(exist_ok=True)
    (folder / "roster.toml").write_text(text, encoding="utf-8")
    store_of(rows, as_of, roster=parsed(text), data=folder / "data")
    return folder / "data"


@pytest.fixture(scope="module")
def made(rows, tmp_path_factory):
    return store(tmp_path_factory.mktemp("made"), rows).parent


@pytest.fixture
def data(made, tmp_path):
    return shutil.copytree(made, tmp_path / "copy") / "data"


def settings(data, **messages):
    asked = {"rules": get_args(Rule)} | messages
    return Settings(roster=data.parent / "roster.toml", messages=Messages(**asked))


def write_addresses(folder, monkeypatch=None, **known):
    path = folder / "addresses.toml"
    lines = [f'"{name.replace("_at_", "@")}" = "{url}"' for name, url in known.items()]
    path.write_text("\n".join(["[addresses]", *lines]), encoding="utf-8")
    path.chmod(0o600)
    if monkeypatch is not None:
        monkeypatch.setenv("VELOCITY_ADDRESSES", str(path))
    return path


class Kept(Log):
    """The lines of a log, kept."""

    def __init__(self):
        super().__init__(os.open(os.devnull, os.O_WRONLY))
        self.lines = []

    def tell(self, _level, event, **fields):
        self.lines.append((event, fields))


def send_due(data, *, now=NOW, log=None, **messages):
    return send.send_due(data, settings(data, **messages), log or Kept(), now=now)


def due(data, *, now=NOW, whom=None, **messages):
    made = settings(data, **messages)
    people = parsed(made.roster.read_text(encoding="utf-8"))
    if whom is not None:
        some = tuple(it for it in people.scholars if it.id in whom)
        people = people.model_copy(update={"scholars": some, "nudged_leads": ()})
    found = Round(data, made, people, send.latest_snapshot(data), now).due()
    return {(it.person, it.rule): it.message.text for it in found}


def test_each_person_gets_their_own_message_once_and_nobody_elses_name(data, monkeypatch):
    with http_receiver() as ada, http_receiver() as ben, http_receiver() as lead:
        write_addresses(data, monkeypatch, ada=ada.url, ben=ben.url, **{"lead@x.example": lead.url})
        assert [send_due(data), send_due(data), send_due(data)] == [3, 0, 0]
        for own, other, server in (("ada", "ben", ada), ("ben", "ada", ben)):
            (text,) = (it["text"] for it in server.got)
            assert f"zq{own}last" in text
            assert not {other, "eve", "zqeve"} & {*text.lower().replace("zq", " ").split()}
            assert other not in text
        (text,) = (it["text"] for it in lead.got)
        assert "Vision" in text
        assert not any(who in text.lower() for who in (*PEOPLE, "eve", "zq"))


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    """People in a store as of `NOW`."""
    pod = {"gpu_count": 8, "gpu_type": "H100"}
    slow = of("slow", "zqlong", friday("09.00"), NOW, state="running")
    again = of("resolved", "again", friday("14.00"), friday("14.30"))
    rows = {
        "away": waits("away"),
        "resolved": [*waits("resolved"), again],
        # The last one is followed on Friday, so that it closes a loop too.
        "few": waits("few", 18),
        "enough": waits("enough", 19),
        "failed": waits("failed", state="failed"),
        "slow": [*loops("slow"), slow],
        "pod": waits("pod", host="pod-1", **pod),
        # A host that two people use is nobody's to return.
        "one": waits("one", host="pod-2", **pod),
        "other": waits("other", host="pod-2", **pod),
    }
    text = roster(rows, away="away = [{ from = 2026-01-09, to = 2026-01-10 }]\n")
    known = [it for own in rows.values() for it in own]
    return store(tmp_path_factory.mktemp("cases"), known, text)


@pytest.fixture(scope="module")
def found(cases):
    """The messages of everybody in `cases`."""
    return due(cases)


def roster(people, **more):
    return ROSTER + "".join(person(who, NUDGES + more.get(who, "")) for who in people)


@pytest.fixture(scope="module")
def hours(tmp_path_factory):
    """People whose data ends at different times of Friday."""
    rows = {f"at{now}": waits(f"at{now}") for now in HOURS}
    rows |= {f"failed{it}": waits(f"failed{it}", state="failed") for it in ("10.59", "11.00")}
    ends = {("e", f"zq{who}"): friday(who[-5:]) for who in rows}
    known = [
        it for own in rows.values() for it in own if it["created_at"] < ends["e", it["project"]]
    ]
    return store(tmp_path_factory.mktemp("hours"), known, roster(rows), ends)


@pytest.mark.parametrize(
    ("who", "rule", "told"),
    [
        *((f"at{now}", "result_waiting", told) for now, told in HOURS.items()),
        ("failed10.59", "run_died", False),
        ("failed11.00", "run_died", True),
    ],
)
def test_messages_are_due_in_working_hours_and_about_a_failure_after_one(hours, who, rule, told):
    assert ((who, rule) in due(hours, now=friday(who[-5:]), whom=[who])) == told


def test_nothing_is_said_on_a_day_off(rows, found, tmp_path):
    holiday = ROSTER + '[[holidays]]\nname = "H"\ndate = 2026-01-09\n'
    assert due(store(tmp_path, rows, holiday)).keys() <= {("lead@x.example", "runway")}
    assert ("away", "result_waiting") not in found


def test_a_result_needs_19_events_and_nothing_is_said_once_it_is_resolved(found):
    waiting = {who for who, rule in found if rule == "result_waiting"}
    assert "enough" in waiting
    # The new result of "resolved" has not waited for an hour.
    assert not {"few", "resolved"} & waiting


def test_nothing_is_said_from_old_data_or_about_what_was_marked_as_read(data):
    later = NOW + timedelta(minutes=61)
    assert due(data, now=later) == {}
    assert due(data, now=later, fresh_minutes=90)
    assert ("ada", "result_waiting") in due(data)
    state.mark_read(data, "ada", state.ReadMark("e/zqada/zqadalast", friday("10.00"), NOW))
    assert ("ada", "result_waiting") not in due(data)


def test_a_failure_comes_on_top_of_the_message_of_the_day(cases, tmp_path):
    people = ("enough", "failed")
    data = shutil.copytree(cases.parent, tmp_path / "copy") / "data"
    for person in people:
        first = {"person": person, "subject": "s", "day": "2026-01-09", "sent_at": NOW}
        state.record_message(data, state.SentMessage(rule="older_than_usual", **first))
    assert due(data, whom=people).keys() == {("failed", "run_died")}


@pytest.mark.thorough
def test_old_work_and_an_idle_host_make_messages(cases, found):
    assert "zqlong" in found["slow", "older_than_usual"]
    texts = due(cases, whom=["pod", "one", "other"], rules=("host_idle",))
    assert texts.keys() == {("pod", "host_idle")}
    assert "pod-1" in texts["pod", "host_idle"]


def test_leads_hear_about_credits_that_run_out(data):
    assert "Vision" in due(data)["lead@x.example", "runway"]
    assert ("other@x.example", "runway") not in due(data)
    # Without the right to see more than groups, there is nothing to tell.
    access = Settings().access.model_copy(update={"leads_see_individuals": False})
    made = settings(data).model_copy(update={"access": access})
    found = Round(data, made, parsed(ROSTER), send.latest_snapshot(data), NOW).due()
    assert [it for it in found if it.rule == "runway"] == []


@pytest.mark.parametrize("kind", ["ntfy", "mail"])
def test_other_services_deliver_too(data, monkeypatch, kind):
    with http_receiver() as ntfy, mail_receiver() as mail:
        write_addresses(data, monkeypatch, ada=ntfy.ntfy if kind == "ntfy" else mail.url)
        assert send_due(data) == 1
        assert len(ntfy.got if kind == "ntfy" else mail.got) == 1


def test_a_refused_message_is_sent_after_the_next_sync_and_the_operator_hears(data, monkeypatch):
    log = Kept()
    with http_receiver(404) as server, http_receiver() as operator:
        monkeypatch.setenv("VELOCITY_OPERATOR_URL", operator.url)
        write_addresses(data, monkeypatch, ada=server.url)
        assert send_due(data, log=log) == 0
        assert send_due(data, log=log) == 1
        (text,) = (it["text"] for it in operator.got)
        assert "ada" not in text
    events = [event for event, _ in log.lines if "without" not in event]
    assert events == ["message_failed", "message_sent"]


def test_a_busy_service_is_asked_twice(data, monkeypatch):
    monkeypatch.setattr(send, "_WAITS_S", (0.0,))
    with http_receiver(429) as server:
        write_addresses(data, monkeypatch, ada=server.url)
        assert send_due(data) == 1
        assert len(server.got) == 2


def test_the_log_names_missing_addresses_and_messages_that_may_be_lost(data, monkeypatch):
    log, told = Kept(), {"person": "ada", "rule": "result_waiting"}
    write_addresses(data, monkeypatch)
    assert send_due(data, log=log) == 0
    assert ("message_without_address", told) in log.lines
    with http_receiver(hangs_up=True) as server:
        write_addresses(data, monkeypatch, ada=server.url)
        assert send_due(data, log=log) == 1
        assert send_due(data, log=log) == 0
        assert len(server.got) == 1
    assert ("message_may_be_lost", told) in log.lines


@pytest.mark.fault
def test_a_kill_loses_at_most_one_message_and_the_log_says_which(data):
    """The clock stands still: the command's own would say that the data is old."""
    code = (
        "import datetime, pathlib, sys\n"
        "from velocity.nudge.send import send_due\n"
        "from velocity.settings import Settings\n"
        "from velocity.sync.watch import Log\n"
        "data, roster = map(pathlib.Path, sys.argv[1:3])\n"
        "now = datetime.datetime.fromisoformat(sys.argv[3])\n"
        "send_due(data, Settings(roster=roster), Log(1), now=now)"
    )
    with http_receiver(waits=True) as server:
        path = write_addresses(data, ada=server.url)
        env = environment(data, VELOCITY_ADDRESSES=str(path))
        roster = data.parent / "roster.toml"
        command = [VELOCITY[0], "-c", code, str(data), str(roster), NOW.isoformat()]
        killed = subprocess.Popen(command, env=env, stdout=subprocess.PIPE)
        assert server.heard.wait(PATIENCE_S)
        killed.kill()
        killed.communicate()
        server.may_answer.set()
        done = subprocess.run(command, env=env, capture_output=True, check=True, text=True)
        assert "event=message_may_be_lost person=ada rule=result_waiting" in done.stdout
        assert len(server.got) == 1


def test_the_operator_hears_once_that_no_sync_has_succeeded(data, monkeypatch):
    with http_receiver() as server:
        monkeypatch.setenv("VELOCITY_OPERATOR_URL", server.url)

        def check(hours):
            now = NOW + timedelta(hours=hours)
            return check_syncs(data, settings(data, no_sync_hours=6), Kept(), now=now)

        assert [check(6), check(6.1), check(7)] == [False, True, False]
        assert "No sync has succeeded since Fri 9 Jan, 15:00 UTC" in server.got[0]["text"]


def test_the_lists_of_the_day_are_sent_at_their_times(rows, tmp_path):
    asked = ROSTER.replace('["nudges"]', '["morning", "evening"]')
    early, late = (
        due(store(tmp_path / now, rows, asked, as_of=friday(now)), now=friday(now))
        for now in ("11.00", "18.30")
    )
    finished = "1 with a result since Thu 8, 21:00\n- zqadalast · zqada · Fri 9, 10:00"
    assert finished in early["ada", "morning"]
    assert ("ada", "evening") not in early
    assert late["ada", "evening"].startswith("Nothing is queued for the night.")
    assert ("ada", "morning") not in late


def test_somebody_who_was_forgotten_gets_nothing_and_leaves_no_record(data, monkeypatch):
    with http_receiver() as server:
        write_addresses(data, monkeypatch, ada=server.url)
        assert send_due(data) == 1
        made = settings(data)
        assert state.has_traces(data, "ada") == (True, False)
        forget_person(data, made, look_up(data, made, "ada"))
        assert state.messages(data, "ada") == []
        assert send_due(data) == 0
        assert len(server.got) == 1


def test_the_command_says_nothing_if_nothing_is_due_and_counts_the_past(data):
    places = ("--data", data, "nudge")
    done = velocity(*places, cwd=data)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert velocity(*places, "--from", "2026-01-09", cwd=data).returncode == 2
    day = ("--from", "2026-01-09", "--to", "2026-01-10")
    done = velocity(*places, "--replay", "--quiet", *day, cwd=data)
    assert done.stderr == b""
    # Without the roster's file beside the settings, the snapshot still knows everybody.
    assert b"result_waiting" in done.stdout


@pytest.mark.parametrize(
    ("days", "told"),
    [((), True), ((9,), False), ((7,), True), ((3, 7), False), ((1, 2), True), ((2, 3), True)],
)
def test_a_person_hears_at_most_once_a_day_and_twice_in_seven_days(days, told):
    day = at("09:00", days=4).date()
    earlier = [("older_than_usual", str(it), f"2026-01-{it:02}") for it in days]
    case = Nudge("ada", "result_waiting", "s", {})
    assert list(picked([case], earlier, day, get_args(Rule))) == [case] * told
