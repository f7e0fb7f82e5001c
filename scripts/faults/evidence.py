"""Faults in the rules about a run's clocks and facts."""

from __future__ import annotations

from scripts.faults.fault import DRAWN, EVIDENCE, Fault

_CLOCK = "derive/006_run_clock"
_BASE = "derive/010_run_base"
_SESSION = "derive/020_session"
_MACHINE = "derive/091_machine"
_HOSTS = "derive/120_host_session"

FAULTS = (
    Fault("a node fails as a run", "macros/class_of", "'node_fail', ", "", (EVIDENCE,)),
    Fault("a state is read as a whole", "macros/class_of", "'deadline', 'dl', ", "", (DRAWN,)),
    Fault(
        "rows of nobody",
        "derive/004_run_reported",
        "coalesce(history_rows, 0) = 0",
        "true",
        (EVIDENCE,),
    ),
    Fault(
        "a stopwatch may run backwards",
        "derive/004_run_reported",
        "CASE WHEN own_s >= 0 THEN",
        "CASE WHEN true THEN",
        (EVIDENCE,),
    ),
    Fault(
        "earlier sessions count again",
        "derive/004_run_reported",
        "raw.runtime_s - coalesce(raw.earlier_runtime_s, 0) AS own_s",
        "raw.runtime_s AS own_s",
        (EVIDENCE,),
    ),
    Fault(
        "stamps tell nothing",
        _CLOCK,
        "coalesce(starts[1], stamp_us,",
        "coalesce(starts[1],",
        (DRAWN,),
    ),
    Fault("rows may be ahead", _CLOCK, "greatest(first_us, last_row_us) >", "first_us >", (DRAWN,)),
    Fault("offline runs are behind", _CLOCK, " AND NOT offline", "", (DRAWN,)),
    Fault(
        "a brief heartbeat covers the whole run",
        _CLOCK,
        "        AND heartbeat_us - created_us + together_us\n"
        "          >= greatest(runtime_us, last_row_us - first_us, 0)",
        "",
        (DRAWN,),
    ),
    Fault(
        "rows keep a wrong clock", _CLOCK, "last_row_us + shift_us AS", "last_row_us AS", (DRAWN,)
    ),
    Fault(
        "an upload is a sign of life",
        _CLOCK,
        "CASE WHEN NOT late THEN heartbeat_us END AS alive_us",
        "heartbeat_us AS alive_us",
        (DRAWN,),
    ),
    Fault(
        "a stopwatch is never too long",
        _CLOCK,
        "coalesce(begun_us + runtime_us > bound_us + slack_us, false) AS too_long",
        "false AS too_long",
        (DRAWN,),
    ),
    Fault(
        "no resumed run lost a writer",
        _CLOCK,
        "OR (served AND resumed AND len(starts) = 1 AND created_us < starts[1] - slack_us)",
        "",
        (DRAWN,),
    ),
    Fault(
        "stale a moment early",
        _CLOCK,
        ") <= slack_us THEN 'running'",
        ") < slack_us THEN 'running'",
        (DRAWN,),
    ),
    Fault(
        "writers without a sign of life count",
        _CLOCK,
        "it <= heartbeat_us + slack_us",
        "true",
        (DRAWN,),
    ),
    Fault(
        "nodes come up one after another",
        _BASE,
        "it[1] - firsts[-1] > together_us",
        "it[1] - firsts[-1] >= together_us",
        (DRAWN,),
    ),
    Fault("the shared flag is ignored", _BASE, "WHEN shared OR (NOT", "WHEN (NOT", (DRAWN,)),
    Fault("a resumed run works at once", _BASE, "(NOT resumed AND rows_us", "(rows_us", (DRAWN,)),
    Fault(
        "rewound runs are launched again",
        _BASE,
        "NOT (resumed OR rewound)",
        "NOT resumed",
        (DRAWN,),
    ),
    Fault(
        "an old launch is queued",
        _BASE,
        " AND run.launches <> 'launched_again'",
        "",
        (DRAWN,),
    ),
    Fault(
        "a run with an unknown creation time was not queued",
        _BASE,
        "    AND NOT configured.creation_unread\n",
        "",
        (EVIDENCE,),
    ),
    Fault(
        "a pending copy hides the run",
        _BASE,
        "    AND other.class <> 'pending'\n",
        "",
        ("tests/test_evidence.py::test_one_run_in_two_projects_counts_once",),
    ),
    Fault(
        "local files before W&B",
        _BASE,
        "(other.served, coalesce(epoch_us(other.seen_at), 0)",
        "(NOT other.served, coalesce(epoch_us(other.seen_at), 0)",
        (EVIDENCE,),
    ),
    Fault(
        "one id is one run",
        _BASE,
        "abs(other.start_us - run.start_us) <= run.together_us\n",
        "true\n",
        (EVIDENCE,),
    ),
    Fault("zero is zero", _SESSION, "WHEN NOT stood_still THEN", "WHEN true THEN", (DRAWN,)),
    Fault(
        "nobody sleeps",
        _SESSION,
        "coalesce(rows_us > start_us + watch_us + slack_us, false) AS suspended",
        "false AS suspended",
        (DRAWN,),
    ),
    Fault(
        "who sleeps computes",
        _SESSION,
        "CASE WHEN suspended THEN least(watch_us, end_us - start_us) ELSE",
        "CASE WHEN false THEN 0 ELSE",
        (DRAWN,),
    ),
    Fault(
        "a local session reaches into the next",
        _SESSION,
        "least(next_us, CASE",
        "least(NULL, CASE",
        (EVIDENCE,),
    ),
    Fault(
        "the last of the local sessions alone",
        _SESSION,
        "CASE WHEN recorded.number < len(run.firsts) THEN 'over' ELSE run.class END",
        "run.class",
        (EVIDENCE,),
    ),
    Fault(
        "a restarted stopwatch is shared out",
        _SESSION,
        "CASE WHEN launches = 'in_turn' AND left_us",
        "CASE WHEN left_us",
        (DRAWN,),
    ),
    Fault(
        "two writers on a host are two machines",
        _MACHINE,
        "GROUP BY run_key, number, host_key",
        "GROUP BY run_key, number, host_key, gpu_count",
        (EVIDENCE,),
    ),
    Fault(
        "a lost session had no machine",
        _MACHINE,
        "WHERE writer_lost AND begin_us",
        "WHERE NOT writer_lost AND begin_us",
        (DRAWN,),
    ),
    Fault(
        "machines of another session",
        _HOSTS,
        "AND work.number = coalesce(machine.number, work.number)",
        "",
        (EVIDENCE,),
    ),
    Fault(
        "helpers cost nothing",
        _HOSTS,
        "WHERE number > 1 AND begin_us",
        "WHERE number > 99 AND begin_us",
        (EVIDENCE,),
    ),
    Fault(
        "sleep is charged",
        _HOSTS,
        "THEN active_us / (end_us - start_us) ELSE",
        "THEN 1 ELSE",
        (EVIDENCE,),
    ),
    Fault(
        "every machine is a session",
        "metrics/littles_law",
        " WHERE leads",
        "",
        (EVIDENCE,),
    ),
    Fault(
        "suspended time is free",
        "derive/128_gpu_charge",
        "(piece.to_us - piece.from_us) * piece.load END",
        "(piece.to_us - piece.from_us) END",
        (EVIDENCE,),
    ),
    Fault(
        "late uploads are faults",
        "macros/is_doubtful",
        "'uploaded_late', ",
        "",
        ("tests/test_evidence_shown.py",),
    ),
)
