"""The flags of a run about its user."""

import pytest

from tests.builders import run, store_of
from velocity.reading import reads
from velocity.roster.models import Roster, Scholar


def flags(roster: Roster | None) -> list[str]:
    snapshot = store_of([run("r1", "09:00", "10:00", username="ada")], "20:00", roster=roster)
    return reads.runs(snapshot)["flags"].to_list()


def test_without_a_roster_a_username_is_a_scholar_and_unmapped():
    assert flags(None) == ["unmapped"]


@pytest.mark.thorough
def test_with_a_roster_a_username_is_mapped_or_unknown():
    assert flags(Roster(scholars=[Scholar(id="a", name="Ada", usernames=["ada"])])) == [""]
    assert flags(Roster(scholars=[Scholar(id="b", name="Bob", usernames=["bob"])])) == [
        "unattributed"
    ]
