"""Published weeks of the groups of several programmes, which name nobody.

Each programme has a store of its own. Only what it shows to a lead who may not see people is used,
so nothing can be found by subtracting that a programme does not publish. Two stores with the same
runs would be different: one person's runs could be the difference of two groups.
"""

from collections.abc import Mapping
from itertools import combinations

import polars as pl

from velocity.errors import VelocityError
from velocity.queries import load_query
from velocity.reading import reads
from velocity.reading.access import GROUPS_ALONE
from velocity.store import Snapshot


def roll_up(programmes: Mapping[str, Snapshot]) -> pl.DataFrame:
    """One row per programme, group and published week, then one per week for all programmes.

    Returns:
        programme, group_name, week_start, visible and the figures of `reads.group_weeks`.

    Raises:
        VelocityError: two programmes have a project in common.
    """
    projects = {
        name: set(reads.projects(snapshot).select("entity", "project").iter_rows())
        for name, snapshot in programmes.items()
    }
    for (one, ours), (other, theirs) in combinations(projects.items(), 2):
        if both := sorted(ours & theirs):
            raise VelocityError(
                f"'{one}' and '{other}' both have the project {'/'.join(both[0])}.",
                "Runs may be in one store only: the difference of two groups could be one "
                "person's. Leave one of the stores out.",
            )
    weeks = pl.concat(
        reads.group_weeks(snapshot, scope=GROUPS_ALONE).with_columns(
            place=pl.lit(place, pl.Int32), programme=pl.lit(name)
        )
        for place, (name, snapshot) in enumerate(programmes.items())
    )
    first = next(iter(programmes.values()))
    found = first.frame(load_query("reads/roll_up").body, {}, {"programme_week": weeks})
    # Groups keep the order of their programme.
    return found.sort("place", maintain_order=True).drop("place")
