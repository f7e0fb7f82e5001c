"""Text from outside is cleaned on input, and has no effect on terminals or logs."""

import json
import unicodedata

import polars as pl
import pytest
from hypothesis import given, strategies as st

from tests.commands import velocity
from tests.worlds import NOON, environment_of, node, runs_served
from velocity.cleaning import cleaned, escaped, for_terminal, json_escaped
from velocity.reading import reads
from velocity.records import RUN_SCHEMA, Rejected, RunBatch, cleaned_frame, run_frame
from velocity.store import latest_snapshot

#: Clears the screen, sets the window title, rings, reverses text, hides text.
ATTACKS = (
    "\x1b[2J\x1b[H",
    "\x1b]0;owned\x07",
    "\x9b31m",
    "\u202egnp.exe",
    "\u2066x\u2069",
    "\u200bx",
    "\ufeff",
    "\u2028",
    "\U000e0041\U000e0042",
    "\x00",
    "\x7f",
)
#: Words in right-to-left scripts, emoji and letters of several code points.
HARMLESS = (
    *("עברית", "سلام", "👩\u200d🔬", "क्\u200dष", "e\u0301"),
    *("a b", "日本語", "葛\U000e0100", "½ ° é"),
)
BASE = {
    "entity": "lab",
    "project": "vision",
    "run_id": "r1",
    "state": "finished",
    "created_at": NOON,
    "source": "table",
}
TEXTS = [name for name, kind in RUN_SCHEMA.items() if kind == pl.String]
KEY = ("entity", "project", "run_id")


WAYS = (lambda it: cleaned(it, 100), escaped, for_terminal, json_escaped)


def stored(**columns):
    """The column of one run that is given, as it is stored."""
    (name,) = columns
    return RunBatch(run_frame([BASE | columns])).runs[name].item()


def acts(text):
    """Whether a character acts: control, surrogate, format except joiners, line separator."""
    return [
        it
        for it in text
        if (unicodedata.category(it) in {"Cc", "Cs", "Zl", "Zp"} and it not in "\n\t")
        or (unicodedata.category(it) == "Cf" and it in "".join(ATTACKS))
    ]


@pytest.mark.parametrize("attack", ATTACKS)
def test_control_characters_are_replaced_and_not_removed(attack):
    for function in WAYS:
        made = function(f"a{attack}b")
        assert acts(made) == []
        assert made not in {"ab", f"a{attack}b"}
    assert json.loads(json_escaped(json.dumps(f"a{attack}b", ensure_ascii=False))) == f"a{attack}b"


@pytest.mark.parametrize("word", HARMLESS)
def test_ordinary_text_is_not_changed(word):
    for function in WAYS:
        assert function(word) == word
    assert stored(display_name=word) == stored(run_id=word) == word


def test_a_terminal_gets_several_lines_and_a_log_one():
    assert for_terminal("a\nb\tc\r") == "a\nb\tc\\r"
    assert escaped("a\nb\tc\r") == "a\\nb\\tc\\r"
    assert cleaned("a\nb", 9) == "a\ufffdb"


@given(st.text(max_size=40), st.integers(1, 30))
def test_cleaning_again_changes_nothing_and_cut_text_is_marked(text, longest):
    once = cleaned(text, longest)
    assert cleaned(once, longest) == once
    assert len(once) == min(len(text), longest)
    assert once.endswith("…") or len(text) <= longest


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
def test_a_frame_is_cleaned_like_a_text(text):
    row = BASE | {"display_name": text, "notes": text, "tags": [text, text]}
    frame = cleaned_frame(run_frame([row]))
    assert frame["display_name"].item() == cleaned(text, 256)
    in_lines = "".join(it if it in "\t\n\r" else cleaned(it, 1) for it in text)
    assert frame["notes"].item() == in_lines
    assert frame["tags"].item().to_list() == [cleaned(text, 256)] * 2


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://wandb.example/lab/vision/runs/r1", True),
        ("http://localhost:8080/r1?a=b", True),
        ("/demo-run/lab/vision/runs/r1", True),
        ("https://wandb.example/" + "r" * 1_000, True),
        ("https://wandb.example/" + "r" * 3_000, False),
        ("https://wandb.example/\u202e", False),
        ("https://wandb.example/\n", False),
        ("javascript:alert(1)", False),
        (" javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("r1", False),
    ],
)
def test_a_link_is_an_unchanged_web_address_or_removed(url, kept):
    assert stored(url=url) == (url if kept else None)


@pytest.mark.parametrize("column", [it for it in TEXTS if it not in (*KEY, "url")])
def test_no_text_of_a_run_has_control_characters_or_unlimited_length(column):
    attack = "".join(ATTACKS) + "\n" + "n" * 2_000_000
    if column == "config":
        attack = json.dumps("".join(ATTACKS), ensure_ascii=False)
    made = stored(**{column: attack})
    assert acts(made) == []
    assert len(made) <= 10_000
    if column == "config":
        assert json.loads(made).count("\ufffd") == 10
        long = RunBatch(run_frame([BASE | {"config": json.dumps("n" * 2_000_000)}])).runs
        assert long.select("config", "unreadable").rows() == [(None, ["config"])]


def test_lists_of_texts_are_limited_too():
    tags = stored(tags=["\x1b" + "t" * 10_000] * 10_000)
    assert tags.to_list() == ["\ufffd" + "t" * 254 + "…"] * 100


@pytest.mark.parametrize("column", KEY)
@pytest.mark.parametrize("text", ["r1\u202e", "\x1b[2J", "r1\n", "r\u200b1", "r" * 257])
def test_cleaning_never_turns_a_key_into_another_runs_key(column, text):
    batch = RunBatch(run_frame([BASE, BASE | {column: text}]))
    assert batch.runs.select(KEY).rows() == [("lab", "vision", "r1")]
    (rejected,) = batch.rejected
    assert "invisible characters" in rejected.reason
    assert acts(f"{rejected}") == []


def test_skipped_rows_are_cleaned_too():
    rejected = Rejected("e\x1b", "p\u202e", "r" * 9_000, "\x1b[2J" + "x" * 1_000_000)
    assert acts(f"{rejected}") == []
    assert len(f"{rejected}") < 2_000
    assert Rejected("e", "p", None, "why").run_id is None


@pytest.mark.thorough
def test_no_text_of_a_server_controls_a_terminal_or_reaches_the_store(tmp_path, monkeypatch):
    attack = "".join(ATTACKS)
    fields = {
        "username": f"ada{attack}",
        "display_name": f"name{attack}" + "n" * 1_000_000,
        "group": f"group{attack}",
        "job_type": attack,
        "notes": attack,
        "tags": [attack],
        "config": {f"key{attack}": attack},
    }
    with runs_served(monkeypatch, 1) as server:
        server.world.put(node(1, **fields), node(2, run_id=f"r{attack}"))
        env = environment_of(server, tmp_path)
        for command in (
            "sync --project lab/vision",
            "doctor",
            "runs",
            "runs --format json",
            "metrics",
        ):
            done = velocity(*command.split(), cwd=tmp_path, env=env)
            said = (done.stdout + done.stderr).decode()
            assert done.returncode == 0, said
            assert acts(said) == [], command
            assert len(said) < 100_000
    snapshot = latest_snapshot(tmp_path / "data")
    assert reads.runs(snapshot)["run_id"].len() == 2
    assert "invisible characters" in reads.rejected(snapshot)["reason"].item()
