"""An agent's night in a log is found, and with the suggested rule, moves no figure of a person."""

import random
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.builders import at
from tests.read_schemas import READ_SCHEMAS
from tests.roster_texts import ADA, parsed
from tests.test_actors import people
from velocity.reading import reads
from velocity.roster.models import check_roster, load_roster
from velocity.roster.rhythm import find_rhythms
from velocity.roster.suggest import suggest_entries
from velocity.roster.tables import roster_frames
from velocity.settings import Settings
from velocity.sources.base import Asked
from velocity.store import Snapshot, latest_snapshot, open_live
from velocity.store.derive import derive
from velocity.store.publish import publish
from velocity.sync.commands import import_runs

#: In a project of the agent's own, or in the user's own with a tag.
PLACES = ("project", "tag")


def times(begun: datetime, seconds: int) -> dict[str, object]:
    """The columns of a run that began and then lasted so long."""
    heard = begun + timedelta(seconds=seconds)
    since = {"created_at": begun, "started_at": begun}
    return since | {"heartbeat_at": heard, "runtime_s": float(seconds)}


def drawn_log(entity: str = "e") -> pl.DataFrame:
    """Three people at work on ten days, each in a project of their own."""
    chance = random.Random(5)  # noqa: S311 - no secret
    rows = []
    for day in range(10):
        for user in ("ada", "ben", "cy"):
            for number in range(chance.randrange(3, 9)):
                begun = at("09:00", days=day) + timedelta(minutes=chance.randrange(600))
                row = {
                    "entity": entity,
                    "project": f"of-{user}",
                    "run_id": f"{entity}-{user}-{day}-{number}",
                    "username": user if entity == "e" else f"{user}-{entity}",
                    "gpu_count": None,
                    **times(begun, chance.randrange(60, 9000)),
                    "state": chance.choice(["finished", "finished", "failed", "killed"]),
                }
                rows.append(row)
    return pl.DataFrame(rows, schema_overrides={"gpu_count": pl.Int32})


def drawn_logs(_request: pytest.FixtureRequest) -> list[pl.DataFrame]:
    return [drawn_log(), drawn_log("f")]


def real_logs(request: pytest.FixtureRequest) -> list[pl.DataFrame]:
    """Two logs; the first is moved by whole weeks to the time of the second."""
    nasa, pozidriv = (
        pl.read_parquet(request.getfixturevalue("shared_data") / f"{name}.runs.parquet")
        for name in ("nasa", "pozidriv")
    )
    return [nasa.with_columns(pl.col(pl.Datetime) + timedelta(weeks=1213)), pozidriv]


