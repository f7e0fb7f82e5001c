"""Only entries of a roster that contradict each other are reported."""

from __future__ import annotations

from fnmatch import fnmatchcase
from itertools import product

import pytest
from hypothesis import given, strategies as st

from tests.roster_texts import ADA, BEN, errors, rate, stream, token_rate, warnings
from velocity.roster.against_data import Seen
from velocity.roster.globs import covers, meet
from velocity.roster.models import check_roster


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            ADA + ADA.replace('["ada"]', '["x"]'),
            'scholar ada (no. 2): id: "ada" also appears in scholar ada (no. 1): id;',
        ),
        (
            stream("s") + stream("s").replace('name = "s"', 'name = "t"'),
            'stream s (no. 2): id: "s" also appears in stream s (no. 1): id; expected an id',
        ),
        (
            stream("s") + stream("t").replace('name = "t"', 'name = "s"'),
            'stream t: name: "s" also appears in stream s: name; expected a name that no',
        ),
        (
            ADA + BEN.replace('["ben"]', '["ben", "ada"]'),
            (
                'scholar ben: usernames: "ada" also appears in scholar ada: usernames; expected '
                "each username once, for one scholar"
            ),
        ),
        (
            'leads = ["a@x.org"]\nnudged_leads = ["b@x.org"]\n',
            'nudged_leads: "b@x.org" is not in leads; expected addresses that are in leads too',
        ),
        (
            ADA + "emails = ['x@x.org']\n" + BEN + "emails = ['X@x.org']\n",
            'scholar ben: emails: "X@x.org" also appears in scholar ada: emails; expected',
        ),
        (
            ADA + stream("s", members="[{ scholar = 'adda' }]"),
            'stream s: member adda: scholar: got "adda"; expected the id of a scholar in',
        ),
        (
            ADA + stream("s", members="[{ scholar = 'ada', from = 2026-02-01, to = 2026-02-01 }]"),
            "stream s: member ada: to: got 2026-02-01, which is not after 2026-02-01;",
        ),
        (
            ADA
            + stream(
                "s",
                members="[{ scholar = 'ada', to = 2026-02-02 }, "
                "{ scholar = 'ada', from = 2026-02-01 }]",
            ),
            (
                "stream s: member ada (no. 2): overlaps in time with stream s: member ada (no. "
                "1); expected one entry for each period in the stream"
            ),
        ),
        (
            "[[credits.grants]]\ndate = 2026-01-01\namount = 1",
            "grant 2026-01-01: got no receiver; expected either a stream or a scholar",
        ),
        (
            ADA
            + stream("s")
            + "[[credits.grants]]\ndate = 2026-01-01\namount = 1\nstream = 's'\nscholar = 'ada'",
            "grant 2026-01-01: got stream and scholar; expected either a stream or a scholar",
        ),
        (
            "[[credits.grants]]\ndate = 2026-01-01\namount = 1\nstream = 's'",
            'grant 2026-01-01: stream: got "s"; expected the id of a stream in this file',
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
                'stream b: projects: "t/x-*" never applies: "t/*" above it in stream a: '
                "projects already matches everything it would; expected the narrower glob "
                "first, and each glob once"
            ),
        ),
        (
            stream("a", projects='["t/x"]') + stream("b", projects='["t/x"]'),
            'stream b: projects: "t/x" never applies: "t/x" above it in stream a: projects',
        ),
        (
            stream("a", projects='["t/vision*"]') + stream("b", projects='["t/*-old"]'),
            (
                'stream b: projects: "t/*-old" can match the same project as "t/vision*" in '
                "stream a: projects, which comes first and decides; expected globs without a "
                "common project, or the narrower one first"
            ),
        ),
        (
            stream("a", projects='["t/[x]*"]') + stream("b", projects='["t/[x]*"]'),
            'stream b: projects: "t/[x]*" never applies: "t/[x]*" above it in stream a:',
        ),
        (
            ADA
            + stream("a", projects='["t/a"]', members="[{ scholar = 'ada' }]")
            + stream("b", members="[{ scholar = 'ada', from = 2026-01-01 }]"),
            (
                "stream b: member ada: overlaps in time with stream a: member ada; expected "
                "projects for both streams, or times that do not overlap: experiments that no "
                "project glob decides are ambiguous"
            ),
        ),
        (
            '[[scholars]]\nid = "a"\nname = "A"',
            "scholar a: usernames: empty; expected the W&B usernames of this person; without",
        ),
        (
            ADA.replace('["ada"]', '["ada", "ada"]'),
            'scholar ada: usernames: "ada" appears twice; expected each username once, for',
        ),
        (
            ADA + BEN.replace('id = "ben"', 'id = "Ada"'),
            (
                'scholar Ada: id: "Ada" differs only in case from "ada" in scholar ada: id; '
                "expected one spelling, or two that are easy to tell apart"
            ),
        ),
        (
            ADA + BEN.replace('["ben"]', '["ADA"]'),
            'scholar ben: usernames: "ADA" differs only in case from "ada" in scholar ada:',
        ),
        (
            stream("s") + stream("S"),
            'stream S: id: "S" differs only in case from "s" in stream s: id; expected one',
        ),
        (
            ADA.replace('["ada"]', '["ada "]'),
            'scholar ada: usernames: got "ada "; expected "ada", because spaces count',
        ),
        (
            'leads = ["l@x.org", "L@x.org"]',
            'leads: "L@x.org" appears twice; expected each address once',
        ),
        (
            "leads = ['A@x.org']\n" + ADA + "emails = ['a@x.org']\ndisabled = true",
            (
                'scholar ada: emails: "a@x.org" is disabled, but has a role in leads; expected '
                "no role for a disabled scholar"
            ),
        ),
        (
            stream("s")
            + "[[credits.grants]]\ndate = 2026-01-01\namount = 1\nstream = 's'\n"
            + "[[credits.grants]]\ndate = 2026-01-01\namount = 1\nstream = 's'\n",
            "grant 2026-01-01 (no. 2): same as grant 2026-01-01 (no. 1); expected each grant",
        ),
        (
            rate("*", "2026-01-01") + rate("*H100*", "2026-01-01"),
            'rate "*H100*": never applies: rate "*" above it holds from the same day and',
        ),
        (
            token_rate("lab/*", "2026-01-01") + token_rate("lab/a", "2026-01-01"),
            'token rate "lab/a": never applies: token rate "lab/*" above it holds from the same',
        ),
        (
            rate("*A*", "2026-02-01") + rate("*A*", "2026-01-01"),
            (
                'rate "*A*" (no. 2): starts on 2026-01-01, before rate "*A*" (no. 1) above it '
                "(2026-02-01); expected the rates of a glob in date order"
            ),
        ),
        (
            rate("*A*", "2026-01-01") + rate("*", "2026-02-01"),
            (
                'rate "*": replaces rate "*A*" from 2026-02-01 on; expected a rate for "*A*" '
                "from 2026-02-01 above it"
            ),
        ),
    ],
)
def test_an_overlap_with_a_clear_meaning_is_a_warning(tmp_path, text, told):
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
        "globs of one stream may overlap, those of two do not",
        "a class is not a literal",
        "moved on the day",
        "moved on the day to an earlier stream",
        "two streams with different projects",
        "one mentor of two streams",
        "both rates raised",
    ],
)
def test_an_intended_overlap_is_not_reported(tmp_path, text):
    (tmp_path / "roster.toml").write_text(text)
    assert check_roster(tmp_path / "roster.toml") == []


