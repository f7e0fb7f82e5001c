"""Only entries of a roster that contradict each other are reported."""

from fnmatch import fnmatchcase
from itertools import product

import pytest
from hypothesis import given, strategies as st

from tests.roster_texts import ADA, BEN, errors, grant, rate, stream, token_rate, warnings
from velocity.roster.against_data import Seen
from velocity.roster.globs import covers, meet
from velocity.roster.models import check_roster

TO_S = "stream = 's'"


def globs(name, *projects):
    return stream(name, projects=str(list(projects)))


def member(name, *times, projects=()):
    """A stream with one entry for ada per time, such as `, to = 2026-01-01`."""
    entries = ", ".join(f"{{ scholar = 'ada'{time} }}" for time in times)
    return stream(name, projects=str(list(projects)), members=f"[{entries}]")


CONTRADICTIONS = {
    'scholar ada (no. 2): id: "ada" also appears in scholar ada (no. 1): id;': (
        ADA + ADA.replace('["ada"]', '["x"]')
    ),
    'stream s (no. 2): id: "s" also appears in stream s (no. 1): id; expected an id': (
        stream("s") + stream("s").replace('name = "s"', 'name = "t"')
    ),
    'stream t: name: "s" also appears in stream s: name; expected a name that no': (
        stream("s") + stream("t").replace('name = "t"', 'name = "s"')
    ),
    (
        'scholar ben: usernames: "ada" also appears in scholar ada: usernames; expected each '
        "username once, for one scholar"
    ): ADA + BEN.replace('["ben"]', '["ben", "ada"]'),
    'nudged_leads: "b@x.org" is not in leads; expected addresses that are in leads too': (
        'leads = ["a@x.org"]\nnudged_leads = ["b@x.org"]\n'
    ),
    'scholar ben: emails: "X@x.org" also appears in scholar ada: emails; expected': (
        f"{ADA}emails = ['x@x.org']\n{BEN}emails = ['X@x.org']\n"
    ),
    'stream s: member adda: scholar: got "adda"; expected the id of a scholar in': (
        ADA + stream("s", members="[{ scholar = 'adda' }]")
    ),
    "stream s: member ada: to: got 2026-02-01, which is not after 2026-02-01;": (
        ADA + member("s", ", from = 2026-02-01, to = 2026-02-01")
    ),
    (
        "stream s: member ada (no. 2): overlaps in time with stream s: member ada (no. 1); "
        "expected one entry for each period in the stream"
    ): ADA + member("s", ", to = 2026-02-02", ", from = 2026-02-01"),
    "grant 2026-01-01: got no receiver; expected either a stream or a scholar": grant(""),
    "grant 2026-01-01: got stream and scholar; expected either a stream or a scholar": (
        ADA + stream("s") + grant("stream = 's'\nscholar = 'ada'")
    ),
    'grant 2026-01-01: stream: got "s"; expected the id of a stream in this file': grant(TO_S),
}


@pytest.mark.parametrize(("told", "text"), CONTRADICTIONS.items(), ids=CONTRADICTIONS)
def test_a_contradiction_is_an_error(tmp_path, told, text):
    (error,) = errors(tmp_path, text)
    assert error.startswith(told)


