"""Faults in merging, and in the rows that a change derives again."""

from __future__ import annotations

from scripts.faults.fault import CHANGES, EDGES, FIGURES, INCREMENTAL, MERGE, READS, USUAL, Fault

FAULTS = (
    Fault(
        "the week that ends at as_of runs",
        "store/weekly",
        "> (SELECT epoch_us(max(as_of))",
        ">= (SELECT epoch_us(max(as_of))",
        (USUAL,),
    ),
    Fault(
        "awaiting loops are left as they were",
        "store/scope",
        "status IN ('open', 'awaiting')",
        "status IN ('open')",
        (f"{CHANGES}[1-False]",),
    ),
    Fault(
        "recoveries are left as they were",
        "store/scope",
        "WHERE NOT recovered AND",
        "WHERE false AND",
        (f"{CHANGES}[0-True]",),
    ),
    Fault(
        "ends cut at as_of are not derived again",
        "store/scope",
        "WHERE run.end_us = epoch_us(derived_to.as_of) AND",
        "WHERE false AND",
        (f"{INCREMENTAL}::test_an_end_that_was_cut_is_known_once_the_data_reaches_it",),
    ),
    Fault(
        "weeks after an advanced as_of are missing",
        "store/touched_week",
        "(SELECT timezone(setting.timezone, max(as_of)) FROM project),",
        "(SELECT max(week_start)::TIMESTAMP FROM derived.weekly),",
        (f"{INCREMENTAL}::test_weeks_and_burn_move_with_time_alone",),
    ),
    Fault(
        "changes are not derived",
        "store/scope",
        "WHERE change > (SELECT change FROM taken_in)",
        "WHERE false",
        (f"{CHANGES}[1-False]",),
    ),
    Fault(
        "another record is mistaken for the last one",
        "store/goes_on",
        "JOIN identity ON identity.id = taken_in.record",
        "",
        ("tests/test_record.py",),
    ),
    Fault(
        "an earlier copy of the record is mistaken for the last one",
        "store/goes_on",
        "WHERE taken_in.change <= (SELECT coalesce(max(change), 0) FROM changed_username)",
        "",
        ("tests/test_record.py",),
    ),
    Fault(
        "restatements are kept twice",
        "record/restated",
        "WHERE derivation > (SELECT coalesce(max(derivation), 0) FROM restatement)",
        "",
        ("tests/test_record.py",),
    ),
    Fault(
        "any text is a link",
        "publish/run_label",
        "CASE WHEN regexp_matches(raw.url, '^(https?:/)?/[^/\\\\]') THEN raw.url END",
        "raw.url",
        ("tests/test_sources.py",),
    ),
    Fault(
        "a split store has no pages",
        "record/split",
        "'/runs/'",
        "'/'",
        ("tests/test_one_file.py",),
    ),
    Fault(
        "an older row comes last",
        "record/match_runs",
        "ORDER BY heartbeat_at DESC NULLS LAST",
        "ORDER BY heartbeat_at NULLS LAST",
        (MERGE,),
    ),
    Fault(
        "a worse source replaces",
        "record/match_runs",
        "held.trust > incoming.trust",
        "false",
        (MERGE,),
    ),
    Fault(
        "running weeks are restated",
        "store/restate",
        "SELECT false AS later, * FROM weekly_before WHERE NOT running",
        "SELECT false AS later, * FROM weekly_before",
        ("tests/test_restatement.py",),
    ),
    Fault(
        "a user is the scholar with that id",
        "store/scholars",
        "WHEN kind = 'username' AND number.name IN (SELECT scholar FROM roster_scholar)",
        "WHEN false",
        (EDGES,),
    ),
    Fault(
        "users without runs stay",
        "store/scholars",
        "AND number.name IN (SELECT username FROM raw_username WHERE live)",
        "",
        (READS,),
    ),
    Fault(
        "a removed stream stays",
        "store/streams",
        "coalesce(to_date, 'infinity'::DATE)",
        "'infinity'::DATE",
        (FIGURES,),
    ),
    Fault(
        "the forgotten leave runs",
        "record/erase",
        "DELETE FROM raw_run WHERE username IN (SELECT name FROM person WHERE kind = 'usernames');",
        "",
        ("tests/test_forget.py",),
    ),
    Fault(
        "the forgotten leave restatements",
        "record/erase",
        "DELETE FROM restatement\nWHERE kind = 'scholar' "
        "AND group_id IN (SELECT name FROM person WHERE kind = 'labels');",
        "",
        ("tests/test_forget.py",),
    ),
    Fault(
        "the forgotten leave their number",
        "store/erase",
        "DELETE FROM scholar_number\n"
        "WHERE (kind = 'roster' AND name IN (SELECT name FROM person WHERE kind = 'scholars'))\n"
        "  OR (kind = 'username' AND name IN (SELECT name FROM person WHERE kind = 'usernames'));",
        "",
        ("tests/test_forget.py",),
    ),
    Fault(
        "the forgotten stay in the log",
        "record/erase",
        "contains(concat_ws(' ', note, error), person.name)",
        "false",
        ("tests/test_forget.py",),
    ),
    Fault(
        "a shard has no runs of others with the same id",
        "store/run_shard",
        "HAVING count(*) > 1)",
        "HAVING false)",
        ("tests/test_shards.py",),
    ),
)
