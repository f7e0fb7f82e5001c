"""Faults in the tokens of evaluations and what they cost."""

from __future__ import annotations

from scripts.faults.fault import Fault

TOKENS = ("tests/test_tokens.py",)
_CHARGE = "derive/098_token_charge"

FAULTS = (
    Fault(
        "a later call counts the tokens of the call before again",
        _CHARGE,
        "THEN earlier END AS included",
        "THEN NULL END AS included",
        TOKENS,
    ),
    Fault(
        "an attempt includes the one before it in the same call",
        _CHARGE,
        "min(retry) OVER (PARTITION BY scholar_key, task, same_as[1]) AS call",
        "retry AS call",
        TOKENS,
    ),
    Fault(
        "fewer tokens from the cache do not matter",
        _CHARGE,
        "used.cache_read >= earlier.cache_read",
        "true",
        TOKENS,
    ),
    Fault(
        "tokens cost what the first rate says",
        _CHARGE,
        "ASOF LEFT JOIN model_rate",
        "LEFT JOIN model_rate",
        TOKENS,
    ),
    Fault(
        "a run that another source has too uses no tokens",
        _CHARGE,
        "coalesce(run.excluded, 'same_run') = 'same_run'",
        "run.excluded IS NULL",
        TOKENS,
    ),
    Fault(
        "tokens without a price are in the ledger of an earlier day",
        "metrics/ledger",
        "JOIN edge ON used.day <= edge.last_day",
        "CROSS JOIN edge",
        TOKENS,
    ),
)
