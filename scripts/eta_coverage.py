"""How often a result comes in the range in which it was likely: replay logs of runs.

`python -m scripts.eta_coverage TABLE...` imports run tables and prints, for each, how many of the
ranges (10 to 90 %) hold their result: one range per experiment, at its launch, and one for every
whole hour that it has lasted. A range is made of what was known then: earlier launches of the line,
those without a result yet as still going on.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from velocity.settings import Settings
from velocity.sources.base import Asked
from velocity.store import latest_snapshot
from velocity.sync.commands import import_runs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from velocity.store import Snapshot

_REPLAY = """
WITH asked AS (
  SELECT
    row_number() OVER () AS group_id, loop.*, hour * hour_us() AS age_us,
    start_us + hour * hour_us() AS at_us
  FROM loop, (SELECT unnest(generate_series(0, 2400)) AS hour)
  WHERE machine_event AND (hour = 0 OR hour * hour_us() < machine_us)
),
observation AS (
  SELECT
    asked.group_id, 'epoch'::DATE AS period_start, 'machine' AS measure,
    least(loop.machine_us, asked.at_us - loop.start_us) AS length_us,
    loop.machine_event AND loop.result_us <= asked.at_us AS event
  FROM asked
  JOIN loop USING (scholar_key, project_key)
  WHERE loop.start_us <= asked.at_us
),
age AS (
  SELECT group_id, age_us FROM asked
)
SELECT
  age_us = 0 AS at_launch, count(*) AS ranges,
  avg((machine_us BETWEEN low_us AND coalesce(high_us, machine_us))::INTEGER) AS coverage
FROM likely_lengths('observation', 'age')
JOIN asked USING (group_id, age_us)
WHERE low_us IS NOT NULL
GROUP BY at_launch
ORDER BY at_launch DESC
"""


def coverage(snapshot: Snapshot) -> list[tuple[int, float]]:
    """Return the number of ranges and the share that holds its result: at launch, and hourly."""
    found = snapshot.frame(_REPLAY)
    return list(found.select("ranges", "coverage").iter_rows())


def main(tables: Sequence[str]) -> None:
    """Print the coverage of each table."""
    for table in tables:
        with tempfile.TemporaryDirectory() as folder:
            data = Path(folder)
            import_runs(data, Settings(roster=data / "none.toml"), "table", Asked([table]))
            found = coverage(latest_snapshot(data))
        for when, (ranges, share) in zip(("at launch", "hourly"), found, strict=False):
            print(f"{Path(table).name}, {when}: {share:.1%} of {ranges:,} ranges")


if __name__ == "__main__":
    main(sys.argv[1:])
