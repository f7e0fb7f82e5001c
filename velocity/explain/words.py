"""What the words in the tables of an explanation mean; docs/metrics.md defines them."""

from __future__ import annotations

#: The rule that joined a run to its experiment -> in words.
RULES = {
    "first": "begins the experiment",
    "tag": "has the tag of the experiment",
    "sweep": "is of the sweep",
    "continuation": "takes up a pre-empted run of the same config",
    "together": "was launched together with the run before it, which was in flight",
    "same_config": "has the config of the run before it, which was in flight",
    "script": "began so soon after another run's end that a script goes on",
}

#: What the start or the end of a run or session is known from -> in words.
SOURCES = {
    "environment": "starts when one of its processes said that it began",
    "stamp": "starts when its old client said that it began",
    "rows": "starts its runtime before its last logged row: it was uploaded late",
    "created": "starts when it was created: no process said when it began, or by a wrong clock",
    "runtime": "ends its runtime after its start",
    "heartbeat": "ends at its last heartbeat",
    "last_metric": "ends at its last logged row",
    "runtime_share": "an earlier session of a resumed run: ends after its share of the runtime",
    "next_session": "an earlier session of a resumed run: ends as the next begins",
    "open": "still running, counted to the end of the data",
    "stale_heartbeat": "presumed dead, ends at its last heartbeat",
    "unknown": "its end is not known: of no length",
}

#: How an experiment ended; k is how many of its runs must finish -> in words.
OUTCOMES = {
    "success": "k of its runs have finished",
    "partial": "some runs finished, fewer than k, and none runs any more",
    "false_start": "all its runs were early failures",
    "failure": "none finished, and one was failed compute",
    "killed": "none finished or was failed compute, and one was killed",
    "other": "none finished, was failed compute or was killed",
    "open": "a run is still going on, and there is no signal yet",
}

#: What became of a loop -> in words.
STATUSES = {
    "closed": "launched again within 5 days of the signal",
    "abandoned": "not launched again within 5 days of the signal",
    "awaiting": "not launched again yet, within 5 days of the signal",
    "open": "no signal yet",
    "none": "has no loop of its own: a false start, or its clock is in doubt",
}

#: Column -> word -> what it means.
MEANINGS = {
    "start_source": SOURCES,
    "end_source": SOURCES,
    "joined_by": RULES,
    "outcome": OUTCOMES,
    "loop_status": STATUSES,
    "status": STATUSES,
}