def night(log: pl.DataFrame, place: str) -> tuple[str, pl.DataFrame]:
    """The busiest user of the log, and 12 launches an hour from 22:00 to 6:00 of a middle day."""
    (user,) = log["username"].mode().sort().head(1)
    own = log.filter(username=user)
    middle = own["started_at"].drop_nulls().sort()[own.height // 2]
    begin = middle.replace(hour=22, minute=0, second=0, microsecond=0)
    if begin > log["started_at"].max() - timedelta(hours=12):
        begin -= timedelta(days=1)
    model = own.row(0, named=True) | {"tags": ["agent"] if place == "tag" else []}
    model |= {"project": "agent"} if place == "project" else {}
    rows = [
        model
        | {"run_id": f"night-{place}-{number}"}
        | {"state": "failed" if number % 7 == 0 else "finished"}
        # They end more than a minute before the next begins: no script.
        | times(begin + timedelta(minutes=5 * number), 100 + 37 * number % 130)
        for number in range(96)
    ]
    return user, pl.DataFrame(rows, schema=log.schema | {"tags": pl.List(pl.String)})


def imported(data: Path, log: pl.DataFrame) -> Snapshot:
    data.mkdir()
    log.write_parquet(data / "log.parquet")
    asked = Asked([str(data / "log.parquet")])
    import_runs(data / "data", Settings(roster=data / "roster.toml"), "table", asked)
    return latest_snapshot(data / "data")


def suggested(data: Path) -> str:
    snapshot = latest_snapshot(data / "data")
    users = reads.usernames(snapshot).group_by("username").agg(pl.col("runs").sum())
    runs_of = dict(users.iter_rows())
    roster = load_roster(data / "roster.toml")
    return suggest_entries(runs_of, roster, find_rhythms(reads.launches(snapshot)))


def with_roster(data: Path, text: str) -> Snapshot:
    """The same data, derived with a roster."""
    (data / "roster.toml").write_text(text)
    with open_live(data / "data") as store:
        derive(store, Settings(), load_roster(data / "roster.toml"))
        publish(store)
    return latest_snapshot(data / "data")


@pytest.mark.thorough
@pytest.mark.parametrize("logs_of", [drawn_logs, real_logs])
def test_an_agents_night_moves_no_figure_of_a_person(logs_of, request, tmp_path):
    """The agent of one log works in a project of its own, and that of the other with a tag."""
    logs = logs_of(request)
    imported(tmp_path / "log", pl.concat(logs))
    plain = suggested(tmp_path / "log")
    assert not parsed(plain).automation
    expected = with_roster(tmp_path / "log", plain)
    nights = [night(log, place) for log, place in zip(logs, PLACES, strict=True)]
    data = tmp_path / "nights"
    rows = [*logs, *(rows for _, rows in nights)]
    before = imported(data, pl.concat(rows, how="diagonal"))
    text = suggested(data)
    roster = parsed(text)
    found_of = {it.scholar: (it.tag, it.project) for it in roster.automation}
    (own, own_rows), (tagged, _) = nights
    owners = dict(roster_frames(roster)["roster_username"].iter_rows())
    assert found_of == {
        owners[own]: (None, f"{own_rows['entity'][0]}/agent"),
        owners[tagged]: ("agent", None),
    }
    found = with_roster(data, text)
    assert check_roster(data / "roster.toml") == []
    for asked in ({}, {"period": "week"}, {"by": "programme"}):
        assert_frame_equal(people(found, **asked), people(expected, **asked), check_exact=True)
    counted = reads.metrics(found, by="scholar", groups=[*found_of])
    assert counted["automated_concluded"].to_list() == [82, 82]
    # Without the rules, the nights did count.
    figures = reads.metrics(before, by="programme")["experiments_concluded"]
    assert figures[0] != people(found, by="programme")["experiments_concluded"][0]
    # A rule in the roster is not suggested again.
    assert suggested(data) == ""


def test_the_suggestion_says_why(tmp_path):
    log = drawn_log()
    imported(tmp_path / "log", pl.concat([log, night(log, "tag")[1]], how="diagonal"))
    text = suggested(tmp_path / "log")
    assert (
        "# 96 launches from 2026-01-09 22:00 to 2026-01-10 05:55 (UTC),\n"
        "# in 8 of 8 clock hours, 8 of them outside the awake window.\n"
        "# 96 of 96 launches that the rule matches had such a rhythm; " in text
    )


@pytest.mark.thorough
def test_only_nights_are_outside_the_window(tmp_path):
    imported(tmp_path / "log", drawn_log())
    assert not reads.launches(latest_snapshot(tmp_path / "log" / "data"))["outside"].any()
    awake = ADA + 'timezone = "America/New_York"\nawake = "12:00-05:00"\n'
    found = reads.launches(with_roster(tmp_path / "log", awake)).filter(scholar="ada")
    minutes = found["local_at"].dt.hour().cast(pl.Int32) * 60 + found["local_at"].dt.minute()
    assert found["outside"].to_list() == minutes.is_between(300, 719).to_list()
    assert 0 < found["outside"].sum() < found.height


def launches(hours: range, each: int, *, rest: int = 1, project: str = "a") -> pl.DataFrame:
    """Launches in these hours of a day in one project, and other launches at noon."""
    begin = datetime(2026, 1, 5)  # noqa: DTZ001 - by the person's own clock
    rows = [
        (project, begin + timedelta(hours=hour, minutes=number * 60 / each))
        for hour in hours
        for number in range(each)
    ]
    rows += [("own", begin + timedelta(hours=12, minutes=number)) for number in range(rest)]
    return pl.DataFrame(
        [
            ("ada", True, "ada", f"e/{place}", [], None, "UTC", when, not 9 <= when.hour < 21)
            for place, when in rows
        ],
        schema=READ_SCHEMAS["launches"],
        orient="row",
    )


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        (launches(range(21, 29), 4), 1),
        (launches(range(21, 27), 5), 1),  # 30 launches, 6 hours outside the awake window
        (launches(range(21, 27), 4), 0),  # 24 launches
        (launches(range(20, 26), 6), 0),  # 5 hours outside
        (launches(range(9, 21), 12), 0),  # a day of much work
        (launches(range(0, 48, 2), 6), 0),  # in every second hour
        (launches(range(96), 1), 0),  # 24 a day, however long
        (launches(range(21, 29), 4, rest=0), 0),  # nothing else to tell it from
        (launches(range(21, 29), 4, project="own", rest=9), 0),
    ],
)
def test_only_launches_around_the_clock_are_found(rows: pl.DataFrame, found: int):
    assert len(find_rhythms(rows)) == found


def test_each_of_two_agents_is_found_once():
    one, other = launches(range(21, 29), 5), launches(range(22, 30), 6, project="b")
    tagged = other.with_columns(
        tags=pl.when(pl.col("project") == "e/b").then(pl.lit(["night"])).otherwise(pl.lit([]))
    )
    found = sorted((it.criterion, it.wanted) for it in find_rhythms(pl.concat([one, tagged])))
    assert found == [("project", "e/a"), ("tag", "night")]


@pytest.mark.parametrize("wanted", ["e/[x]*", "e/a\"b'\n[[leads]]", "e/\u202e", "a/b/c"])
def test_a_rule_for_any_name_loads_and_matches_only_it(wanted: str):
    rows = launches(range(21, 29), 5).with_columns(
        project=pl.col("project").replace("e/a", wanted),
        tags=pl.when(pl.col("project") == "e/a").then(pl.lit([wanted])).otherwise(pl.lit([""])),
    )
    for frame in (rows, rows.with_columns(tags=pl.lit([], pl.List(pl.String)))):
        roster = parsed(ADA + suggest_entries({}, parsed(ADA), find_rhythms(frame)))
        for rule in roster_frames(roster)["roster_run_rule"].iter_rows(named=True):
            assert (rule["scholar"], rule["criterion"]) in {("ada", "tag"), ("ada", "project")}
            assert rule["criterion"] == "project" or rule["wanted"] == wanted
