"""velocity forget removes a person from every byte, and the next pull does not restore them."""

import json
from datetime import timedelta

import pytest

from tests.builders import one_run, run, store_of
from tests.commands import velocity
from tests.killed import kill_at
from tests.stores import bytes_of, copied
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


def _forget(data, settings, name):
    return forget_person(data, settings, look_up(data, settings, name))


def _people(data):
    return set(reads.runs(latest_snapshot(data))["username"])


def _assert_gone(data, *names):
    left = bytes_of(data)
    for name in names or (PERSON, "zf-id-unique", "Uniquename"):
        assert name.encode() not in left


def _look(data, whom, email="l@x.org", name="L"):
    """Let somebody look at a scholar."""
    state.record_look(
        data, scholar=whom, email=email, name=name, page="Runs", at=NOON, kept_days=90
    )


def _published(data, rows, roster_text, until="20:00"):
    """A store with a roster beside it; the settings name the roster."""
    roster = data / "roster.toml"
    roster.write_text(roster_text, encoding="utf-8")
    store_of(rows, until, data=data, roster=load_roster(roster))
    return Settings(roster=roster)


def _runs_of(*names):
    return [run(f"{name}1", "09:00", "10:00", username=name) for name in names]


@pytest.mark.thorough
def test_a_forgotten_person_is_gone_from_every_byte_and_stays_away(tmp_path, monkeypatch):
    data, config = tmp_path / "data", tmp_path / "velocity.toml"
    (tmp_path / "roster.toml").write_text(_ROSTER)
    config.write_text("")
    settings = load_settings(config)
    theirs = [node(n, username=PERSON, display_name=f"{PERSON}'s {n}") for n in range(60, 720, 120)]
    runs = [*theirs, *(node(n) for n in range(0, 720, 120))]

    def sync(days, **options):
        clock = NOON + timedelta(days=days)
        sync_wandb(data, settings, projects=["lab/vision"], clock=lambda: clock, **options)

    def forget(*names):
        return velocity("--data", data, "--config", config, "forget", *names, cwd=tmp_path)

    with ProtocolServer(World(runs)) as server:
        point_client_at(server, monkeypatch)
        sync(2)
        sync(3)
        assert _people(data) == {"ada", PERSON}
        assert PERSON.encode() in bytes_of(data)
        done = forget("zf-id-unique")
        assert done.returncode == 2
        assert b"--yes" in done.stderr
        assert _people(data) == {"ada", PERSON}
        done = forget(PERSON, "--yes")
        assert done.returncode == 0, done.stderr
        assert b"Removed 6 runs" in done.stderr
        assert b"roster file" in done.stderr
        _assert_gone(data)
        sync(4, full=True)
        assert _people(data) == {"ada"}
        _assert_gone(data)
        assert latest_snapshot(data).name != "00000001"
    # Later rows still get new numbers.
    with open_live(data) as store:
        store.record.merge_runs(run_frame([run("later", "09:00")]))
        keys = "SELECT count(*), count(DISTINCT run_key) FROM raw_run"
        assert store.record.connection.run(keys) == [(7, 7)]


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
    for who, whom in ((f"{PERSON}@example.org", "ada"), ("ada@example.org", "zf-id-unique")):
        _look(data, whom, who, who)
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
    _assert_gone(data)
    assert not finish_forgetting(data, settings)


@pytest.mark.thorough
def test_tables_do_not_bring_a_person_back(tmp_path):
    rows = _runs_of(PERSON, "ada")
    store_of(rows, "20:00", data=tmp_path)
    settings = Settings(roster=tmp_path / "none.toml")
    assert _forget(tmp_path, settings, PERSON).runs == 1
    store_of(rows, "21:00", data=tmp_path)
    assert _people(tmp_path) == {"ada"}
    # Forgetting a person again is not an error: the first attempt may have been interrupted.
    assert _forget(tmp_path, settings, PERSON).runs == 0


def test_a_damaged_list_of_forgotten_people_is_an_error(tmp_path):
    copied(one_run, tmp_path)
    (tmp_path / "forgotten.json").write_text("{}")
    with pytest.raises(StoreError, match="cannot be read"):
        exclusions.load(tmp_path)
    with pytest.raises(StoreError), open_live(tmp_path) as store:
        store.record.merge_runs(run_frame([run("r2", "09:00")]))


_SAMUEL = '[[scholars]]\nid = "samuel"\nname = "Samuel"\nusernames = ["sam"]\n'
_SAM = '[[scholars]]\nid = "sam"\nname = "Sam"\nusernames = ["sam-w"]\n'


def _of_namesakes(folder):
    """A store with the runs and visits of both people."""
    store_of(_runs_of("sam", "sam-w", "ada"), "20:00", data=folder)
    for whom in ("sam", "samuel"):
        _look(folder, whom)


def _namesakes(folder, *texts):
    """Settings with a roster of `texts` beside such a store."""
    roster = copied(_of_namesakes, folder) / "roster.toml"
    roster.write_text("".join(texts), encoding="utf-8")
    return Settings(roster=roster)


def _seen_by(data, scholar):
    return state.looks(data, scholar, at=NOON, kept_days=90)["who"].to_list()


@pytest.mark.thorough
def test_a_username_equal_to_another_scholars_id_is_safe(tmp_path):
    settings = _namesakes(tmp_path, _SAM)
    found = look_up(tmp_path, settings, "sam")
    assert found.runs == {"sam-w": 1}
    forget_person(tmp_path, settings, found)
    assert _people(tmp_path) == {"ada", "sam"}
    assert _seen_by(tmp_path, "sam") == []
    assert _seen_by(tmp_path, "samuel") == ["L"]
    # Their later runs are not skipped either.
    store_of([run("r2", "11:00", "12:00", username="sam")], "21:00", data=tmp_path)
    assert len(reads.runs(latest_snapshot(tmp_path)).filter(username="sam")) == 2


