"""Figures as people read them. "~" stands for a no-break space."""

import math
from datetime import UTC, date, datetime

import pytest
from hypothesis import example, given, strategies as st

from velocity import formats
from velocity.sentences import spending


def plain(text):
    return text.replace("\u00a0", "~").replace("\u2212", "−")  # noqa: RUF001


MONDAY, SUNDAY = date(2026, 11, 16), date(2026, 11, 22)
MORNING = datetime(2026, 11, 23, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "given", "text"),
    [
        # A duration has two units at most.
        (formats.duration, (0,), "0~m"),
        (formats.duration, (0.5 / 60,), "<~1~m"),
        (formats.duration, (1 / 60,), "1~m"),
        (formats.duration, (0.7,), "42~m"),
        (formats.duration, (59.6 / 60,), "1~h"),
        (formats.duration, (10 / 3,), "3~h~20~m"),
        (formats.duration, (7 + 5 / 60,), "7~h~05~m"),
        (formats.duration, (47 + 59.4 / 60,), "47~h~59~m"),
        (formats.duration, (47 + 59.6 / 60,), "2~d"),
        (formats.duration, (48,), "2~d"),
        (formats.duration, (51,), "2~d~3~h"),
        (formats.duration, (71.6,), "3~d"),
        (formats.duration, (-1.5,), "−1~h~30~m"),  # noqa: RUF001
        (formats.duration, (None,), "not known"),
        (formats.duration, (float("nan"),), "not known"),
        # Hours in total are never shown as days.
        (formats.hours_in_all, (7 + 5 / 60,), "7~h~05~m"),
        (formats.hours_in_all, (47 + 59.4 / 60,), "47~h~59~m"),
        (formats.hours_in_all, (47 + 59.6 / 60,), "48~h"),
        (formats.hours_in_all, (1209.3,), "1,209~h"),
        (formats.hours_in_all, (None,), "not known"),
        # Elapsed time, in seconds, has the unit that fits.
        (formats.elapsed, (0.26,), "0.3 s"),
        (formats.elapsed, (12.4,), "12 s"),
        (formats.elapsed, (99.6,), "2 min"),
        (formats.elapsed, (3 * 3600 + 60,), "3.0 h"),
        (formats.limits, (3.3, 6.37), "3~h~18~m to 6~h~22~m"),
        (formats.limits, (3.3, None), "3~h~18~m or more"),
        (formats.limits, (None, 6.37), "up to 6~h~22~m"),
        (formats.limits, (None, None), ""),
        # A median that is never reached shows the largest observed value.
        (formats.median, (4.72, 31), "4~h~43~m"),
        (formats.median, (None, 31), ">~31~h"),
        (formats.median, (None,), "not known"),
        (formats.too_few, (4,), "4 loops so far; medians start at 6 events."),
        (formats.too_few, (1,), "1 loop so far; medians start at 6 events."),
        # A count has commas, then k and M.
        (formats.count, (0,), "0"),
        (formats.count, (1904,), "1,904"),
        (formats.count, (9999.4,), "9,999"),
        (formats.count, (9999.6,), "10~k"),
        (formats.count, (17_800,), "17.8~k"),
        (formats.count, (60_000,), "60~k"),
        (formats.count, (999_949,), "999.9~k"),
        (formats.count, (999_950,), "1~M"),
        (formats.count, (1_240_000,), "1.2~M"),
        (formats.count, (-12_345,), "−12.3~k"),  # noqa: RUF001
        (formats.count, (-0.2,), "0"),
        (formats.count, (None,), "not known"),
        # Shares are whole, and attribution is never rounded up to all.
        (formats.share, (0.642,), "64~%"),
        (formats.share, (0,), "0~%"),
        (formats.share, (0.003,), "under~1~%"),
        (formats.share, (0.005001,), "1~%"),
        (formats.share, (0.9949,), "99~%"),
        (formats.share, (0.997,), "over~99~%"),
        (formats.share, (1,), "100~%"),
        (formats.share, (None,), "not known"),
        (formats.part, (0, 0), "0~%"),
        (formats.part, (0, 0.2), "under~1~%"),
        (formats.part, (7, 3), "7~%"),
        (formats.share_exact, (0.9862,), "98.6~%"),
        (formats.share_exact, (0.99999,), "99.9~%"),
        (formats.share_exact, (1,), "100.0~%"),
        # A rate has a decimal while it is small.
        (formats.rate, (8.27,), "8.3"),
        (formats.rate, (9.96,), "10"),
        (formats.rate, (12.4,), "12"),
        (formats.rate, (0.04,), "under~0.1"),
        (formats.rate, (0,), "0"),
        (formats.rate, (1.04, "GPU-hour"), "1 GPU-hour"),
        (formats.rate, (1.06, "GPU-hour"), "1.1 GPU-hours"),
        (formats.rate, (0.04, "loop"), "under~0.1 loops"),
        (formats.hours_sum, (432.4,), "432~h"),
        (formats.hours_sum, (0.4,), "under~1~h"),
        (formats.hours_sum, (0,), "0~h"),
        (formats.rate, (None,), "not known"),
        (formats.sample, (241, "loop"), "n~=~241 loops"),
        (formats.sample, (1, "loop"), "n~=~1 loop"),
        (formats.sample, (47,), "n~=~47"),
        (formats.sample, (None,), "n not known"),
        # Weeks and spans name a month once.
        (formats.week, (MONDAY,), "week of 16~Nov"),
        (formats.span, (MONDAY, SUNDAY), "16 to 22~Nov 2026"),
        (formats.span, (date(2026, 10, 26), SUNDAY), "26~Oct to 22~Nov 2026"),
        (formats.span, (date(2025, 12, 29), date(2026, 1, 4)), "29~Dec 2025 to 4~Jan 2026"),
        (formats.span, (MONDAY, MONDAY), "16~Nov 2026"),
        # An instant names its zone.
        (formats.instant, (MORNING, "UTC"), "Mon~23~Nov, 06:00~UTC"),
        (formats.instant, (MORNING, "Europe/Berlin"), "Mon~23~Nov, 07:00~CET"),
        (formats.instant, (MORNING, "America/Sao_Paulo"), "Mon~23~Nov, 03:00~UTC−03"),  # noqa: RUF001
        (formats.instant, (None, "UTC"), "not known"),
        # A name becomes one short line.
        (formats.label, ("a\nb\t c\x00",), "a b c"),
        (formats.label, ("x" * 300, 10), "xxxxxxxxx…"),
        (formats.label, ("safe\u202egnp.exe",), "safegnp.exe"),
        (formats.label, ("🦜 run",), "🦜 run"),
        (formats.label, (None,), "not known"),
        # A title begins small inside a sentence unless its first word is an acronym.
        (formats.mid_sentence, ("Busy hours",), "busy hours"),
        (formats.mid_sentence, ("GPU-hours charged",), "GPU-hours charged"),
        (formats.mid_sentence, ("W&B counts runs",), "W&B counts runs"),
        (formats.mid_sentence, ("A run",), "a run"),
        (formats.mid_sentence, ("",), ""),
    ],
)
def test_values_are_written_as_people_read_them(written, given, text):
    assert plain(written(*given)) == text


@pytest.mark.parametrize(
    "text", ["http://evil.example", "https://evil.example/a", "WWW.evil.example", "a@evil.example"]
)
def test_an_address_in_a_name_is_cut_where_markdown_would_make_it_a_link(text):
    shown = formats.markdown(text)
    assert "\u2060" in shown
    assert shown.replace("\u2060", "").replace("\\", "") == text


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
