"""Tokens of evaluations: whose they are, what they cost, and that a retry's count once."""

import random
from collections import defaultdict
from datetime import date, timedelta
from functools import cache

import polars as pl
import pytest

from tests.builders import at, run, store_of
from tests.roster_texts import ADA, parsed, stream
from velocity.explain.made import explain
from velocity.reading import reads
from velocity.sentences import spending

pytestmark = pytest.mark.sampled(4)

KINDS = ("input", "output", "cache_read", "cache_write")
SUMS = ("tokens", "token_dollars", "unpriced_tokens")
ROSTER = f"""{ADA}{stream("safety", projects='["e/*"]')}
[[credits.token_rates]]
model = "lab/*"
from = 2026-01-01
dollars_per_million_input = 2
dollars_per_million_output = 10
dollars_per_million_cache_read = 0.5

[[credits.token_rates]]
model = "*"
from = 2026-01-05
dollars_per_million_input = 1000000
dollars_per_million_output = 0
"""


def used(model, *counts, dollars=None):
    counts = (*counts, 0, 0, 0, 0)[:4]
    return {"model": model, **dict(zip(KINDS, counts, strict=True)), "dollars": dollars}


def figures(user, *columns):
    """Figures of a user in the store without a roster."""
    found = reads.metrics(together(), by="scholar").filter(scholar=user)
    return found.select(columns or SUMS).row(0)


MANY = used("lab/a", 1_000_000, 200_000, 2_000_000, 500_000)
FEW = [used("lab/b", 7, 7, dollars=1.5), used("other", 40, 2)]
PRICED = [
    run("r1", "2026-01-04 09:00", "2026-01-04 10:00", usage=[MANY, *FEW]),
    run("r2", "09:00", "10:00", usage=[used("lab/a", 3, 5), used("other", 4, 9)]),
]


def test_tokens_are_priced_by_the_log_or_else_by_the_rate_of_their_model_and_day():
    assert figures("ada") == (3_700_000 + 14 + 42 + 8 + 13, 1.5, 3_700_000 + 42 + 8 + 13)
    priced = 2 + 2 + 1 + 1 + 1.5 + 3 + 4  # the later rate for any model counts on its days
    found = reads.metrics(store_of(PRICED, "20:00", roster=parsed(ROSTER)), by="programme")
    assert found.select(SUMS).row(0) == pytest.approx((3_700_077, priced, 42))


def test_tokens_stand_in_the_ledger_of_each_group_and_in_their_explanation():
    rows = [
        run("r1", "09:00", "10:00", usage=[used("x", 2), used("lab/a", 1)]),
        run("r2", "2026-01-03 09:00", "2026-01-03 10:00", usage=[used("x", 40)]),
    ]
    snapshot = store_of(rows, "20:00", roster=parsed(ROSTER))
    names = [f"{it}_so_far" for it in SUMS]
    for by, group in (("scholar", "ada"), ("stream", "safety"), ("programme", "programme")):
        assert reads.ledger(snapshot, by=by).select("group_id", *names).rows() == [
            (group, 43, 3.0, 40)
        ]
        before = reads.ledger(snapshot, by=by, at_day=date(2026, 1, 4))
        assert before.select(names).rows() == [(40, 0.0, 40)]
    for metric, value in zip((*SUMS, *names), (43, 3, 40) * 2, strict=True):
        (result,) = explain(snapshot, metric=metric, scholar="ada").results
        assert result.value == pytest.approx(value), metric


def attempts():
    """Runs of ben, and their tokens."""
    rows, expected = [], 0
    for task, call, second, counted in (
        ("running total, as in recent logs", "other call", used("m", 30, 8, 5), 43),
        ("own tokens: fewer from the cache", "other call", used("m", 30, 8, 4), 15 + 42),
        ("own tokens: of the same call", "call", used("m", 30, 8, 5), 15 + 43),
        ("another model", "other call", used("n", 1), 16),
    ):
        both = {"sweep": task, "attempt_of": task}
        first = {"state": "failed", "same_as": ["call"], "usage": [used("m", 3, 7, 5)]}
        again = {"same_as": [call], "usage": [second]}
        rows.append(run(f"{task}, 2", "10:30", "11:00", **again, **both))
        rows.append(run(f"{task}, 1", "09:00", "10:00", **first, **both))
        expected += counted
    lone = run("not an attempt", "12:00", "13:00", usage=[used("m", 100, 100, 100)])
    return [it | {"username": "ben"} for it in (*rows, lone)], expected + 300


def test_an_attempt_that_includes_the_one_before_it_adds_only_the_rest():
    assert figures("ben", "tokens", "experiments_started") == (attempts()[1], 5)


def test_where_another_source_has_the_same_run_its_tokens_count_once_in_its_stream():
    more = {"entity": "x", "same_as": ["w"], "usage": [used("m", 5)]}
    logged = [run("log", "09:00", "10:00", project=it, **more) for it in ("evals", "again")]
    counted = run("w", "09:00", "10:00", source="api", trust=3)
    snapshot = store_of([*logged, counted], "20:00", roster=parsed(ROSTER))
    for by in ("stream", "programme"):
        assert reads.metrics(snapshot, by=by)["tokens"].to_list() == [5]


LEFT_OUT = [
    run("out", "09:00", "10:00", tags=["velocity:ignore"], usage=[used("m", 5)], username="cy"),
    run("in", "09:00", "10:00", username="cy"),
]


def test_runs_that_count_nowhere_use_no_tokens():
    assert figures("cy") == (0, 0.0, 0)


def drawn():
    """Dan's attempts of several calls, which begin with the running totals of the call before."""
    chance = random.Random(7)  # noqa: S311
    rows, expected = [], defaultdict(int)
    for task in range(40):
        totals, number = {}, 0
        for call in range(chance.randint(1, 3)):
            before = totals
            for _ in range(chance.randint(1, 3)):
                end = at("2026-01-03 01:00") + timedelta(hours=9 * number, minutes=task)
                spent = {it: [chance.randint(1, 9) for _ in KINDS] for it in ("a", "b")}
                earlier = {it: before.get(it, [0] * 4) for it in spent}
                totals = {it: [*map(sum, zip(earlier[it], spent[it], strict=True))] for it in spent}
                expected[end.date()] += sum(map(sum, spent.values()))
                own = {"attempt_of": f"t{task}", "same_as": [f"{task} {call}"], "username": "dan"}
                own["usage"] = [used(model, *counts) for model, counts in totals.items()]
                rows.append(run(f"{task}-{number}", end - timedelta(hours=1), end, **own))
                number += 1
    chance.shuffle(rows)
    return rows, expected


def test_any_attempts_add_up_to_what_was_used():
    found = reads.metrics(together(), by="scholar", period="day", groups=["dan"])
    days = dict(found.filter(pl.col("tokens") > 0).select("period_start", "tokens").iter_rows())
    assert days == drawn()[1]


@cache
def together():
    """One store of several users, without a roster."""
    return store_of([*PRICED, *attempts()[0], *LEFT_OUT, *drawn()[0]], "2026-01-09 20:00")


def test_the_page_says_what_tokens_cost_and_which_have_no_price():
    account = {"tokens_so_far": 12_345, "token_dollars_so_far": 2.5, "unpriced_tokens_so_far": 0}
    cost = "So far, evaluations used 12.3\u00a0k tokens, which cost 2.50 dollars."
    assert spending.tokens(account) == f"{cost} Credits pay for GPUs only."
    said = spending.tokens(account | {"unpriced_tokens_so_far": 45})
    assert said.endswith("at least 2.50 dollars: 45 tokens are of models without a rate.")
