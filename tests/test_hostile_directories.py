"""Run directories made to block, flood or mislead their reader."""

import os

import pytest

from tests.commands import velocity
from tests.framing import framed
from tests.run_directories import fetched, write_files
from tests.test_wandb_files_records import START, pb, run_record
from velocity.reading import reads
from velocity.sources.local_files import read_yaml
from velocity.sources.log_records import LONGEST_RECORD
from velocity.store import latest_snapshot

BEGUN = '{"startedAt": "2026-05-04T09:00:00Z"}'
THEIRS = "their-host"


def good(tree):
    write_files(tree / "run-20260504_090000-good", wandb_metadata=BEGUN)


def sparse(path, size):
    path.touch()
    os.truncate(path, size)


def write_records(folder, *records, name="r"):
    folder.mkdir(parents=True, exist_ok=True)
    content, _ = framed([record.SerializeToString() for record in records])
    (folder / f"run-{name}.wandb").write_bytes(content)


def odd(tree, name):
    """The path of a file of the odd run directory."""
    path = tree / "run-20260504_090000-odd" / name
    path.parent.mkdir(parents=True)
    return path


def outside(tree, name):
    """A file or folder of a run directory beside the tree, like one of another person."""
    folder = tree.parent / "outside" / "run-20260504_090000-theirs"
    write_records(folder, run_record(START, host=THEIRS))
    write_files(folder, wandb_metadata=BEGUN[:-1] + f', "host": "{THEIRS}"}}')
    return folder / name


def references(tree):
    """Nine lines that stand for a billion values."""
    text = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    text += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    odd(tree, CONFIG).write_text("\n".join(text), encoding="utf-8")


def times_past_the_calendar(tree):
    last = {"seconds": 253402300799, "nanos": 2_000_000_000}
    folder = odd(tree, LOG).parent
    write_records(folder, pb.Record(run={"run_id": "odd", "start_time": last}), name="odd")


METADATA, CONFIG, LOG = "files/wandb-metadata.json", "files/config.yaml", "run-odd.wandb"
ATTACKS = {
    "linked file": lambda tree: odd(tree, METADATA).symlink_to(outside(tree, METADATA)),
    "linked folder": lambda tree: odd(tree, "files").symlink_to(outside(tree, "files")),
    "linked log": lambda tree: odd(tree, LOG).symlink_to(outside(tree, "run-r.wandb")),
    "fifo": lambda tree: os.mkfifo(odd(tree, METADATA)),
    "fifo as a log": lambda tree: os.mkfifo(odd(tree, LOG)),
    "endless": lambda tree: odd(tree, CONFIG).symlink_to("/dev/zero"),
    "endless log": lambda tree: odd(tree, LOG).symlink_to("/dev/zero"),
    "references": references,
    "long string": lambda tree: sparse(odd(tree, METADATA), 200 * 2**20),
    "long log": lambda tree: sparse(odd(tree, LOG), 2**43),
    "nested JSON": lambda tree: odd(tree, METADATA).write_text("[" * 2**20, encoding="utf-8"),
    "nested YAML": lambda tree: odd(tree, CONFIG).write_text("[" * 10_000, encoding="utf-8"),
    "times past the calendar": times_past_the_calendar,
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_only_the_bad_directory_is_rejected(tmp_path, attack):
    tree = tmp_path / "wandb"
    good(tree)
    attack(tree)
    rows, rejected = fetched(tree)
    assert [row["run_id"] for row in rows] == ["good"]
    assert [(it.run_id, "run-20260504_090000-odd: " in it.reason) for it in rejected] == [
        ("odd", True)
    ]
    assert THEIRS not in str(rejected)


@pytest.mark.thorough
def test_the_command_reads_the_others_and_names_unreadable_ones(tmp_path):
    tree = tmp_path / "wandb"
    good(tree)
    os.mkfifo(odd(tree, LOG))
    done = velocity("ingest", "wandb", cwd=tmp_path)
    told = done.stderr.decode()
    assert done.returncode == 1
    assert "run-20260504_090000-odd: run-odd.wandb cannot be read: it is not a regular" in told
    assert "could not be read: 1. The others were imported." in told
    assert reads.runs(latest_snapshot(tmp_path / "data"))["run_id"].to_list() == ["good"]


def test_only_endlessly_nested_folders_are_rejected(tmp_path):
    good(tmp_path)
    deep = tmp_path
    for _ in range(120):
        deep /= "d"
    deep.mkdir(parents=True)
    rows, (rejected,) = fetched(tmp_path)
    assert len(rows) == 1
    assert rejected.reason.endswith("folders are nested too deeply")


@pytest.mark.thorough
@pytest.mark.parametrize(
    "text",
    [
        "a: &x 1\nb: *x",
        "a: 1" + ":30" * 100,
        "a: 1" + ":30" * 100 + ".5",
        "- 1\n" * 60_000,
        "[" * 5_000,
        "a: !!timestamp never",
        'a: !!int ""',
        "a: !!python/object/apply:os.getcwd []",
    ],
)
def test_yaml_with_references_or_tags_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        read_yaml(text)


def test_yaml_of_the_client_is_read():
    text = "wandb_version: 1\nlr:\n  desc: null\n  value: 0.1\nat:\n  value: 1:30:00\n"
    assert read_yaml(text) == {
        "wandb_version": 1,
        "lr": {"desc": None, "value": 0.1},
        "at": {"value": 5400},
    }


def test_an_endless_record_is_skipped(tmp_path):
    folder = tmp_path / "run-20260504_090000-r"
    long = pb.Record(run={"run_id": "r", "notes": "x" * (LONGEST_RECORD + 1)})
    write_records(folder, run_record(START, host="n1"), long, pb.Record(exit={"runtime": 60}))
    (row,), _ = fetched(tmp_path)
    assert (row["notes"], row["state"], row["unreadable"]) == (None, "finished", ["log"])


def test_an_endless_config_is_not_stored(tmp_path):
    items = [
        pb.Record(config={"update": [{"key": f"k{n}", "value_json": f'"{"x" * 2**22}"'}]})
        for n in range(9)
    ]
    write_records(tmp_path / "run-20260504_090000-r", run_record(START), *items)
    (row,), _ = fetched(tmp_path)
    assert (row["config"], row["unreadable"]) == (None, ["config"])
