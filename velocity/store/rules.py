"""The parts of rules about runs that a query cannot work out: globs and hashes of values."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from velocity.roster.models import Roster
    from velocity.store.live import LiveStore

_PROJECTS = {"position": pl.Int32, "entity": pl.String, "project": pl.String}
_VALUES = {"position": pl.Int32, "path": pl.String, "hash": pl.UInt64}


def load_rules(store: LiveStore, roster: Roster | None) -> None:
    """Loads the projects that rules match, and the hashes of the config values they name.

    The tables are `rule_project` and `rule_value`; `position` is that of `roster_run_rule`.
    """
    rules = list(enumerate(roster.run_rules())) if roster is not None else []
    known = store.run("SELECT entity, project FROM project")
    projects = [
        (position, entity, project)
        for position, rule in rules
        if rule.criterion == "project"
        for entity, project in known
        if fnmatchcase(f"{entity}/{project}", rule.wanted)
    ]
    values = [
        (position, path, number)
        for position, rule in rules
        if rule.criterion == "config"
        for path, number in store.record.hashes_of(rule.wanted, rule.value)
    ]
    store.load("rule_project", pl.DataFrame(projects, schema=_PROJECTS, orient="row"))
    store.load("rule_value", pl.DataFrame(values, schema=_VALUES, orient="row"))
