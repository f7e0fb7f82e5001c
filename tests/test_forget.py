"""velocity forget removes a person from every byte, and the next pull does not restore them."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests.builders import one_run, run, store_of
from tests.commands import velocity
from tests.killed import kill_at
from tests.sampling import one_in
from tests.stores import copied
from tests.wandb_server import ProtocolServer, World
from tests.worlds import NOON, node, point_client_at
from velocity import state
from velocity.errors import StoreError
from velocity.reading import reads
from velocity.record import exclusions
from velocity.records import Rejected, run_frame
from velocity.roster.models import load_roster
from velocity.settings import Settings, load_settings
from velocity.store import latest_snapshot, open_live
from velocity.sync.commands import sync_wandb
from velocity.sync.forget import finish_forgetting, forget_person, look_up

pytestmark = pytest.mark.sampled(6)

PERSON = "zebrafinch"
_ROSTER = f"""
[[scholars]]
id = "zf-id-unique"
name = "Zebra Uniquename"
emails = ["{PERSON}@example.org"]
usernames = ["{PERSON}"]

[[scholars]]
id = "ada"
name = "Ada"
usernames = ["ada"]

[[streams]]
id = "s"
name = "S"
members = [{{ scholar = "zf-id-unique" }}, {{ scholar = "ada" }}]
"""


def _bytes(folder):
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def _forget(data, settings, name):
    return forget_person(data, settings, look_up(data, settings, name))


def _people(data):
    return set(reads.runs(latest_snapshot(data))["username"])


@pytest.mark.thorough
def test_a_forgotten_person_is_gone_from_every_byte_and_stays_away(tmp_path, monkeypatch):
    data, config = tmp_path / "data", tmp_path / "velocity.toml"
    (tmp_path / "roster.toml").write_text(_ROSTER)
    config.write_text("")
    settings = load_settings(config)
    runs = [
        node(n * 60, username=PERSON if n % 2 else "ada", display_name=f"{PERSON}'s {n}")
        if n % 2
        else node(n * 60)
        for n in range(12)
    ]

    def sync(days, *, full=False):
        sync_wandb(
            data,
            settings,
            projects=["lab/vision"],
            full=full,
            clock=lambda: NOON + timedelta(days=days),
        )

    with ProtocolServer(World(runs)) as server:
        point_client_at(server, monkeypatch)
        sync(2)
        sync(3)
        assert _people(data) == {"ada", PERSON}
        assert PERSON.encode() in _bytes(data)
        done = velocity("--data", data, "--config", config, "forget", "zf-id-unique", cwd=tmp_path)
        assert done.returncode == 2
        assert b"--yes" in done.stderr
        assert _people(data) == {"ada", PERSON}
        done = velocity("--data", data, "--config", config, "forget", PERSON, "--yes", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert b"Removed 6 runs" in done.stderr
        assert b"roster file" in done.stderr
        left = _bytes(data)
        for name in (PERSON, "zf-id-unique", "Uniquename"):
            assert name.encode() not in left
        sync(4, full=True)
        assert _people(data) == {"ada"}
        assert PERSON.encode() not in _bytes(data)
        assert latest_snapshot(data).name != "00000001"
    # Later rows still get new numbers.
    with open_live(data) as store:
        store.record.merge_runs(run_frame([run("later", "09:00", username="ada")]))
        keys = store.record.connection.run("SELECT count(*), count(DISTINCT run_key) FROM raw_run")[
            0
        ]
        assert keys == (7, 7)


@pytest.mark.fault
def test_a_killed_removal_is_all_or_nothing_and_the_next_command_finishes_it(tmp_path):
    """Killed at one step after the other; each attempt begins with what the last one left."""
    data, config, table = tmp_path / "data", tmp_path / "velocity.toml", tmp_path / "runs.parquet"
    config.write_text("", encoding="utf-8")
    (tmp_path / "roster.toml").write_text(_ROSTER, encoding="utf-8")
    rows = [
        run(f"{name}{n}", f"{10 + n}:00", f"{10 + n}:30", username=name)
        for n in range(5)
        for name in (PERSON, "ada")
    ]
    store_of(rows, "20:00", data=data, roster=load_roster(tmp_path / "roster.toml"))
    at = NOON - timedelta(hours=1)
    for who, whom in ((f"{PERSON}@example.org", "ada"), ("ada@example.org", "zf-id-unique")):
        state.record_look(data, scholar=whom, email=who, name=who, page="Runs", at=at, kept_days=90)
    settings = load_settings(config)
    attempt = (forget_person, data, settings, look_up(data, settings, PERSON))
    for step in (
        "velocity.record.duckdb_record:DuckDBRecord.erase",
        "velocity.store.live:LiveStore.erase",
        "velocity.sync.forget:derive",
        "velocity.state:forget",
        "velocity.store.live:LiveStore.rewrite",
    ):
        kill_at(step, *attempt)
        shown = reads.runs(latest_snapshot(data))["username"].to_list()
        assert shown.count(PERSON) in {0, 5}
        assert shown.count("ada") == 5
        attempt = (finish_forgetting, data, settings)
    run_frame(rows).write_parquet(table)
    done = velocity("--data", data, "--config", config, "import", table, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert b"Finished a `velocity forget`" in done.stderr
    assert _people(data) == {"ada"}
    left = _bytes(data)
    for name in (PERSON, "zf-id-unique", "Uniquename"):
        assert name.encode() not in left
    assert not finish_forgetting(data, settings)


@pytest.mark.thorough
def test_tables_do_not_bring_a_person_back(tmp_path):
    rows = [run("r1", "09:00", "10:00"), run("r2", "09:00", "10:00", username=PERSON)]
    store_of(rows, "20:00", data=tmp_path)
    settings = Settings(roster=tmp_path / "none.toml")
    assert _forget(tmp_path, settings, PERSON).runs == 1
    store_of(rows, "21:00", data=tmp_path)
    assert _people(tmp_path) == {"ada"}
    # Forgetting a person again is not an error: the first attempt may have been interrupted.
    assert _forget(tmp_path, settings, PERSON).runs == 0


def test_a_typing_error_does_not_forget_anybody(tmp_path):
    copied(one_run, tmp_path)
    done = velocity("--data", tmp_path, "forget", "adda", "--yes", cwd=tmp_path)
    assert done.returncode == 1
    assert b"nobody called 'adda'" in done.stderr
    assert _people(tmp_path) == {"ada"}


def test_a_damaged_list_of_forgotten_people_is_an_error(tmp_path):
    copied(one_run, tmp_path)
    (tmp_path / "forgotten.json").write_text("{}")
    with pytest.raises(StoreError, match="cannot be read"):
        exclusions.load(tmp_path)
    with pytest.raises(StoreError), open_live(tmp_path) as store:
        store.record.merge_runs(run_frame([run("r2", "09:00")]))


_NAMESAKES = """
[[scholars]]
id = "samuel"
name = "Samuel"
usernames = ["sam"]
"""
_SAM = """
[[scholars]]
id = "sam"
name = "Sam"
usernames = ["sam-w"]
"""


def _of_namesakes(folder):
    """A store with the runs and visits of both people."""
    rows = [run(f"r-{name}", "09:00", "10:00", username=name) for name in ("sam", "sam-w", "ada")]
    store_of(rows, "20:00", data=folder)
    for whom in ("sam", "samuel"):
        state.record_look(
            folder, scholar=whom, email="l@x.org", name="L", page="Runs", at=NOON, kept_days=90
        )


def _namesakes(folder, *texts):
    """Settings with a roster of `texts` beside such a store."""
    roster = copied(_of_namesakes, folder) / "roster.toml"
    roster.write_text("".join(texts), encoding="utf-8")
    return Settings(roster=roster)


def _looked_at(data, scholar):
    return state.looks(data, scholar, at=NOON, kept_days=90).height


@pytest.mark.thorough
def test_a_username_equal_to_another_scholars_id_is_safe(tmp_path):
    settings = _namesakes(tmp_path, _SAM)
    found = look_up(tmp_path, settings, "sam")
    assert found.runs == {"sam-w": 1}
    forget_person(tmp_path, settings, found)
    assert _people(tmp_path) == {"ada", "sam"}
    assert not _looked_at(tmp_path, "sam")
    assert _looked_at(tmp_path, "samuel")
    # Their later runs are not skipped either.
    store_of([run("r2", "11:00", "12:00", username="sam")], "21:00", data=tmp_path)
    assert len(reads.runs(latest_snapshot(tmp_path)).filter(username="sam")) == 2


@pytest.mark.thorough
def test_an_id_equal_to_another_scholars_username_is_safe(tmp_path):
    settings = _namesakes(tmp_path, _NAMESAKES)
    store_of([], "20:00", data=tmp_path, roster=load_roster(settings.roster))
    _forget(tmp_path, settings, "samuel")
    assert _people(tmp_path) == {"ada", "sam-w"}
    settings.roster.write_text(_SAM, encoding="utf-8")
    kept = exclusions.load(tmp_path).keep_roster(load_roster(settings.roster))
    assert [person.id for person in kept.scholars] == ["sam"]


def test_an_id_equal_to_another_scholars_username_is_a_roster_error(tmp_path):
    settings = _namesakes(tmp_path, _SAM, _NAMESAKES)
    done = velocity("--data", tmp_path, "forget", "sam", "--yes", cwd=tmp_path)
    assert done.returncode == 1
    assert b"also a username of scholar samuel" in done.stderr
    assert settings.roster.exists()
    assert _people(tmp_path) == {"ada", "sam", "sam-w"}


def test_the_question_lists_the_runs_of_each_username(tmp_path):
    settings = _namesakes(tmp_path, _NAMESAKES.replace('["sam"]', '["sam", "sam-w", "unused"]'))
    assert settings.roster.exists()
    done = velocity("--data", tmp_path, "forget", "samuel", "--yes", cwd=tmp_path)
    told = done.stderr.decode().replace("\u00a0", " ")
    for words in ("sam: 1 run.", "sam-w: 1 run.", "unused: 0 runs.", "samuel"):
        assert words in told
    assert told.index("sam-w: 1 run.") < told.index("Removed 2 runs")


def test_people_forgotten_by_an_earlier_version_stay_out_under_any_name(tmp_path):
    old = exclusions.Exclusions("00" * 32, frozenset())
    hashed = old.begun(exclusions.Names(usernames=frozenset({PERSON})))
    bare = sorted(it.partition(":")[2] for it in hashed.hashes)
    (tmp_path / "forgotten.json").write_text(
        json.dumps({"salt": old.salt, "hashes": bare, "unfinished": ["ada"]})
    )
    read = exclusions.load(tmp_path)
    assert read.has("username", PERSON)
    assert read.has("scholar", PERSON)
    assert read.unfinished.usernames == read.unfinished.emails == {"ada"}


def _of_one_who_left(folder):
    """A store of a person who has left the roster, with traces under each of their names."""
    roster = folder / "roster.toml"
    roster.write_text(_ROSTER, encoding="utf-8")
    rows = [run(f"{who}1", "09:00", "10:00", username=who) for who in (PERSON, "ada")]
    store_of(rows, "20:00", data=folder, roster=load_roster(roster))
    for whom, who in (("zf-id-unique", "l@x.org"), ("ada", f"{PERSON}@example.org")):
        state.record_look(
            folder,
            scholar=whom,
            email=who,
            name="Zebra Uniquename" if whom == "ada" else "L",
            page="Runs",
            at=NOON,
            kept_days=90,
        )
    remaining = "[[scholars]]" + _ROSTER.split("[[scholars]]")[2]
    remaining = remaining.replace('{ scholar = "zf-id-unique" }, ', "")
    roster.write_text(remaining, encoding="utf-8")
    store_of([], "21:00", data=folder, roster=load_roster(roster))


@pytest.mark.thorough
@pytest.mark.parametrize("name", one_in(3, ["zf-id-unique", PERSON, f"{PERSON}@example.org"]))
def test_a_person_who_left_the_roster_can_be_forgotten_by_any_name(name, tmp_path):
    roster = copied(_of_one_who_left, tmp_path) / "roster.toml"
    _forget(tmp_path, Settings(roster=roster), name)
    assert _people(tmp_path) == {"ada"}
    left = _bytes(tmp_path)
    for trace in (PERSON, "zf-id-unique", "Uniquename"):
        assert trace.encode() not in left


def _of_one_who_was_renamed(folder):
    """A store whose roster gave a person two more ids, with a visit to each."""
    roster = folder / "roster.toml"
    rows = [run(f"{who}1", "09:00", "10:00", username=who) for who in (PERSON, "ada")]
    for number, scholar in enumerate(("zf-id-unique", "renamed", "renamed-twice")):
        roster.write_text(_ROSTER.replace("zf-id-unique", scholar), encoding="utf-8")
        store_of(rows, f"2{number}:00", data=folder, roster=load_roster(roster))
        state.record_look(
            folder, scholar=scholar, email="l@x.org", name="L", page="Runs", at=NOON, kept_days=90
        )
    roster.write_text(roster.read_text(encoding="utf-8").replace("Zebra", "Z"), encoding="utf-8")


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["renamed-twice", "renamed", "zf-id-unique"])
def test_a_person_whose_id_was_renamed_is_forgotten_under_every_id(name, tmp_path):
    roster = copied(_of_one_who_was_renamed, tmp_path) / "roster.toml"
    _forget(tmp_path, Settings(roster=roster), name)
    roster.unlink()
    left = _bytes(tmp_path)
    for trace in (PERSON, "zf-id-unique", "renamed"):
        assert trace.encode() not in left


@pytest.mark.thorough
def test_an_id_is_no_former_id_where_its_person_kept_a_name(tmp_path):
    roster = tmp_path / "roster.toml"
    rows = [run("z1", "09:00", "10:00", username=PERSON)]
    both = _ROSTER.replace(f'["{PERSON}"]', f'["{PERSON}", "own"]')
    roster.write_text(both, encoding="utf-8")
    store_of(rows, "20:00", data=tmp_path, roster=load_roster(roster))
    # The username goes to somebody new; the person who left keeps the other one.
    roster.write_text(_ROSTER.replace("zf-id-unique", "newcomer"), encoding="utf-8")
    store_of([], "21:00", data=tmp_path, roster=load_roster(roster))
    assert look_up(tmp_path, Settings(roster=roster), "newcomer").names.scholars == {"newcomer"}
    assert look_up(tmp_path, Settings(roster=roster), "own").names.scholars == {"zf-id-unique"}


@pytest.mark.thorough
def test_traces_of_an_address_that_left_the_roster_are_removed(tmp_path):
    roster = tmp_path / "roster.toml"
    roster.write_text(_ROSTER, encoding="utf-8")
    store_of([run("r1", "09:00", "10:00", username="ada")], "20:00", data=tmp_path)
    for email in ("old@x.org", "other@x.org"):
        name = "Zebra Uniquename" if email == "old@x.org" else "Other"
        state.record_look(
            tmp_path, scholar="ada", email=email, name=name, page="Runs", at=NOON, kept_days=90
        )
    _forget(tmp_path, Settings(roster=roster), "zf-id-unique")
    assert state.looks(tmp_path, "ada", at=NOON, kept_days=90)["who"].to_list() == ["Other"]


@pytest.mark.thorough
def test_the_grants_of_a_forgotten_person_are_removed(tmp_path):
    roster = tmp_path / "roster.toml"
    grant = '[[credits.grants]]\ndate = 2026-01-05\nscholar = "zf-id-unique"\namount = 10\n'
    roster.write_text(_ROSTER + grant, encoding="utf-8")
    rows = [run("r1", "09:00", "10:00", username=PERSON), run("r2", "09:00", "10:00")]
    store_of(rows, "20:00", data=tmp_path, roster=load_roster(roster))
    assert b"zf-id-unique" in _bytes(tmp_path / "snapshots")
    roster.rename(tmp_path / "kept.toml")
    (tmp_path / "kept.toml").rename(tmp_path.parent / f"{tmp_path.name}.toml")
    _forget(tmp_path, Settings(roster=tmp_path.parent / f"{tmp_path.name}.toml"), PERSON)
    assert b"zf-id-unique" not in _bytes(tmp_path)


@pytest.mark.thorough
def test_an_empty_personal_project_is_removed(tmp_path):
    copied(one_run, tmp_path)
    with open_live(tmp_path) as store:
        store.record.merge_project(
            PERSON, "p", rejected=[Rejected(PERSON, "p", "x", "broken")], as_of=NOON
        )
    _forget(tmp_path, Settings(roster=tmp_path / "none.toml"), PERSON)
    assert PERSON.encode() not in _bytes(tmp_path)