OVERLAPS = {
    (
        'stream b: projects: "t/x-*" never applies: "t/*" above it in stream a: projects already '
        "matches everything it would; expected the narrower glob first, and each glob once"
    ): globs("a", "t/*") + globs("b", "t/x-*"),
    'stream b: projects: "t/x" never applies: "t/x" above it in stream a: projects': (
        globs("a", "t/x") + globs("b", "t/x")
    ),
    (
        'stream b: projects: "t/*-old" can match the same project as "t/vision*" in stream a: '
        "projects, which comes first and decides; expected globs without a common project, or "
        "the narrower one first"
    ): globs("a", "t/vision*") + globs("b", "t/*-old"),
    'stream b: projects: "t/[x]*" never applies: "t/[x]*" above it in stream a:': (
        globs("a", "t/[x]*") + globs("b", "t/[x]*")
    ),
    (
        "stream b: member ada: overlaps in time with stream a: member ada; expected projects for "
        "both streams, or times that do not overlap: experiments that no project glob decides "
        "are ambiguous"
    ): ADA + member("a", "", projects=["t/a"]) + member("b", ", from = 2026-01-01"),
    "scholar a: usernames: empty; expected the W&B usernames of this person; without": (
        '[[scholars]]\nid = "a"\nname = "A"'
    ),
    'scholar ada: usernames: "ada" appears twice; expected each username once, for': (
        ADA.replace('["ada"]', '["ada", "ada"]')
    ),
    (
        'scholar Ada: id: "Ada" differs only in case from "ada" in scholar ada: id; expected one '
        "spelling, or two that are easy to tell apart"
    ): ADA + BEN.replace('id = "ben"', 'id = "Ada"'),
    'scholar ben: usernames: "ADA" differs only in case from "ada" in scholar ada:': (
        ADA + BEN.replace('["ben"]', '["ADA"]')
    ),
    'stream S: id: "S" differs only in case from "s" in stream s: id; expected one': (
        stream("s") + stream("S")
    ),
    'scholar ada: usernames: got "ada "; expected "ada", because spaces count': (
        ADA.replace('["ada"]', '["ada "]')
    ),
    'leads: "L@x.org" appears twice; expected each address once': 'leads = ["l@x.org", "L@x.org"]',
    (
        'scholar ada: emails: "a@x.org" is disabled, but has a role in leads; expected no role '
        "for a disabled scholar"
    ): f"leads = ['A@x.org']\n{ADA}emails = ['a@x.org']\ndisabled = true",
    'scholar ada: emails: "a@x.org" is disabled, but has a role in research': (
        f"{ADA}emails = ['a@x.org']\ndisabled = true\n"
        f"{BEN}[[research_manager]]\nemail = 'a@x.org'\nscholars = ['ben']\n"
    ),
    "grant 2026-01-01 (no. 2): same as grant 2026-01-01 (no. 1); expected each grant": (
        stream("s") + 2 * grant(TO_S)
    ),
    'rate "*H100*": never applies: rate "*" above it holds from the same day and': (
        rate("*", "2026-01-01") + rate("*H100*", "2026-01-01")
    ),
    'token rate "lab/a": never applies: token rate "lab/*" above it holds from the same': (
        token_rate("lab/*", "2026-01-01") + token_rate("lab/a", "2026-01-01")
    ),
    (
        'rate "*A*" (no. 2): starts on 2026-01-01, before rate "*A*" (no. 1) above it '
        "(2026-02-01); expected the rates of a glob in date order"
    ): rate("*A*", "2026-02-01") + rate("*A*", "2026-01-01"),
    (
        'rate "*": replaces rate "*A*" from 2026-02-01 on; expected a rate for "*A*" from '
        "2026-02-01 above it"
    ): rate("*A*", "2026-01-01") + rate("*", "2026-02-01"),
}


@pytest.mark.parametrize(("told", "text"), OVERLAPS.items(), ids=OVERLAPS)
def test_an_overlap_with_a_clear_meaning_is_a_warning(tmp_path, told, text):
    (warning,) = warnings(tmp_path, text)
    assert warning.startswith(told)
    assert errors(tmp_path, text) == []


INTENDED = {
    "narrow glob first": globs("a", "t/x-*") + globs("b", "t/*"),
    "one character does not cover many": globs("a", "t/?") + globs("b", "t/*"),
    "globs of one stream may overlap, those of two do not": (
        globs("a", "t/a*", "t/*b") + globs("b", "u/*b", "t/c*x")
    ),
    "a class is not a literal": globs("a", "t/*a*") + globs("b", "t/[xa]"),
    "moved on the day": (
        ADA + member("a", ", to = 2026-01-01") + member("b", ", from = 2026-01-01")
    ),
    "moved on the day to an earlier stream": (
        ADA + member("a", ", from = 2026-01-01") + member("b", ", to = 2026-01-01")
    ),
    "two streams with different projects": (
        ADA + member("a", "", projects=["t/a"]) + member("b", "", projects=["t/b"])
    ),
    "one mentor of two streams": "".join(
        f"[[streams]]\nid = '{it}'\nname = '{it}'\nmentors = ['m@x.org']\n" for it in "ab"
    ),
    "both rates raised": "".join(
        rate(gpu, day) for day in ("2026-01-01", "2026-02-01") for gpu in ("*A*", "*")
    ),
}


