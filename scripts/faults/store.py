"""Faults in merging, and in what a change derives again."""

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
        (f"{CHANGES}[1-True]",),
    ),
    Fault(
        "recoveries are left as they were",
        "store/scope",
        "WHERE NOT recovered AND",
        "WHERE false AND",
        (f"{CHANGES}[0-True]",),
    ),
    Fault(
        "what as_of cut is left so",
        "store/scope",
        "WHERE run.end_us = epoch_us(derived_to.as_of) AND",
        "WHERE false AND",
        (f"{INCREMENTAL}::test_an_end_that_was_cut_is_known_once_the_data_reaches_it",),
    ),
    Fault(
        "weeks that as_of has added are not made",
        "store/touched_week",
        "(SELECT timezone(setting.timezone, max(as_of)) FROM project),",
        "(SELECT max(week_start)::TIMESTAMP FROM derived.weekly),",
        (f"{INCREMENTAL}::test_time_alone_moves_weeks_and_burn",),
    ),
    Fault(
        "an older row comes last",
        "record/merge_row",
        "ORDER BY heartbeat_at DESC NULLS LAST",
        "ORDER BY heartbeat_at NULLS LAST",
        (MERGE,),
    ),
    Fault(
        "a worse source replaces",
        "record/merge_row",
        "held_rank.trust > latest_rank.trust",
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
        "a user is the scholar of that id",
        "store/scholars",
        "WHEN kind = 'username' AND number.name IN (SELECT scholar FROM roster_scholar)",
        "WHEN false",
        (EDGES,),
    ),
    Fault(
        "users nobody has runs of stay",
        "store/scholars",
        "AND number.name IN (SELECT username FROM raw_username WHERE live)",
        "",
        (READS,),
    ),
    Fault(
        "a stream once is a stream always",
        "store/streams",
        "coalesce(to_date, 'infinity'::DATE)",
        "'infinity'::DATE",
        (FIGURES,),
    ),
    Fault(
        "the forgotten leave runs",
        "record/erase",
        "DELETE FROM raw_run WHERE username IN (FROM person);",
        "",
        ("tests/test_forget.py",),
    ),
    Fault(
        "the forgotten leave restatements",
        "record/erase",
        "DELETE FROM restatement\nWHERE kind = 'scholar' AND group_id IN (FROM person);",
        "",
        ("tests/test_forget.py",),
    ),
    Fault(
        "the forgotten leave their number",
        "record/erase",
        "DELETE FROM scholar_number\nWHERE kind <> 'nobody' AND name IN (FROM person);",
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
)
