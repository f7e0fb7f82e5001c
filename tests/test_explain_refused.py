"""Explanations that are refused, and why."""

from datetime import date, timedelta

import polars as pl
import pytest

from tests.explained_stores import MONDAY, only, rich, worked
from tests.sampling import one_in
from velocity.errors import VelocityError
from velocity.explain import explain, explained
from velocity.explain.made import group_of
from velocity.explain.rows import Group, Rows
from velocity.reading.access import EVERYTHING, Scope
from velocity.reading.periods import Window, whole_week

pytestmark = pytest.mark.sampled(8)

KINDS = (
    *("runs", "sessions", "experiments", "stretches", "days"),
    *("charges", "recent_charges", "grants", "gaps", "chains", "idle", "allocated", "tokens"),
)
FIRST = whole_week(MONDAY)
NO_DATA = "There is no data for ada"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"scholar": "adda"}, "There is no scholar 'adda'"),
        ({"metric": "serial_shares"}, "'serial_shares' is not a figure"),
        ({"metric": "p50"}, "'p50' compares scholars or checks the data"),
        ({"metric": "littles_law_residual_hours"}, "'littles_law_residual_hours' compares "),
        ({"scholar": None, "stream": "visio"}, "There is no stream 'visio'"),
        ({"metric": "idle_gpu_hours"}, "'idle_gpu_hours' is a figure of the programme only."),
        ({"scholar": None, "metric": "blind_ratio"}, "'blind_ratio' is a figure of scholars only."),
        ({"metric": "runway_days", "window": FIRST}, "'runway_days' is known only for the end of "),
        ({"metric": "signal"}, "'signal' is a weekly figure."),
        (
            {"metric": "signal", "window": Window(MONDAY, MONDAY + timedelta(days=5))},
            "'signal' is a weekly figure.",
        ),
        (
            {"window": Window(date(2026, 1, 12), date(2026, 1, 13))},
            f"{NO_DATA} from 2026-01-12 to 2026-01-13.",
        ),
        ({"window": whole_week(date(2026, 1, 12))}, f"{NO_DATA} in the week of 2026-01-12."),
        ({"window": whole_week(date(2025, 12, 29))}, f"{NO_DATA} in the week of 2025-12-29."),
        ({"window": whole_week(date(9999, 12, 13))}, f"{NO_DATA} in the week of 9999-12-13."),
        ({"metric": "balance", "window": whole_week(date(2026, 1, 12))}, f"{NO_DATA} in the week "),
    ],
)
def test_figures_that_cannot_be_explained_say_why(asked, message):
    arguments = {"scholar": "ada", "metric": "serial_share"} | asked
    with pytest.raises(VelocityError) as caught:
        explain(worked(), **arguments)
    assert caught.value.message.startswith(message)
    assert caught.value.hint


def assert_no_rows(group, scope):
    rows = Rows(rich(), group, None, None, scope)
    assert [kind for kind in KINDS if rows.of(kind).height] == [], (scope, group)
    assert rows.latencies("loop").is_empty()
    return rows


@pytest.mark.parametrize(
    "scope", one_in(3, [Scope(), Scope(scholars=("bob",)), Scope(streams=("vision",))])
)
def test_a_viewer_who_may_not_see_the_scholar_gets_nothing(scope: Scope):
    with pytest.raises(VelocityError, match="There is no scholar 'ada'"):
        explain(rich(), scholar="ada", metric="busy_hours", scope=scope)
    rows = assert_no_rows(Group("scholar", "ada"), scope)
    assert rows.of("loops").filter(pl.col("stream") != "vision").is_empty()


def test_streams_and_the_programme_need_a_view_of_all_members():
    own = Scope(scholars=("ada",), hours=("ada",))
    mentor = Scope(streams=("vision",))
    assert explain(rich(), stream="vision", metric="busy_hours", scope=mentor).runs.height
    mine, everything = (
        only(explain(rich(), scholar="ada", metric="busy_hours", scope=it)).value
        for it in (Scope(scholars=("ada",)), EVERYTHING)
    )
    assert mine == everything
    for scope, group, message in (
        (own, {"stream": "vision"}, "There is no stream 'vision'"),
        (mentor, {"stream": "language"}, "There is no stream 'language'"),
        (mentor, {}, "may see everybody"),
        (Scope(fixed_groups=True), {}, "may see everybody"),
    ):
        with pytest.raises(VelocityError, match=message):
            explain(rich(), **group, metric="busy_hours", scope=scope)
        assert_no_rows(group_of(**group), scope)


def test_awake_hours_of_several_scholars_need_a_view_of_all_of_them():
    for scope in (Scope(everything=True, hours=("ada",)), Scope(everything=True)):
        with pytest.raises(VelocityError, match="Awake hours of each scholar"):
            explain(rich(), metric="reaction_off_share", scope=scope)
        assert explain(rich(), metric="reaction_share", scope=scope).results
        rows = Rows(rich(), group_of(), None, None, scope)
        seen = rows.of("loops").drop_nulls("reaction_awake_hours")["scholar"]
        assert {it.lower() for it in seen} <= set(scope.hours)
        assert rows.latencies("reaction_awake")["scholar"].n_unique() <= len(scope.hours)


@pytest.mark.thorough
def test_awake_hours_of_a_line_are_shown_only_to_its_scholar():
    own = Scope(scholars=("ada",), hours=("ada",))
    assert explain(rich(), scholar="ada", metric="blind_ratio", scope=own).results
    with pytest.raises(VelocityError, match="Awake hours of ada are shown only to ada"):
        explain(rich(), scholar="ada", metric="blind_ratio", scope=Scope(scholars=("ada",)))
    assert set(explained()) - set(explained(hours=False)) == {
        *("blind_ratio", "reaction_awake_hours_median", "reaction_off_share"),
        *("loop_working_wait_share", "loop_off_share"),
    }
    rows = Rows(rich(), Group("scholar", "ada"), None, None, Scope(scholars=("ada",)))
    assert rows.of("gaps").is_empty()


@pytest.mark.parametrize("asked", [{"scholar": "a\x1b[2J"}, {"metric": "x\x1b[2J" + "m" * 300}])
def test_arguments_in_errors_cannot_move_the_cursor(asked):
    with pytest.raises(VelocityError) as caught:
        explain(worked(), **({"scholar": "ada", "metric": "busy_hours"} | asked))
    assert "\x1b" not in caught.value.message
    assert len(caught.value.message) < 100
