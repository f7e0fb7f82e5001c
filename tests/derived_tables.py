"""The tables of a live store with names instead of numbers, to compare two stores row by row."""

import polars as pl
from polars.testing import assert_frame_equal

from velocity.queries import list_queries
from velocity.store import LiveStore

_PLAIN = (
    *("scholar", "actor", "day_off", "stream", "membership", "weekly", "note", "aim"),
    *("gpu_rate", "credit_grant", "recent_charge"),
)
#: Column -> SQL of the names of its numbers.
_NAMES = {
    "run_key": """
        SELECT run_key AS key, concat_ws('/', entity, project, run_id) AS name FROM raw_run""",
    "scholar_key": """
        SELECT scholar_key AS key, concat_ws(' ', kind, name, actor) AS name FROM scholar_number""",
    "project_key": "SELECT project_key AS key, entity || '/' || project AS name FROM project",
    "stream_key": "SELECT stream_key AS key, stream AS name FROM stream UNION ALL SELECT 0, '*'",
    "host_key": """
        SELECT DISTINCT hash(entity, host) AS key, entity || ' ' || host AS name
        FROM (SELECT entity, unnest(writers).host AS host FROM raw_run) WHERE host IS NOT NULL
        UNION ALL
        SELECT hash('alone', scholar_key), concat_ws(' ', kind, name, actor) FROM scholar_number
        UNION ALL
        SELECT hash('job', run_key), concat_ws('/', 'job', entity, project, run_id) FROM raw_run""",
}
_KEYS = {
    **{name: name for name in _NAMES},
    "owner_key": "scholar_key",
    **dict.fromkeys(("experiment_key", "before_key", "head_key"), "run_key"),
}


#: Raw table -> its content except numbers and runs marked as deleted.
_RAW = {
    # Hashes of configs depend on the salt of the store.
    "raw_run": """
        SELECT
          COLUMNS(lambda name: name NOT IN (
            'run_key', 'deleted_at', 'seen_at', 'config_shape', 'config_hashes', 'config_earlier',
            'clear_config')),
          len(config_hashes) AS hashes
        FROM raw_run
        WHERE deleted_at IS NULL""",
    "project": "SELECT * EXCLUDE project_key FROM project",
    "rejected": "FROM rejected",
    "changed_username": "SELECT username FROM changed_username AS held, taken_in "
    "WHERE held.change > taken_in.change",
    "derived_to": "SELECT entity, project, derived_to.as_of FROM derived_to JOIN project USING "
    "(project_key)",
    "derived_with": "FROM derived_with",
    "migration": "FROM migration",
}
#: Permanent numbers, also of scholars who are gone; sync attempts and their traces.
_OF_THE_PAST = {
    *("scholar_number", "known_name", "sync_log", "restatement", "group_week", "restated"),
    *("identity", "taken_in", "macros_of", "config_shape", "utilisation_request", "archived"),
    "archived_credits",
}
#: Settings and roster: `derived_with` has their fingerprint.
_CONFIGURATION = {"setting", "project_rule", "named_key"}


def all_tables(store: LiveStore) -> dict[str, pl.DataFrame]:
    """Table -> its rows, for every table except those about the history of the store."""
    with store.reading_record():
        found = {name: store.frame(sql).sort(pl.all()) for name, sql in _RAW.items()}
        sql = "SELECT table_name FROM duckdb_tables() WHERE NOT temporary"
        # Only the copy of a record on a server has the last one.
        known = {name for (name,) in store.run(sql)} - {"copy_of"}
    found |= derived_tables(store)
    expected = found.keys() | _OF_THE_PAST | _CONFIGURATION
    assert expected == known, expected ^ known
    return found


def derived_tables(store: LiveStore) -> dict[str, pl.DataFrame]:
    """Table -> its rows, in an order that depends only on names."""
    with store.reading_record():
        names = {key: store.frame(sql) for key, sql in _NAMES.items()}
    kept = [query.table for query in list_queries("derive") if query.kept_by]
    found = {}
    for table in (*_PLAIN, *kept):
        frame = store.frame(f'FROM derived."{table}"')
        for column in _KEYS.keys() & frame.columns:
            known = {"old": names[_KEYS[column]]["key"], "new": names[_KEYS[column]]["name"]}
            named = frame[column].replace_strict(**known, return_dtype=pl.String, default="?")
            frame = frame.with_columns(named)
        whole = [name for name, kind in frame.schema.items() if not kind.is_float()]
        found[str(table)] = frame.select(*whole, pl.exclude(whole)).sort(pl.all())
    return found


def assert_tables_agree(found: dict[str, pl.DataFrame], expected: dict[str, pl.DataFrame]) -> None:
    """Assert equal tables; fractions may differ by 1e-9 of their size or of an hour in µs."""
    assert found.keys() == expected.keys()
    for table, frame in expected.items():
        try:
            assert_frame_equal(found[table], frame, rel_tol=1e-9, abs_tol=1e-6)
        except AssertionError as error:
            shared = [name for name in frame.columns if not frame[name].dtype.is_float()]
            extra = found[table].join(frame, on=shared, how="anti", nulls_equal=True)
            missing = frame.join(found[table], on=shared, how="anti", nulls_equal=True)
            message = f"{table}: {error}\nfound\n{extra}\nexpected\n{missing}"
            raise AssertionError(message) from error
