"""Entries of a roster that do not go together are reported, and only those."""

from __future__ import annotations

from fnmatch import fnmatchcase
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.roster_texts import ADA, BEN, errors, rate, stream, warnings
from velocity.roster.against_data import Seen
from velocity.roster.contradictions import covers, meet
from velocity.roster.models import check_roster


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (ADA + ADA.replace('["ada"]', '["x"]'), "scholars[1].id (line 6): read"),
        (
            stream("s") + stream("s").replace('name = "s"', 'name = "t"'),
            "streams[1].id (line 7): read",
        ),
        (
            stream("s") + stream("t").replace('name = "t"', 'name = "s"'),
            'streams[1].name (line 8): read "s", which stands at streams[0].name (line 3) too',
        ),
        (
            ADA + BEN.replace('["ben"]', '["ben", "ada"]'),
            (
                'scholars[1].usernames[1] (line 8): read "ada", which stands at '
                "scholars[0].usernames[0] (line 4) too; right would be each username once, at one"
            ),
        ),
        (
            ADA + "emails = ['x@x.org']\n" + BEN + "emails = ['X@x.org']\n",
            'scholars[1].emails[0] (line 10): read "X@x.org", which stands at',
        ),
        (
            ADA + stream("s", members="[{ scholar = 'adda' }]"),
            'read "adda"; right would be the id of a scholar of this file, perhaps "ada"',
        ),
        (
            ADA + stream("s", members="[{ scholar = 'ada', from = 2026-02-01, to = 2026-02-01 }]"),
            "read 2026-02-01, not after 2026-02-01; right would be the first day on which",
        ),
        (
            ADA
            + stream(
                "s",
                members="[{ scholar = 'ada', to = 2026-02-02 }, "
                "{ scholar = 'ada', from = 2026-02-01 }]",
            ),
            (
                'streams[0].members[1] (line 9): read "ada" at the same time as at '
                "streams[0].members[0] (line 9); right would be one entry for each time"
            ),
        ),
        (
            "[[credits.grants]]\ndate = 2026-01-01\namount = 1",
            "credits.grants[0] (line 1): read no receiver; right would be a stream or a scholar",
        ),
        (
            ADA
            + stream("s")
            + "[[credits.grants]]\ndate = 2026-01-01\namount = 1\nstream = 's'\nscholar = 'ada'",
            "read stream and scholar; right would be a stream or a scholar",
        ),
        (
            "[[credits.grants]]\ndate = 2026-01-01\namount = 1\nstream = 's'",
            'read "s"; right would be the id of a stream of this file',
        ),
    ],
)
def test_a_contradiction_is_an_error(tmp_path, text, told):
    (error,) = errors(tmp_path, text)
    assert told in error


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            stream("a", projects='["t/*"]') + stream("b", projects='["t/x-*"]'),
            (
                'streams[1].projects[0] (line 9): read "t/x-*", which never decides, for "t/*" at '
                "streams[0].projects[0] (line 4) comes first and covers it"
            ),
        ),
        (
            stream("a", projects='["t/x"]') + stream("b", projects='["t/x"]'),
            'read "t/x", which never decides',
        ),
        (
            stream("a", projects='["t/vision*"]') + stream("b", projects='["t/*-old"]'),
            (
                'streams[1].projects[0] (line 9): read "t/*-old", which can match the same project '
                'as "t/vision*" of another stream at streams[0].projects[0] (line 4), which comes '
                "first and decides; right would be globs that share no project"
            ),
        ),
        (
            stream("a", projects='["t/[x]*"]') + stream("b", projects='["t/[x]*"]'),
            'read "t/[x]*", which never decides',
        ),
        (
            ADA
            + stream("a", projects='["t/a"]', members="[{ scholar = 'ada' }]")
            + stream("b", members="[{ scholar = 'ada', from = 2026-01-01 }]"),
            (
                'streams[1].members[0] (line 14): read "ada" at the same time as at '
                "streams[0].members[0] (line 9); right would be projects for"
            ),
        ),
        ('[[scholars]]\nid = "a"\nname = "A"', "scholars[0].usernames (line 1): read no username"),
        (ADA.replace('["ada"]', '["ada", "ada"]'), "scholars[0].usernames[1] (line 4): read"),
        (
            ADA + BEN.replace('id = "ben"', 'id = "Ada"'),
            (
                'scholars[1].id (line 6): read "Ada", which only its case tells from "ada" at '
                "scholars[0].id (line 2)"
            ),
        ),
        (
            ADA + BEN.replace('["ben"]', '["ADA"]'),
            'read "ADA", which only its case tells from "ada" at scholars[0].usernames[0] (line 4)',
        ),
        (
            stream("s") + stream("S"),
            'streams[1].id (line 7): read "S", which only its case tells from "s"',
        ),
        (ADA.replace('["ada"]', '["ada "]'), 'read "ada "; right would be "ada", for spaces count'),
        ('leads = ["l@x.org", "L@x.org"]', "leads[1] (line 1): read"),
        (
            "leads = ['A@x.org']\n" + ADA + "emails = ['a@x.org']\ndisabled = true",
            (
                'scholars[0].emails[0] (line 6): read "a@x.org" of somebody disabled, with a role '
                "at leads[0] (line 1)"
            ),
        ),
        (
            stream("s")
            + "[[credits.grants]]\ndate = 2026-01-01\namount = 1\nstream = 's'\n"
            + "[[credits.grants]]\ndate = 2026-01-01\namount = 1\nstream = 's'\n",
            "credits.grants[1] (line 10): read the same grant as at credits.grants[0] (line 6)",
        ),
        (
            rate("*", "2026-01-01") + rate("*H100*", "2026-01-01"),
            'credits.rates[1] (line 5): read "*H100*" from 2026-01-01, which never holds, for "*"',
        ),
        (
            rate("*A*", "2026-02-01") + rate("*A*", "2026-01-01"),
            (
                'read "*A*" from 2026-01-01, after "*A*" from 2026-02-01 at credits.rates[0] '
                "(line 1); right would be the rates of a glob in order of date"
            ),
        ),
        (
            rate("*A*", "2026-01-01") + rate("*", "2026-02-01"),
            (
                'read "*" from 2026-02-01, which ends "*A*" from 2026-01-01 at credits.rates[0] '
                '(line 1); right would be a row for "*A*" from 2026-02-01 above it'
            ),
        ),
    ],
)
def test_what_overlaps_but_has_one_meaning_is_a_warning(tmp_path, text, told):
    (warning,) = warnings(tmp_path, text)
    assert told in warning
    assert errors(tmp_path, text) == []


