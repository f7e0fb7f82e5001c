"""Faults in the sequences that change one setting at a time."""

from __future__ import annotations

from scripts.faults.fault import Fault

_QUERY = "derive/103_one_setting"
_TESTS = ("tests/test_one_setting.py",)

FAULTS = (
    Fault(
        "an experiment of several configs has the first",
        _QUERY,
        "  HAVING min(run.config_hash) = max(run.config_hash)\n",
        "",
        _TESTS,
    ),
    Fault(
        "a sequence goes on after five days",
        _QUERY,
        "before_status = 'closed' AND before_result_us",
        "before_result_us",
        _TESTS,
    ),
    Fault(
        "experiments of a sequence overlap",
        _QUERY,
        "before_result_us <= start_us AND ",
        "",
        _TESTS,
    ),
    Fault(
        "a new key is no change",
        _QUERY,
        "min(hash) <> max(hash) OR count(*) = 1 AS differs",
        "min(hash) <> max(hash) AS differs",
        _TESTS,
    ),
    Fault(
        "several keys are one setting",
        _QUERY,
        "WHERE len(differing) = 1",
        "WHERE len(differing) >= 1",
        _TESTS,
    ),
    Fault(
        "several keys of different configs are one setting",
        _QUERY,
        "  HAVING count(*) FILTER (differs) = 1\n",
        "",
        _TESTS,
    ),
    Fault(
        "a key that changed once is a sweep",
        _QUERY,
        "    CASE WHEN changes >= 2 THEN with_key ELSE '' END AS key_path,",
        "    CASE WHEN changes >= 1 THEN with_key ELSE '' END AS key_path,",
        _TESTS,
    ),
    Fault(
        "repeats before the first change are left out",
        _QUERY,
        "ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING",
        "ROWS BETWEEN CURRENT ROW AND CURRENT ROW",
        _TESTS,
    ),
    Fault(
        "one ready launch is enough",
        _QUERY,
        "2 * count(ready.start_us) >= count(*)",
        "count(ready.start_us) >= 1",
        _TESTS,
    ),
    Fault(
        "two experiments are a sequence",
        _QUERY,
        "  HAVING count(*) >= 2 AND",
        "  HAVING",
        _TESTS,
    ),
    Fault(
        "every config of any line is compared",
        _QUERY,
        "PARTITION BY loop.scholar_key, loop.project_key ORDER BY",
        "PARTITION BY loop.scholar_key ORDER BY",
        _TESTS,
    ),
    Fault(
        "a sequence is seen with one of its experiments",
        "reads/one_setting",
        "bool_and(may_see($scope, scholar.scholar, stream.stream))",
        "bool_or(may_see($scope, scholar.scholar, stream.stream))",
        _TESTS,
    ),
    Fault(
        "a sequence belongs to the day of its last launch",
        "reads/one_setting",
        "min(experiment.start_day) < $to_day",
        "max(experiment.start_day) < $to_day",
        _TESTS,
    ),
)
