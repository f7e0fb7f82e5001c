"""State words that no rule knows, in one sentence: a typing error, or another program's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from velocity.cleaning import cleaned
from velocity.formats import plural
from velocity.reading import reads

if TYPE_CHECKING:
    from velocity.store import Snapshot

UNKNOWN_STATES_HINT = (
    "Such runs count as over, and not as finished. docs/tables.md lists the words."
)
#: What a run has that tells no state at all, such as a local directory without a log.
_NO_WORDS = ("(none)", "unknown")
_SHOWN = 5
_LONGEST = 40


def told_unknown_states(snapshot: Snapshot) -> str:
    """Which words they are and how many runs have each; empty where there are none."""
    rows = [row for row in reads.unknown_states(snapshot).iter_rows() if row[0] not in _NO_WORDS]
    words = [f"{cleaned(state, _LONGEST)} ({plural(runs, 'run')})" for state, runs in rows[:_SHOWN]]
    if len(rows) > _SHOWN:
        words.append(f"and {len(rows) - _SHOWN:,} more")
    return f"states that velocity does not know: {', '.join(words)}" if words else ""
