"""Time zones: tzdata in Python, DuckDB's own in SQL, and their differences."""

import zoneinfo
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

import velocity
from tests.roster_texts import ADA
from velocity.cli import doctor
from velocity.store import zones
from velocity.store.zones import differing_zones


def test_zones_come_from_the_package() -> None:
    assert velocity.__version__
    assert zoneinfo.TZPATH == ()
    assert "Europe/Berlin" in zoneinfo.available_timezones()


@pytest.mark.thorough
def test_every_zone_has_the_same_offsets_in_python_and_in_duckdb() -> None:
    assert differing_zones(sorted(zoneinfo.available_timezones())) == {}


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("UTC", 0),
        ("Europe/Berlin", 76),
        ("Asia/Kolkata", 0),
        ("Pacific/Apia", 23),  # skipped a whole day in 2011
    ],
)
def test_offsets_are_compared_on_both_sides_of_every_change(name: str, changes: int) -> None:
    zone = ZoneInfo(name)
    instants = [datetime(1970, 1, 1, tzinfo=UTC) + at for at, _ in zones._offsets(zone)]
    assert instants == sorted(instants)
    around = [
        (early, late) for early, late in pairwise(instants) if late - early == timedelta(seconds=1)
    ]
    assert len(around) == changes
    for early, late in around:
        assert early.astimezone(zone).utcoffset() != late.astimezone(zone).utcoffset()


@pytest.mark.parametrize(
    ("other", "differs_at"),
    [
        ("Europe/London", datetime(1993, 1, 1, tzinfo=UTC)),
        ("Africa/Algiers", datetime(1993, 3, 28, tzinfo=UTC)),
        ("Europe/Vienna", None),
    ],
)
def test_a_zone_with_different_rules_is_found(monkeypatch, other, differs_at):
    monkeypatch.setattr(zones, "ZoneInfo", lambda _: ZoneInfo(other))
    found = differing_zones(["Europe/Berlin"])
    assert set(found) == (set() if differs_at is None else {"Europe/Berlin"})
    if differs_at is not None:
        assert abs(found["Europe/Berlin"] - differs_at) <= timedelta(days=7)


BOTH = ["Asia/Tokyo", "UTC"]


@pytest.mark.parametrize(
    ("roster", "timezone", "names"),
    [
        ("", "UTC", ["UTC"]),
        (f'{ADA}timezone = "Asia/Tokyo"\n', "UTC", BOTH),
        (f'{ADA}timezone = "UTC"\n', "Asia/Tokyo", BOTH),
    ],
)
def test_doctor_compares_the_zones_in_use(tmp_path, monkeypatch, roster, timezone, names):
    (tmp_path / "roster.toml").write_text(roster, encoding="utf-8")
    config = tmp_path / "velocity.toml"
    config.write_text(f'[programme]\ntimezone = "{timezone}"\n', encoding="utf-8")
    asked = []

    def all_differ(zones):
        asked.extend(zones)
        return dict.fromkeys(zones, datetime(2026, 11, 6, tzinfo=UTC))

    monkeypatch.setattr(doctor, "differing_zones", all_differ)
    monkeypatch.setattr(doctor, "_server", lambda _: iter(()))
    found = [it for it in doctor.examine(tmp_path, config) if it.about == "time zone"]
    assert asked == names
    assert [it.told.partition(":")[0] for it in found] == asked
    assert {it.state for it in found} == {"note"}
