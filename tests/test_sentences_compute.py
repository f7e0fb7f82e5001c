"""Compute in words: whose credits end first, tables that add up, and what if."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, strategies as st

from tests.plain_sentences import assert_fits, hostile, metric_rows, plain
from tests.read_schemas import READ_SCHEMAS
from tests.sentence_frames import SO_FAR, end, ends, figures, frame
from velocity.reading.frames import ends_if
from velocity.sentences import bought, spending
from velocity.sentences.compared import Compared
from velocity.sentences.ends import balances_caption, if_changed

TODAY = date(2026, 11, 29)
AS_OF = (datetime(2026, 11, 29, tzinfo=UTC), "UTC")
NOW = figures(
    experiments_concluded=287, gpu_hours=3400.0, credits=3933.0, credits_per_concluded=13.7,
    gpu_hours_failed=136.0, killed_gpu_hours=34.0,
)  # fmt: skip
AURORA = end("Aurora", 20, left=5700.0, burn_per_day=300.0)
DUNE = end("Dune", 21, fast=22, left=1780.0, burn_per_day=88.0)
BOTH = ends(AURORA, DUNE)


def said(frame, now=NOW, before=None):
    return spending.compute(Compared(SO_FAR, now, before), frame, TODAY)


def test_the_first_stream_to_run_out_is_the_headline():
    told = said(BOTH)
    assert plain(told.sentence) == (
        "Aurora's credits end first, on Fri 18 Dec; Dune's on Sat 19 Dec, at the pace of "
        "16\u201329 Nov."
    )
    assert plain(told.support).startswith(
        "3,933 credits bought 287 conclusions from Mon 23 to Sat 28 Nov, 13.7 each."
    )
    assert plain(said(ends(AURORA, end("Dune", 21, fast=19))).sentence) == (
        "Aurora's credits end first, on Fri 18 Dec; at the last 7 days' pace Dune's end first, on "
        "Thu 17 Dec."
    )
    nothing = said(ends(), figures())
    assert plain(nothing.sentence) == "No grant of a stream is recorded."
    assert plain(nothing.support) == "No GPU-hours are known from Mon 23 to Sat 28 Nov."


@given(row=metric_rows(), name=hostile, left=st.floats(-1e9, 1e9), week=st.booleans())
def test_any_figures_and_names_fit(row, name, left, week):
    soon = {"runs_out_on_week_pace": TODAY if week else None}
    frame = ends(end(name, 1 if left > 0 else None, left=left, **soon), DUNE)
    assert_fits(said(frame, row, row))


def table_rows(*rows, unpriced=0.0):
    """Kind, name, the five states, credits and conclusions; the programme is their sum."""
    whole = ("programme", None, *map(sum, zip(*(it[2:] for it in rows), strict=True)))
    columns = [
        *("kind", "name"),
        *(f"{it}_gpu_hours" for it in ("finished", "running", "killed", "failed", "other")),
        *("credits", "experiments_concluded"),
    ]
    frame = pl.DataFrame([*rows, whole], schema=columns, orient="row")
    hours = pl.sum_horizontal(pl.col("^.*_gpu_hours$"))
    count = pl.col("experiments_concluded")
    return frame.with_columns(
        stream=pl.col("name"), gpu_hours=hours, unpriced_run_hours=pl.lit(unpriced),
        scholar=None, scholar_name=None, tokens=0, token_dollars=0.0, unpriced_tokens=0,
        credits_per_concluded=pl.when(count > 0).then(pl.col("credits") / count),
    ).select(list(READ_SCHEMAS["compute_table"]))  # fmt: skip


parts = st.tuples(*[st.floats(0, 1e6)] * 6, st.integers(0, 1000))


@given(st.lists(parts, min_size=1, max_size=6))
def test_the_table_adds_up_as_printed(rows):
    named = [("stream", f"S{at}", *row) for at, row in enumerate(rows)]
    printed = spending.table(table_rows(*named))
    numbers = [
        [int(cell.strip("*").replace(",", "")) for cell in printed[column]]
        for column in printed.columns
        if column not in {"Stream", "Credits each"}
    ]
    for column in numbers:
        assert sum(column[:-1]) == column[-1]
    for states in zip(*numbers[:6], strict=True):
        assert sum(states[:5]) == states[5]


def test_what_is_a_lower_bound_says_so_in_its_row():
    rows = table_rows(
        ("stream", "Aurora", 10.0, 0.0, 0.0, 0.0, 0.0, 20.0, 4),
        ("stream", "Basalt", 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0),
        ("automation", None, 1.0, 0.0, 0.0, 0.0, 0.0, 2.0, 10),
        unpriced=3.0,
    ).with_columns(unpriced_run_hours=pl.when(kind="automation").then(0.0).otherwise(3.0))
    printed = spending.table(rows)
    assert [plain(it) for it in printed["Credits"]] == ["≥ 20", "not known", "2", "**≥ 22**"]
    assert [plain(it) for it in printed["Credits each"]] == ["≥ 5.0", "\u2013", "0.2", "**≥ 1.6**"]
    caption = spending.table_caption(rows, "23 Nov")
    assert "the credits of automation are in its own row" in caption
    assert caption.endswith(". ≥: some GPU counts are not recorded")
    whole = figures(gpu_hours=11.0, credits=22.0, unpriced_run_hours=3.0)
    assert plain(spending.all_types(whole)) == (
        "; in all at least 11 GPU-hours and 22 credits; 3 run hours with no GPU count"
    )
    assert plain(spending.all_types(figures())) == "; in all 0 GPU-hours and 0 credits"
    unknown = spending.all_types(figures(unpriced_run_hours=1.0))
    assert plain(unknown) == "; 1 run hour with no GPU count"


def test_the_caption_of_balances_says_whose_end_moved_far_and_may_come_sooner():
    near, far = ({"seen_before": TODAY + timedelta(days=it)} for it in (25, 35))
    assert plain(balances_caption(ends(AURORA | near, DUNE | far), TODAY)).endswith(
        "days. Dune's end was Sun 3 Jan 2027 as seen a week before, and is Sat 19 Dec"
    )
    rows = ends(AURORA | {"or_sooner": True}, DUNE)
    assert plain(balances_caption(rows, TODAY)).endswith(
        "days. Aurora may end sooner: some GPU counts are not recorded"
    )
    assert balances_caption(ends(), TODAY).endswith("14 days")


def told_if(rows, *streams, **changes):
    changed = ends_if(rows, *AS_OF, **changes)
    return plain(if_changed(rows, changed, *streams, today=TODAY)), changed["runs_out_on"]


def test_what_if_names_both_streams_and_who_ends_first():
    moved = {"aurora": 600.0, "dune": -600.0}
    told, days = told_if(BOTH, "aurora", "dune", pace={"aurora": -0.2}, added=moved)
    assert told == (
        "Aurora's credits would last to Fri 25 Dec, 7 days longer; Dune's credits would last to "
        "Sat 12 Dec, 7 days less. Then Dune's end first, on Sat 12 Dec."
    )
    assert days[0] == date(2026, 12, 25)


def test_what_if_counts_from_the_end_of_the_data_and_may_be_sooner():
    """18 days and 18 hours from 23:00 UTC on, which is 18:00 in New York."""
    rows, added = BOTH.with_columns(or_sooner=True), {"aurora": -75.0}
    late = (datetime(2026, 11, 29, 23, tzinfo=UTC), "America/New_York")
    told = plain(if_changed(rows, ends_if(rows, *late, added=added), "aurora", None, today=TODAY))
    assert told == "Aurora's credits would last to Fri 18 Dec or sooner, as before."
    changed = ends_if(rows, datetime(2026, 11, 29, 5, tzinfo=UTC), "UTC", added=added)
    assert changed["runs_out_on"][0] == date(2026, 12, 17)


@pytest.mark.parametrize(
    ("pace", "added", "last_day", "said"),
    [
        (0.0, 0.0, date(2026, 12, 18), "would last to Fri 18 Dec, as before."),
        (-1.0, 0.0, None, "would not end at this pace."),
        (0.0, -9000.0, None, "would be used up at once."),
    ],
)
def test_credits_may_end_as_before_never_or_at_once(pace, added, last_day, said):
    changes = {"pace": {"aurora": pace}, "added": {"aurora": added}}
    told, days = told_if(ends(AURORA | {"runs_out_on_week_pace": None}), "aurora", None, **changes)
    assert days[0] == last_day
    assert told == f"Aurora's credits {said}"


def test_idle_hosts_and_jobs_are_said_only_where_any_are_known():
    assert "names no rented host" in spending.hosts(frame("idle_hosts"), "UTC")
    no_count = frame("idle_hosts", [{"host": "pod", "idle_now": False}])
    assert spending.hosts(no_count, "UTC").endswith("not known: no GPU count is recorded.")
    assert spending.jobs({"allocated_idle_gpu_hours": 0.0}) == ""
    assert spending.jobs({"allocated_idle_gpu_hours": 0.3}).startswith("Jobs held 0.3 GPU-hours")
    assert spending.jobs({"allocated_idle_gpu_hours": 1234.4}) == (
        "Jobs held 1,234 GPU-hours while no run was in them."
    )


def test_costs_are_those_of_the_table_and_of_the_days_before():
    rows = table_rows(
        ("stream", "Aurora", 10.0, 0.0, 0.0, 0.0, 0.0, 20.0, 4),
        ("automation", None, 1.0, 0.0, 0.0, 0.0, 0.0, 2.0, 10),
        ("unattributed", None, 1.0, 0.0, 0.0, 0.0, 0.0, 2.0, 0),
    )
    table = spending.table(rows)
    assert table["Stream"].to_list() == ["Aurora", "Automation", "Unattributed", "**Programme**"]
    # A row without conclusions has no cost.
    assert table["Credits each"].to_list() == ["5.0", "0.2", "\u2013", "**1.7**"]
    assert spending.table_title(rows).endswith("100\u00a0% to runs that finished")
    found = spending.costs(rows, None)
    # With automation, the cost of all would fall as its part grows.
    assert found["name"].to_list() == ["Aurora", "Automation"]
    assert found["now_words"].to_list() == ["5.0", "0.2"]
    assert set(found["before"]) == {None}
    assert spending.costs(rows, rows)["change_words"].to_list() == ["0.0", "0.0"]
    alone = rows.filter(pl.col("kind") != "automation")
    assert spending.costs(alone, alone)["name"].to_list() == ["Aurora", "Programme"]
    assert spending.costs(alone, rows)["name"].to_list() == ["Aurora"]
    weeks = spending.costs_of_weeks([rows, rows])
    names = [*found["id"], "programme"]
    assert {it: len(values) for it, values in weeks.items()} == dict.fromkeys(names, 2)
    nothing = spending.costs(frame("compute_table"), None)
    assert nothing.select("name", "now", "before").is_empty()


def test_scholars_have_their_share_of_their_stream_and_nobody_else_has_one():
    kinds = [("scholar", "a", 30.0), ("scholar", "b", 60.0), ("scholar", "c", 0.0)]
    kinds += [("automation", None, 5.0)]
    rows = frame(
        "compute_table",
        [
            {
                "kind": kind,
                "stream": "dune" if scholar else None,
                "name": "Dune" if scholar else None,
                "scholar": scholar,
                "scholar_name": scholar,
                "credits": spent,
                "gpu_hours": spent,
                "failed_gpu_hours": 0.0,
                "unpriced_run_hours": 0.0 if spent else 59.0,
                "experiments_concluded": 1,
            }
            for kind, scholar, spent in [*kinds, ("programme", None, 95.0)]
        ],
    )
    printed = spending.by_scholar(rows)
    shares = printed["Of its stream's credits"].to_list()
    assert [plain(it) for it in shares] == ["33 %", "67 %", "not known", "", ""]
    assert printed["Credits"].to_list() == ["30", "60", "not known", "5", "**95**"]
    assert plain(bought.of_streams(rows, "a")) == "All of these runs took 33 % of Dune's credits."
    assert bought.of_streams(rows, "d") == ""