@pytest.mark.thorough
def test_an_id_equal_to_another_scholars_username_is_safe(tmp_path):
    settings = _namesakes(tmp_path, _SAMUEL)
    store_of([], "20:00", data=tmp_path, roster=load_roster(settings.roster))
    _forget(tmp_path, settings, "samuel")
    assert _people(tmp_path) == {"ada", "sam-w"}
    settings.roster.write_text(_SAM, encoding="utf-8")
    kept = exclusions.load(tmp_path).keep_roster(load_roster(settings.roster))
    assert [person.id for person in kept.scholars] == ["sam"]


def test_an_id_equal_to_another_scholars_username_is_a_roster_error(tmp_path):
    settings = _namesakes(tmp_path, _SAM, _SAMUEL)
    done = velocity("--data", tmp_path, "forget", "sam", "--yes", cwd=tmp_path)
    assert done.returncode == 1
    assert b"also a username of scholar samuel" in done.stderr
    assert settings.roster.exists()
    assert _people(tmp_path) == {"ada", "sam", "sam-w"}


def test_the_question_lists_the_runs_of_each_username(tmp_path):
    _namesakes(tmp_path, _SAMUEL.replace('["sam"]', '["sam", "sam-w", "unused"]'))
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
    _published(folder, _runs_of(PERSON, "ada"), _ROSTER)
    _look(folder, "zf-id-unique")
    _look(folder, "ada", f"{PERSON}@example.org", "Zebra Uniquename")
    remaining = "[[scholars]]" + _ROSTER.split("[[scholars]]")[2]
    _published(folder, [], remaining.replace('{ scholar = "zf-id-unique" }, ', ""), "21:00")


def _of_one_who_was_renamed(folder):
    """A store whose roster gave a person two more ids, with a visit to each."""
    rows, roster = _runs_of(PERSON, "ada"), folder / "roster.toml"
    for number, scholar in enumerate(("zf-id-unique", "renamed", "renamed-twice")):
        _published(folder, rows, _ROSTER.replace("zf-id-unique", scholar), f"2{number}:00")
        _look(folder, scholar)
    roster.write_text(roster.read_text(encoding="utf-8").replace("Zebra", "Z"), encoding="utf-8")


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("store", "name"),
    [
        (_of_one_who_left, "zf-id-unique"),
        (_of_one_who_left, PERSON),
        (_of_one_who_left, f"{PERSON}@example.org"),
        (_of_one_who_was_renamed, "renamed-twice"),
        (_of_one_who_was_renamed, "renamed"),
        (_of_one_who_was_renamed, "zf-id-unique"),
    ],
)
def test_a_person_who_left_or_was_renamed_is_forgotten_under_every_name(store, name, tmp_path):
    roster = copied(store, tmp_path) / "roster.toml"
    _forget(tmp_path, Settings(roster=roster), name)
    assert _people(tmp_path) == {"ada"}
    if store is _of_one_who_was_renamed:
        roster.unlink()
    _assert_gone(tmp_path, PERSON, "zf-id-unique", "Uniquename", "renamed")


@pytest.mark.thorough
def test_an_id_is_no_former_id_where_its_person_kept_a_name(tmp_path):
    both = _ROSTER.replace(f'["{PERSON}"]', f'["{PERSON}", "own"]')
    _published(tmp_path, _runs_of(PERSON), both)
    # The username goes to somebody new; the person who left keeps the other one.
    settings = _published(tmp_path, [], _ROSTER.replace("zf-id-unique", "newcomer"), "21:00")
    assert look_up(tmp_path, settings, "newcomer").names.scholars == {"newcomer"}
    assert look_up(tmp_path, settings, "own").names.scholars == {"zf-id-unique"}


@pytest.mark.thorough
def test_traces_of_an_address_that_left_the_roster_are_removed(tmp_path):
    # The store does not know the roster yet.
    store_of(_runs_of("ada"), "20:00", data=tmp_path)
    settings = Settings(roster=tmp_path / "roster.toml")
    settings.roster.write_text(_ROSTER, encoding="utf-8")
    _look(tmp_path, "ada", "old@x.org", "Zebra Uniquename")
    _look(tmp_path, "ada", "other@x.org", "Other")
    _forget(tmp_path, settings, "zf-id-unique")
    assert _seen_by(tmp_path, "ada") == ["Other"]


@pytest.mark.thorough
def test_the_grants_of_a_forgotten_person_are_removed(tmp_path):
    grant = '[[credits.grants]]\ndate = 2026-01-05\nscholar = "zf-id-unique"\namount = 10\n'
    settings = _published(tmp_path, _runs_of(PERSON, "ada"), _ROSTER + grant)
    assert b"zf-id-unique" in bytes_of(tmp_path / "snapshots")
    _forget(tmp_path, settings, PERSON)
    settings.roster.unlink()
    _assert_gone(tmp_path, "zf-id-unique")


@pytest.mark.thorough
def test_an_empty_personal_project_is_removed(tmp_path):
    copied(one_run, tmp_path)
    with open_live(tmp_path) as store:
        rejected = [Rejected(PERSON, "p", "x", "broken")]
        store.record.merge_project(PERSON, "p", rejected=rejected, as_of=NOON)
    _forget(tmp_path, Settings(roster=tmp_path / "none.toml"), PERSON)
    _assert_gone(tmp_path, PERSON)
