"""A roll-up of several programmes adds what each of them publishes, and tells nothing else."""

import io

import polars as pl
import pytest

from tests.commands import velocity
from tests.programmes import PEOPLE, other_programme, programme
from tests.stores import built
from velocity.errors import VelocityError
from velocity.reading import reads
from velocity.reading.access import GROUPS_ALONE
from velocity.reading.roll_up import roll_up
from velocity.store import latest_snapshot

pytestmark = pytest.mark.sampled(4)

AMOUNTS = ("experiments_started", "experiments_concluded", "runs_ended", "busy_hours", "gpu_hours")


@pytest.fixture(scope="module")
def stores():
    return {it.__name__: latest_snapshot(built(it) / "data") for it in (programme, other_programme)}


def _shown(snapshot):
    return reads.group_weeks(snapshot, scope=GROUPS_ALONE)


def test_rows_are_those_of_each_programme_and_their_sum(stores):
    found = roll_up(stores)
    for name, snapshot in stores.items():
        mine = found.filter(programme=name).drop("programme")
        assert mine.equals(_shown(snapshot).drop("group_id").select(mine.columns))
    both = found.filter(programme="All programmes").sort("week_start")
    parts = [_shown(it).filter(group_id="all groups").sort("week_start") for it in stores.values()]
    assert both.height == 12
    for amount in AMOUNTS:
        assert both[amount].to_list() == sum(it[amount] for it in parts).to_list()


def _with(snapshot, **columns):
    """A snapshot that shows one week of one group with these figures."""
    row = {**dict.fromkeys(AMOUNTS, 0), "visible": True, "failure_share": None} | columns
    shown = _shown(snapshot).filter(group_id="all groups").head(1)
    weeks = shown.with_columns(**{it: pl.lit(value, shown[it].dtype) for it, value in row.items()})
    return snapshot, weeks


def _rolled(monkeypatch, stores, *columns):
    weeks = dict(_with(it, **row) for it, row in zip(stores.values(), columns, strict=True))
    monkeypatch.setattr(reads, "group_weeks", lambda snapshot, *, scope: weeks[snapshot])  # noqa: ARG005
    return roll_up(stores).filter(programme="All programmes").row(0, named=True)


def test_a_share_of_the_sum_is_made_of_published_shares_alone(stores, monkeypatch):
    one = {"runs_ended": 200, "failure_share": 0.2}
    found = _rolled(monkeypatch, stores, one, {"runs_ended": 95, "failure_share": None})
    # The programme of 95 runs does not show its share, and the sum does not help to find it.
    assert (found["runs_ended"], found["failure_share"]) == (295, 0.2)
    found = _rolled(monkeypatch, stores, one, {"runs_ended": 600, "failure_share": 0.4})
    assert found["failure_share"] == 0.35


def test_a_blank_week_adds_nothing_and_the_same_runs_twice_are_refused(stores, monkeypatch):
    blank = {"visible": False} | dict.fromkeys(AMOUNTS)
    found = _rolled(monkeypatch, stores, {"runs_ended": 45}, blank)
    assert (found["visible"], found["runs_ended"]) == (True, 45)
    assert not _rolled(monkeypatch, stores, blank, blank)["visible"]
    with pytest.raises(VelocityError, match="both have the project e/vision"):
        roll_up(dict.fromkeys("ab", stores["programme"]))


def test_the_command_names_nobody(stores, tmp_path):
    assert stores
    named = {"Vision": programme, "Speech = 2": other_programme}
    asked = [f"--store={name}={built(it) / 'data'}" for name, it in named.items()]
    done = velocity("groups", *asked, "--format", "csv", cwd=tmp_path)
    table = velocity("groups", *asked, cwd=tmp_path)
    assert (done.returncode, table.returncode) == (0, 0), done.stderr + table.stderr
    programmes = pl.read_csv(io.BytesIO(done.stdout))["programme"]
    assert [*programmes.unique(maintain_order=True)] == [*named, "All programmes"]
    for name in PEOPLE:
        assert name.encode() not in done.stdout.lower() + table.stdout.lower()
    for wrong in (asked[:1] * 2, ["--store=nothing"]):
        assert velocity("groups", *wrong, cwd=tmp_path).returncode == 2


def test_without_stores_it_shows_the_own_programme(tmp_path):
    folder = built(programme)
    places = ("--data", folder / "data", "--config", folder / "velocity.toml")
    done = velocity(*places, "groups", "--format", "csv", cwd=tmp_path)
    assert done.stdout.startswith(b"programme,group_name,week_start,visible")
    assert b"Vision" in done.stdout