@pytest.mark.parametrize("text", INTENDED.values(), ids=INTENDED)
def test_an_intended_overlap_is_not_reported(tmp_path, text):
    assert errors(tmp_path, text) == warnings(tmp_path, text) == []


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


def told(tmp_path, text, *seen):
    """The findings of a roster that is compared with the data."""
    path = tmp_path / "roster.toml"
    path.write_text(text)
    return [str(it) for it in check_roster(path, Seen(*seen))]


def test_a_value_that_matches_nothing_in_the_data_is_a_warning(tmp_path):
    streams = globs("a", "team/vison", "team/lm-*")
    rates = rate("*H100*", "2026-01-01") + rate("*A100*", "2026-01-01")
    text = ADA + BEN + BEN.replace("ben", "zoe") + streams + rates
    seen = ["team/vision", "team/lm-a"], {"ada", "Ben", "cy"}, {"NVIDIA A100"}
    expected = "expected a glob that matches some; case matters."
    assert told(tmp_path, text, *seen) == [
        (
            'stream a: projects: "team/vison" matches none of the 2 projects in the data; '
            f"{expected} Did you mean team/vision?"
        ),
        f'rate "*H100*": gpu: "*H100*" matches none of the 1 GPU types in the data; {expected}',
        (
            'scholar ben: usernames: the data has no runs of "ben"; '
            "expected a username as W&B spells it. Did you mean Ben?"
        ),
    ]
    assert told(tmp_path, text, [], {"ada"}, []) == []
    rented = 'rented = ["pod-*", "spot*", "pod-*"]\n' + ADA
    assert told(tmp_path, rented, [], [], [], ["pod-1", "gpu7"]) == [
        'rented: "pod-*" appears twice; expected each glob once.',
        f'rented: "spot*" matches none of the 2 hosts in the data; {expected}',
    ]


def test_a_gpu_type_that_two_rates_match_is_reported_once_per_pair_of_globs(tmp_path):
    days = "2026-01-01", "2026-02-01"
    text = "".join(rate(gpu, day) for day in days for gpu in ("*H100*", "*80GB*"))
    text += rate("*", "2025-12-01")
    assert told(tmp_path, text, [], [], {"H100 80GB", "H100", "A100"}) == [
        (
            'rate "*80GB*" (no. 2): matches "H100 80GB" in the data, as rate "*H100*" (no. 1) '
            'does; from 2026-01-01 on "*H100*" decides; '
            "expected globs without a common GPU type, or a separate rate for that type."
        )
    ]
    assert told(tmp_path, text, [], [], {"H100", "A100 80GB"}) == []


def test_a_rate_for_exactly_that_type_settles_the_conflict(tmp_path):
    both = rate("*H100*", "2026-01-01") + rate("*80GB*", "2026-01-01")
    seen = [], [], {"H100 80GB"}
    assert told(tmp_path, rate("H100 80GB", "2026-01-01") + both, *seen) == []
    # Too old: both others replace it.
    found = told(tmp_path, rate("H100 80GB", "2025-01-01") + both, *seen)
    assert any('as rate "*H100*"' in it for it in found)


def test_a_gpu_type_without_a_rate_is_reported_if_others_have_one(tmp_path):
    assert told(tmp_path, rate("*H100*", "2026-01-01"), [], [], {"H100", "T4", "A100", ""}) == [
        (
            'credits.rates: no rate for "A100", "T4" in the data; '
            "expected a rate for each GPU type (without one it costs nothing)."
        )
    ]
    assert told(tmp_path, ADA, [], {"ada"}, {"H100"}) == []