def test_mistakes_about_research_managers_are_found_in_one_pass(tmp_path):
    manager = "[[research_manager]]\nemail = 'm@x.org'\n"
    text = (
        f"leads = ['M@x.org']\n{ADA}emails = ['m@x.org']\n{BEN}"
        f"{manager}scholars = ['ada', 'benn', 'ben', 'ben']\n{manager}scholars = []\n"
        "[[research_manager]]\nemail = 'nobody'\n"
    )
    first, second = (f'research_manager "m@x.org" (no. {it})' for it in (1, 2))
    assert [it.partition("; expected ")[0] for it in errors(tmp_path, text)] == [
        'research_manager no. 3: email: got "nobody"',
        "research_manager no. 3: scholars: missing",
        f'{second}: email: "m@x.org" also appears in {first}: email',
        f'{first}: scholars: got "benn"',
    ]
    lead = (
        'email: "m@x.org" is also a lead, who then sees these scholars even if '
        "leads_see_individuals is false"
    )
    assert [it.partition("; expected ")[0] for it in warnings(tmp_path, text)] == [
        f"{first}: {lead}",
        f'{first}: scholars: "ada" is the research manager',
        f"{second}: {lead}",
        f"{second}: scholars: empty",
        f'{first}: scholars: "ben" appears twice',
    ]


