"""Loads settings and roster as tables and variables, so that every query is static.

Globs and hashes of config values cannot be worked out by a query: what they match becomes rows.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

import polars as pl

from velocity.queries import load_query, queries_fingerprint
from velocity.roster.models import Roster
from velocity.roster.tables import roster_frames, roster_names, shown_frames
from velocity.settings import Settings
from velocity.store.live import LiveStore

_MINUTE_US = 60_000_000
_VALUE = {"position": pl.Int32, "path": pl.String, "hash": pl.UInt64}

#: The previous version left out names that contain one of these.
_LEFT_OUT = "[^/]*(?:token|secret|password|key|email)[^/]*"
_NEVER = r"^()\z."
_ESCAPES = {"~": "~0", "/": "~1"}
_CLASS = re.compile(r"\[(!?)(\]?[^\]]*)\]")


def load_configuration(store: LiveStore, settings: Settings, roster: Roster) -> tuple[str, str]:
    """Load the tables and variables that the queries read.

    Returns:
        SHA-256 of the queries, settings, rates and grants, and of the rest of the roster.
    """
    experiments, compute = settings.experiments, settings.compute
    setting = {
        "timezone": settings.programme.timezone,
        "stale": round(experiments.stale_after_minutes * _MINUTE_US),
        "together": round(experiments.together_minutes * _MINUTE_US),
        "ready": round(experiments.ready_within_minutes * _MINUTE_US),
        "script_gap": round(experiments.script_gap_seconds * 1_000_000),
        "rented_gap": round(compute.rented_gap_hours * 60 * _MINUTE_US),
    }
    store.run(
        "CREATE OR REPLACE TABLE derived.setting AS SELECT $timezone::VARCHAR AS timezone, "
        "$stale::BIGINT AS stale_us, $together::BIGINT AS together_us, "
        "$script_gap::BIGINT AS script_gap_us, $ready::BIGINT AS ready_us, "
        "$rented_gap::BIGINT AS rented_gap_us",
        setting,
    )
    # Variables are known when a query is planned.
    variables = {
        "gpu_count_key": compute.gpu_count_key,
        "ignored_key": _ignored_key(experiments.same_idea_ignore),
        "ignored_or_left_out_key": _ignored_key(experiments.same_idea_ignore, earlier=True),
    }
    for name, value in variables.items():
        store.run(f"SET VARIABLE {name} = $value::VARCHAR", {"value": value})
    made_of = queries_fingerprint() + repr(setting | variables) + repr(sorted(roster.rented))
    made_with, people = hashlib.sha256(made_of.encode()), hashlib.sha256()
    frames = roster_frames(roster)
    for name, frame in frames.items():
        # An entry that only moved within the roster is the same.
        (made_with if name.startswith("credit_") else people).update(
            repr(frame.sort(pl.all()).rows()).encode()
        )
    # Addresses, notes and aims do not affect figures, so they are not in the fingerprint.
    shown = {"roster_name": roster_names(roster), **shown_frames(roster)}
    for name, frame in (frames | shown).items():
        store.load(name, frame)
    store.run(load_query("store/known_names").body)
    for name, frame in _matched(store, frames, roster.rented).items():
        store.load(name, frame)
    return made_with.hexdigest(), people.hexdigest()


def _matched(
    store: LiveStore, frames: Mapping[str, pl.DataFrame], rented: Sequence[str]
) -> dict[str, pl.DataFrame]:
    """What globs and config values of the roster match in the record: table -> its rows."""
    projects = store.frame(
        "SELECT entity, project, concat(entity, '/', project) AS path FROM project"
    )
    types = "SELECT unnest(writers).gpu_type AS gpu_type FROM raw_run UNION ALL SELECT NULL"
    types = f"SELECT DISTINCT coalesce(gpu_type, '') AS gpu_type FROM ({types})"
    models = "SELECT DISTINCT unnest(usage).model AS model FROM raw_run"
    hosts = "SELECT DISTINCT entity, unnest(writers).host AS host FROM raw_run"
    rules = frames["roster_run_rule"]
    values = [
        (position, path, number)
        for position, name, value in rules.filter(criterion="config")
        .select("position", "wanted", "value")
        .iter_rows()
        for path, number in store.record.hashes_of(name, json.loads(value))
    ]

    def found(named: str, name: str, rules: pl.DataFrame, glob: str) -> pl.DataFrame:
        # Without a rule, no run is read.
        rows = store.frame(f"{named} LIMIT 0" if rules.is_empty() else named)
        return _matching(rows, name, rules, glob)

    globs = pl.DataFrame({"rented": rented}, {"rented": pl.String})
    streams = _matching(projects, "path", frames["roster_rule"], "pattern")
    dollars = found(models, "model", frames["credit_token_rate"], "model_glob")
    return {
        "project_stream": _first(streams, "entity", "project"),
        "rule_project": _matching(projects, "path", rules.filter(criterion="project"), "wanted"),
        "rule_value": pl.DataFrame(values, _VALUE, orient="row"),
        "rate_of_type": found(types, "gpu_type", frames["credit_rate"], "gpu_glob"),
        "model_rate": _first(dollars, "model", "from_date"),
        "rented_host": found(hosts, "host", globs, "rented").select("entity", "host").unique(),
    }


def _matching(named: pl.DataFrame, name: str, rules: pl.DataFrame, glob: str) -> pl.DataFrame:
    """Each row of `named` with each rule whose glob matches its name.

    Globs are those of `fnmatch.fnmatchcase`: case matters, `*` matches any text (including the
    slash of a project), `?` one character, `[ab]` one of several.
    """
    pairs = [
        (text, pattern)
        for pattern in rules[glob].unique()
        for text in named[name].drop_nulls().unique()
        if fnmatchcase(text, pattern)
    ]
    found = pl.DataFrame(pairs, {name: pl.String, glob: pl.String}, orient="row")
    return named.join(found, on=name).join(rules, on=glob)


def _first(matches: pl.DataFrame, *key: str) -> pl.DataFrame:
    """The match of each key whose rule comes first in the roster."""
    return matches.sort("position").unique(key, keep="first")


def _ignored_key(globs: Sequence[str], *, earlier: bool = False) -> str:
    """A regular expression (RE2) for paths of `record.config_paths` with an ignored name.

    The group is the path before the first such name. `globs` are of the last dotted part of names;
    case is ignored. `earlier`: whether to ignore what the previous version left out, too.
    """
    ways = [f"(?:[^/]*\\.|~2)?(?:{'|'.join(map(_expression, globs))})"] if globs else []
    ways += [_LEFT_OUT] if earlier else []
    return f"(?is)^(.*?)/(?:{'|'.join(ways)})(?:/|$)" if ways else _NEVER


def _expression(glob: str) -> str:
    made, place = "", 0
    while place < len(glob):
        found = _CLASS.match(glob, place)
        character = glob[place]
        place = found.end() if found else place + 1
        if found:
            inner = found[2].replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
            made += f"[{'^/.' if found[1] else ''}{inner}]"
        elif character == "*":
            made += "[^/.]*"
        elif character == "?":
            made += "(?:[^/.~]|~[012])"
        else:
            made += re.escape(_ESCAPES.get(character, character))
    return made
