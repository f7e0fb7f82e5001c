"""Suggested entries can be loaded again for any usernames."""

import tomllib

from hypothesis import example, given, strategies as st

from tests.roster_texts import FULL, parsed
from velocity.roster.models import check_roster, load_roster
from velocity.roster.suggest import suggest_entries
from velocity.roster.tables import roster_frames


def test_suggestions_skip_known_usernames_and_start_with_most_runs():
    text = suggest_entries({"ada-cluster": 9, "cy": 1, "dee": 4}, parsed(FULL))
    assert [entry["usernames"] for entry in tomllib.loads(text)["scholars"]] == [["dee"], ["cy"]]
    assert "# 4 runs\n" in text
    assert "# 1 run\n" in text


def test_nothing_is_suggested_if_every_username_is_known():
    assert suggest_entries({"ada": 3, "": 2}, parsed(FULL)) == ""


def test_the_first_roster_shows_what_else_can_be_in_it():
    text = suggest_entries({"ada": 3}, None)
    assert list(parsed(text).scholars[0].usernames) == ["ada"]
    shown = text[text.index("# More entries") :]
    examples = "".join(
        f"{line.removeprefix('#').strip()}\n"
        for line in shown.splitlines()[1:]
        if line.startswith("#")
    )
    roster = parsed(examples)
    assert roster.streams
    assert roster.managed_by("manager@example.org") == ("ada",)
    purposes = roster_frames(roster)["roster_run_rule"]["purpose"]
    assert set(purposes) == {"automation", "excluded", "shared"}


def test_a_suggestion_does_not_reuse_an_id():
    text = suggest_entries({"Ben!": 1, "ben": 1}, parsed(FULL))
    assert [entry["id"] for entry in tomllib.loads(text)["scholars"]] == ["Ben-2", "ben-3"]


_HOSTILE = st.dictionaries(st.text(max_size=80), st.integers(0, 10**9), max_size=6)


@given(_HOSTILE)
@example({'"]\n[[leads]]\nx = "': 1, "\\": 1, "'''": 1, '"""': 1, "#": 1, "\r\n": 1})
@example(
    {"\x00": 1, "\x7f": 1, "\x85": 1, "\u2028": 1, "\u202e": 1, " ": 1, "👩‍🔬": 1, "é" * 90: 1}
)
@example({"a b": 1, "a-b": 1, "a_b": 1, "A-B": 1, "scholar": 1, "💥": 1})
def test_suggestions_for_any_usernames_load_into_the_roster(runs_of):
    known = parsed(FULL)
    together = FULL + "\n" + suggest_entries(runs_of, known)
    roster = parsed(together)
    assert roster.scholars[: len(known.scholars)] == known.scholars
    owned = {username for it in roster.scholars for username in it.usernames}
    assert owned >= {username for username in runs_of if username}
    ids = [scholar.id for scholar in roster.scholars]
    assert len(set(ids)) == len(ids)


def test_suggestions_appended_to_the_file_leave_no_findings(tmp_path):
    hostile = {'x"\n[[streams]]': 5, "💥": 2, "\x7f": 1, "bert": 1}
    (tmp_path / "roster.toml").write_text(
        FULL + suggest_entries(hostile, parsed(FULL)), encoding="utf-8"
    )
    assert check_roster(tmp_path / "roster.toml") == []
    assert suggest_entries(hostile, load_roster(tmp_path / "roster.toml")) == ""