@pytest.mark.parametrize(
    "text",
    [
        stream("a", projects='["t/x-*"]') + stream("b", projects='["t/*"]'),
        stream("a", projects='["t/?"]') + stream("b", projects='["t/*"]'),
        stream("a", projects='["t/a*", "t/*b"]') + stream("b", projects='["u/*b", "t/c*x"]'),
        stream("a", projects='["t/*a*"]') + stream("b", projects='["t/[xa]"]'),
        ADA
        + stream("a", members="[{ scholar = 'ada', to = 2026-01-01 }]")
        + stream("b", members="[{ scholar = 'ada', from = 2026-01-01 }]"),
        ADA
        + stream("a", members="[{ scholar = 'ada', from = 2026-01-01 }]")
        + stream("b", members="[{ scholar = 'ada', to = 2026-01-01 }]"),
        ADA
        + stream("a", projects='["t/a"]', members="[{ scholar = 'ada' }]")
        + stream("b", projects='["t/b"]', members="[{ scholar = 'ada' }]"),
        (
            "[[streams]]\nid = 'a'\nname = 'A'\nmentors = ['m@x.org']\n"
            "[[streams]]\nid = 'b'\nname = 'B'\nmentors = ['m@x.org']\n"
        ),
        rate("*A*", "2026-01-01")
        + rate("*", "2026-01-01")
        + rate("*A*", "2026-02-01")
        + rate("*", "2026-02-01"),
    ],
    ids=[
        "narrow glob first",
        "one character does not cover many",
        "globs of one stream may share, those of two do not",
        "a class is not a literal",
        "moved on the day",
        "moved on the day to an earlier stream",
        "two streams told apart by projects",
        "one mentor of two streams",
        "both rates raised",
    ],
)
def test_what_is_meant_so_is_not_reported(tmp_path, text):
    (tmp_path / "roster.toml").write_text(text)
    assert check_roster(tmp_path / "roster.toml") == []


