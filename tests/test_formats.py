"""Figures as people read them. "~" stands for a no-break space."""

import math
from datetime import UTC, date, datetime

import pytest
from hypothesis import example, given, strategies as st

from velocity import formats
from velocity.sentences import spending


def plain(text):
    return text.replace("\u00a0", "~").replace("\u2212", "−")  # noqa: RUF001


@pytest.mark.parametrize(
    ("hours", "text"),
    [
        (0, "0~m"),
        (0.5 / 60, "<~1~m"),
        (1 / 60, "1~m"),
        (0.7, "42~m"),
        (59.6 / 60, "1~h"),
        (10 / 3, "3~h~20~m"),
        (7 + 5 / 60, "7~h~05~m"),
        (47 + 59.4 / 60, "47~h~59~m"),
        (47 + 59.6 / 60, "2~d"),
        (48, "2~d"),
        (51, "2~d~3~h"),
        (71.6, "3~d"),
        (-1.5, "−1~h~30~m"),  # noqa: RUF001
        (None, "not known"),
        (float("nan"), "not known"),
    ],
)
def test_a_duration_has_two_units_at_most(hours, text):
    assert plain(formats.duration(hours)) == text


@pytest.mark.parametrize(
    ("hours", "text"),
    [
        (7 + 5 / 60, "7~h~05~m"),
        (47 + 59.4 / 60, "47~h~59~m"),
        (47 + 59.6 / 60, "48~h"),
        (1209.3, "1,209~h"),
        (None, "not known"),
    ],
)
def test_total_hours_are_never_shown_as_days(hours, text):
    assert plain(formats.hours_in_all(hours)) == text


def test_elapsed_time_has_the_unit_that_fits():
    shown = [formats.elapsed(it) for it in (0.26, 12.4, 99.6, 3 * 3600 + 60)]
    assert shown == ["0.3 s", "12 s", "2 min", "3.0 h"]


def test_limits_are_said_in_words():
    assert plain(formats.limits(3.3, 6.37)) == "3~h~18~m to 6~h~22~m"
    assert plain(formats.limits(3.3, None)) == "3~h~18~m or more"
    assert plain(formats.limits(None, 6.37)) == "up to 6~h~22~m"
    assert formats.limits(None, None) == ""


def test_a_median_never_reached_shows_the_largest_observed():
    assert plain(formats.median(4.72, 31)) == "4~h~43~m"
    assert plain(formats.median(None, 31)) == ">~31~h"
    assert formats.median(None) == "not known"


def test_too_few_events_say_when_medians_start():
    assert formats.too_few(4) == "4 loops so far; medians start at 6 events."
    assert formats.too_few(1) == "1 loop so far; medians start at 6 events."


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1904, "1,904"),
        (9999.4, "9,999"),
        (9999.6, "10~k"),
        (17_800, "17.8~k"),
        (60_000, "60~k"),
        (999_949, "999.9~k"),
        (999_950, "1~M"),
        (1_240_000, "1.2~M"),
        (-12_345, "−12.3~k"),  # noqa: RUF001
        (-0.2, "0"),
        (None, "not known"),
    ],
)
def test_a_count_has_commas_and_then_k(value, text):
    assert plain(formats.count(value)) == text


def test_shares_are_whole_and_attribution_is_never_rounded_up_to_all():
    assert plain(formats.share(0.642)) == "64~%"
    assert [plain(formats.share(it)) for it in (0, 0.003, 0.005001, 0.9949, 0.997, 1)] == [
        "0~%", "under~1~%", "1~%", "99~%", "over~99~%", "100~%"
    ]  # fmt: skip
    assert [plain(formats.part(*it)) for it in ((0, 0), (0, 0.2), (7, 3))] == [
        "0~%", "under~1~%", "7~%"
    ]  # fmt: skip
    assert plain(formats.share_exact(0.9862)) == "98.6~%"
    assert plain(formats.share_exact(0.99999)) == "99.9~%"
    assert plain(formats.share_exact(1)) == "100.0~%"
    assert formats.share(None) == "not known"


def test_a_rate_has_a_decimal_while_it_is_small():
    assert formats.rate(8.27) == "8.3"
    assert formats.rate(9.96) == "10"
    assert formats.rate(12.4) == "12"
    assert formats.rate(None) == "not known"


