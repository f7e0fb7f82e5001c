"""Bad input on the command line: one sentence says what is wrong, and nothing is lost."""

import re
import shlex

import pytest

from tests.builders import run, store_of
from tests.commands import velocity
from tests.stores import contents

pytestmark = pytest.mark.sampled(4)

NEEDED = "entity,project,run_id,state,created_at,ended_at\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a store of two runs, and files that no command can use."""
    home = tmp_path_factory.mktemp("bad")
    rows = [run("r1", "09:00", "10:00"), run("r2", "11:00", "12:00", username="adam")]
    store_of(rows, "20:00", data=home / "data")
    (home / "nothing").mkdir()
    for name, text in {
        "text": "not a folder",
        "empty.csv": "",
        "binary.csv": "\0\1\2",
        "stateless.csv": "entity,project,run_id,created_at\ne,p,r,2026-01-05",
        "rowless.csv": NEEDED,
        "mars.toml": '[programme]\ntimezone = "Mars"\n',
    }.items():
        (home / name).write_text(text, encoding="utf-8")
    return home


def _files(folder, *but):
    """What is in the folder, except the state, which reading makes, and files of these names."""
    return {it.name for it in folder.iterdir()}, contents(folder, "state.sqlite", *but)


@pytest.mark.parametrize(
    ("asked", "code", "words"),
    [
        ("metrics --period hour", 2, "'hour' is not one of 'all', 'month', 'week', 'day'"),
        ("record move --to moon", 2, "'moon' is not one of 'server', 'file'"),
        ("brief --scholar ada --days 0", 2, "it must be at least 1"),
        ("brief --scholar ada --days 367", 2, "it must be at most 366"),
        ("app --port x", 2, "it must be a whole number"),
        ("metrics --out x.xlsx", 2, "x.xlsx does not end in .csv, .json, .parquet or .txt"),
        ("report --out x.pdf", 2, "x.pdf does not end in .md, .html, .htm, .csv or .txt"),
        ("explain --metric busy_hours --out x.csv", 2, "does not end in .json or .txt"),
        ("metrics --out .", 1, ". is a folder."),
        ("--data text metrics", 1, "The data folder text is a file."),
        ("--data text import text", 1, "The data folder text is a file."),
        ("report --week 1999-W01", 1, "1999-W01 is before the first day with a run, 2026-01-05."),
        ("report --week 2026-W02 --stream nope", 1, "is not over in the data"),
        ("nudge --replay --to 1999-01-01", 2, "there are runs only from 2026-01-05 to 2026-01-05"),
        ("brief --scholar ada --to ada", 1, "There is no roster"),
        ("report --post", 1, "VELOCITY_WEBHOOK_URL is not set."),
        ("roster check", 1, "There is no roster roster.toml."),
        ("backup no/such/file", 1, "There is no folder no/such."),
        ("--data other restore nowhere", 1, "There is no file nowhere."),
        ("--data other archive --before 2026-01-05", 1, "There is no data in other yet."),
        ("--data other metrics", 1, "There is no data in other yet."),
        ("--data other runs", 1, "There is no data in other yet."),
        ("--data other experiments", 1, "There is no data in other yet."),
        ("--data other loops", 1, "There is no data in other yet."),
        ("--data other import none.csv", 1, "none.csv does not exist."),
        ("--data other import empty.csv", 1, "empty.csv is empty."),
        ("import binary.csv", 1, "binary.csv is binary, neither a CSV file nor a Parquet file."),
        ("import stateless.csv", 1, 'stateless.csv does not have the column "state".'),
        ("import rowless.csv", 1, "rowless.csv has no rows."),
        ("ingest nothing", 1, "nothing does not contain a W&B run directory."),
        ("ingest nowhere", 1, "nowhere does not exist."),
        ("runs --out no/such/folder.csv", 1, "no/such/folder.csv"),
        ("--config mars.toml sync", 1, 'programme.timezone: got "Mars"'),
        ("metrics --scholar adda", 1, "There is no scholar 'adda'. Did you mean ada or adam?"),
        ("forget adda --yes", 1, "There is nobody called 'adda'"),
        ("forget '' --yes", 1, "There is nobody called ''"),
        ("forget ' ' --yes", 1, "There is nobody called ' '"),
    ],
)
def test_a_wrong_value_is_one_sentence_and_writes_nothing(folder, asked, code, words):
    # These two ask the store, which locks it.
    locks = ["lock"] if asked.startswith(("ingest", "forget")) else []
    before = _files(folder, *locks)
    done = velocity(*shlex.split(asked), cwd=folder)
    told = done.stderr.decode()
    said = " ".join(re.sub("[│╭╮╰╯─]", " ", told).split())
    assert done.returncode == code, said
    assert words in said
    if code == 1:
        _, hint = told[told.index("Error: ") :].strip().split("\n")
        assert hint.endswith((".", "?"))
    assert done.stdout == b""
    assert not re.search("Traceback|Value error|Input should|Unexpected error", said)
    assert _files(folder, *locks) == before


def test_times_that_stand_for_none_do_not_fill_the_memory(tmp_path):
    rows = (
        "r1,finished,0001-01-01,",
        "r2,finished,9999-12-31,",
        "r3,finished,2026-01-05,9999-12-31",
    )
    text = NEEDED + "".join(f"lab,vision,{row}\n" for row in rows)
    (tmp_path / "runs.csv").write_text(text, encoding="utf-8")
    done = velocity("import", "runs.csv", cwd=tmp_path)
    assert b"1 new, 2 skipped" in done.stderr
    shown = velocity("runs", "--format", "csv", cwd=tmp_path).stdout.decode()
    assert "unreadable" in shown
    assert "9999" not in shown