def test_a_disabled_scholar_is_not_a_research_manager(tmp_path):
    ada = f"{ADA}emails = ['a@x.org']\ndisabled = true\n"
    text = f"{ada}{BEN}[[research_manager]]\nemail = 'a@x.org'\nscholars = ['ben']\n"
    (found,) = warnings(tmp_path, text)
    assert found.startswith(
        'scholar ada: emails: "a@x.org" is disabled, but has a role in research'
    )


def test_a_mistake_in_one_value_does_not_hide_a_contradiction(tmp_path):
    found = errors(tmp_path, ADA + "timezone = 'Nowhere'\n" + BEN.replace('["ben"]', '["ada"]'))
    assert len(found) == 2
    assert "timezone" in found[0]
    assert "usernames" in found[1]


@given(*[st.text("ab?*", max_size=5)] * 2)
def test_globs_overlap_if_a_text_matches_both(one, other):
    texts = ["".join(it) for length in range(7) for it in product("abc", repeat=length)]
    both = any(fnmatchcase(it, one) and fnmatchcase(it, other) for it in texts)
    # Overlapping globs of 5 characters have a common text of at most 10, usually a shorter one.
    assert meet(one, other) == meet(other, one)
    assert meet(one, other) or not both
    if len(one) + len(other) <= 6:
        assert meet(one, other) == both
    if covers(one, other):
        assert meet(one, other)


SEEN = Seen(["team/vision", "team/lm-a"], {"ada", "Ben", "cy"}, {"NVIDIA A100"})


def test_a_value_that_matches_nothing_in_the_data_is_a_warning(tmp_path):
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
            'stream a: projects: "team/vison" matches none of the 2 projects in the data; '
            "expected a glob that matches some; case matters. Did you mean team/vision?"
        ),
        (
            'rate "*H100*": gpu: "*H100*" matches none of the 1 GPU types in the data; '
            "expected a glob that matches some; case matters."
        ),
        (
            'scholar ben: usernames: the data has no runs of "ben"; '
            "expected a username as W&B spells it. Did you mean Ben?"
        ),
    ]
    assert check_roster(path, Seen([], {"ada"}, [])) == []
    path.write_text('rented = ["pod-*", "spot*", "pod-*"]\n' + ADA)
    assert [str(it) for it in check_roster(path, Seen([], [], [], ["pod-1", "gpu7"]))] == [
        'rented: "pod-*" appears twice; expected each glob once.',
        (
            'rented: "spot*" matches none of the 2 hosts in the data; '
            "expected a glob that matches some; case matters."
        ),
    ]


def test_a_gpu_type_that_two_rates_match_is_reported_once_per_pair_of_globs(tmp_path):
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
            'rate "*80GB*" (no. 2): matches "H100 80GB" in the data, as rate "*H100*" (no. 1) '
            'does; from 2026-01-01 on "*H100*" decides; '
            "expected globs without a common GPU type, or a separate rate for that type."
        )
    ]
    assert check_roster(path, Seen([], [], {"H100", "A100 80GB"})) == []


def test_a_rate_for_exactly_that_type_settles_the_conflict(tmp_path):
    path = tmp_path / "roster.toml"
    both = rate("*H100*", "2026-01-01") + rate("*80GB*", "2026-01-01")
    path.write_text(rate("H100 80GB", "2026-01-01") + both)
    assert check_roster(path, Seen([], [], {"H100 80GB"})) == []
    path.write_text(rate("H100 80GB", "2025-01-01") + both)  # too old: both others replace it
    assert any(
        'as rate "*H100*"' in str(it) for it in check_roster(path, Seen([], [], {"H100 80GB"}))
    )


def test_a_gpu_type_without_a_rate_is_reported_if_others_have_one(tmp_path):
    path = tmp_path / "roster.toml"
    path.write_text(rate("*H100*", "2026-01-01"))
    assert [str(it) for it in check_roster(path, Seen([], [], {"H100", "T4", "A100", ""}))] == [
        (
            'credits.rates: no rate for "A100", "T4" in the data; '
            "expected a rate for each GPU type (without one it costs nothing)."
        )
    ]
    path.write_text(ADA)
    assert check_roster(path, Seen([], {"ada"}, {"H100"})) == []