def test_n_names_what_it_counts():
    assert plain(formats.sample(241, "loop")) == "n~=~241 loops"
    assert plain(formats.sample(1, "loop")) == "n~=~1 loop"
    assert plain(formats.sample(47)) == "n~=~47"
    assert formats.sample(None) == "n not known"


def test_weeks_and_spans_name_months_once():
    assert plain(formats.week(date(2026, 11, 16))) == "week of 16~Nov"
    assert plain(formats.span(date(2026, 11, 16), date(2026, 11, 22))) == "16 to 22~Nov 2026"
    assert plain(formats.span(date(2026, 10, 26), date(2026, 11, 22))) == "26~Oct to 22~Nov 2026"
    assert plain(formats.span(date(2025, 12, 29), date(2026, 1, 4))) == "29~Dec 2025 to 4~Jan 2026"
    assert plain(formats.span(date(2026, 11, 16), date(2026, 11, 16))) == "16~Nov 2026"


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("UTC", "Mon~23~Nov, 06:00~UTC"),
        ("Europe/Berlin", "Mon~23~Nov, 07:00~CET"),
        ("America/Sao_Paulo", "Mon~23~Nov, 03:00~UTC−03"),  # noqa: RUF001
    ],
)
def test_an_instant_names_its_zone(zone, text):
    assert plain(formats.instant(datetime(2026, 11, 23, 6, tzinfo=UTC), zone)) == text


def test_an_unknown_instant_is_described_in_words():
    assert formats.instant(None, "UTC") == "not known"


def test_a_name_becomes_one_short_line():
    assert formats.label("a\nb\t c\x00") == "a b c"
    assert formats.label("x" * 300, 10) == "xxxxxxxxx…"
    assert formats.label("safe\u202egnp.exe") == "safegnp.exe"
    assert formats.label("🦜 run") == "🦜 run"
    assert formats.label(None) == "not known"


@pytest.mark.parametrize(
    "text", ["http://evil.example", "https://evil.example/a", "WWW.evil.example", "a@evil.example"]
)
def test_an_address_in_a_name_is_cut_where_markdown_would_make_it_a_link(text):
    shown = formats.markdown(text)
    assert "\u2060" in shown
    assert shown.replace("\u2060", "").replace("\\", "") == text


@pytest.mark.parametrize(
    ("title", "inside"),
    [
        ("Busy hours", "busy hours"),
        ("GPU-hours charged", "GPU-hours charged"),
        ("W&B counts runs", "W&B counts runs"),
        ("A run", "a run"),
        ("", ""),
    ],
)
def test_a_title_begins_small_inside_a_sentence_unless_its_first_word_is_an_acronym(title, inside):
    assert formats.mid_sentence(title) == inside


AMOUNTS = st.floats(0, 1e7)


@given(st.lists(AMOUNTS, max_size=12))
@example([0.5, 0.5, 0])
@example([1 / 3] * 3)
@example([0.1] * 10)
def test_rounded_parts_add_up_to_the_rounded_sum(values):
    found = formats.adding_up(values)
    assert sum(found) == round(math.fsum(values))
    assert all(math.floor(it) <= n <= math.ceil(it) for n, it in zip(found, values, strict=True))


@pytest.mark.parametrize(
    ("values", "rounded"),
    [
        ([1 / 3, 1 / 3, 1 / 3], [1, 0, 0]),
        ([33.3, 33.3, 33.4], [33, 33, 34]),
        ([0.5, 0.25, 0], [1, 0, 0]),
        ([-1.5, 2.5], [-1, 2]),
        ([], []),
    ],
)
def test_the_largest_remainders_are_rounded_up(values, rounded):
    assert formats.adding_up(values) == rounded


@given(
    st.integers(1, 6).flatmap(
        lambda width: st.lists(st.lists(AMOUNTS, min_size=width, max_size=width), min_size=1)
    )
)
def test_a_rounded_table_adds_up_both_ways(rows):
    *cells, totals = spending.table_adding_up(rows)
    assert all(sum(row[:-1]) == row[-1] for row in [*cells, totals])
    assert [sum(column) for column in zip(*cells, strict=True)] == totals
    assert abs(totals[-1] - math.fsum(math.fsum(row) for row in rows)) <= 0.5 + 1e-6
    for row, values in zip(cells, rows, strict=True):
        for cell, value in zip(row, values, strict=False):
            assert math.floor(value) <= cell <= math.ceil(value)