def test_a_mistake_in_one_value_hides_no_contradiction_with_another(tmp_path):
    found = errors(tmp_path, ADA + "timezone = 'Nowhere'\n" + BEN.replace('["ben"]', '["ada"]'))
    assert len(found) == 2
    assert "timezone" in found[0]
    assert "usernames" in found[1]


@given(*[st.text("ab?*", max_size=5)] * 2)
def test_globs_meet_where_a_text_matches_both(one, other):
    texts = ["".join(it) for length in range(7) for it in product("abc", repeat=length)]
    both = any(fnmatchcase(it, one) and fnmatchcase(it, other) for it in texts)
    # What two globs of 5 signs share they share in a text of at most 10, most in fewer.
    assert meet(one, other) == meet(other, one)
    assert meet(one, other) or not both
    if len(one) + len(other) <= 6:
        assert meet(one, other) == both
    if covers(one, other):
        assert meet(one, other)


SEEN = Seen(["team/vision", "team/lm-a"], {"ada", "Ben", "cy"}, {"NVIDIA A100"})


def test_what_fits_nothing_in_the_data_is_a_warning(tmp_path):
    path = tmp_path / "roster.toml"
    path.write_text(
        ADA
        + BEN
        + BEN.replace("ben", "zoe")
        + stream("a", projects='["team/vison", "team/lm-*"]')
        + rate("*H100*", "2026-01-01")
        + rate("*A100*", "2026-01-01")
    )
    assert [str(it) for it in check_roster(path, SEEN)] == [
        (
            'streams[0].projects[0] (line 16): read "team/vison", which matches none of the 2 '
            "projects in the data; right would be a glob that does, case counting, "
            'perhaps "team/vision"'
        ),
        (
            'credits.rates[0].gpu (line 19): read "*H100*", which matches none of the 1 GPU '
            "types in the data; right would be a glob that does, case counting"
        ),
        (
            'scholars[1].usernames[0] (line 8): read "ben", of whom the data has no run; '
            'right would be a username as W&B spells it, perhaps "Ben"'
        ),
    ]
    assert check_roster(path, Seen([], {"ada"}, [])) == []


def test_a_gpu_type_that_two_rates_claim_is_told_once_a_pair_of_globs(tmp_path):
    path = tmp_path / "roster.toml"
    path.write_text(
        rate("*H100*", "2026-01-01")
        + rate("*80GB*", "2026-01-01")
        + rate("*H100*", "2026-02-01")
        + rate("*80GB*", "2026-02-01")
        + rate("*", "2025-12-01")
    )
    assert [str(it) for it in check_roster(path, Seen([], [], {"H100 80GB", "H100", "A100"}))] == [
        (
            'credits.rates[1] (line 5): read "*80GB*" from 2026-01-01, which matches "H100 80GB" '
            'in the data as "*H100*" from 2026-01-01 at credits.rates[0] (line 1) does; '
            'from 2026-01-01 on "*H100*" decides; '
            "right would be globs that share no GPU type, or a row for that type of its own"
        )
    ]
    assert check_roster(path, Seen([], [], {"H100", "A100 80GB"})) == []


def test_a_rate_of_its_own_settles_what_two_others_claim(tmp_path):
    path = tmp_path / "roster.toml"
    both = rate("*H100*", "2026-01-01") + rate("*80GB*", "2026-01-01")
    path.write_text(rate("H100 80GB", "2026-01-01") + both)
    assert check_roster(path, Seen([], [], {"H100 80GB"})) == []
    path.write_text(rate("H100 80GB", "2025-01-01") + both)  # too old: both end it
    assert any('as "*H100*"' in str(it) for it in check_roster(path, Seen([], [], {"H100 80GB"})))


def test_a_gpu_type_without_a_rate_is_told_where_others_have_one(tmp_path):
    path = tmp_path / "roster.toml"
    path.write_text(rate("*H100*", "2026-01-01"))
    assert [str(it) for it in check_roster(path, Seen([], [], {"H100", "T4", "A100", ""}))] == [
        (
            'credits.rates (line 1): read no rate for "A100", "T4", in the data; '
            "right would be a rate for each GPU type (without one it costs nothing)"
        )
    ]
    path.write_text(ADA)
    assert check_roster(path, Seen([], {"ada"}, {"H100"})) == []
