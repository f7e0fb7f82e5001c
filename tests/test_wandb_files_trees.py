"""Trees of run directories: many runs in batches, other folders, and imported modules."""

import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.run_directories import write_files
from velocity.errors import SourceError
from velocity.sources.base import Asked
from velocity.sources.wandb_files import LocalSource

ROW = '{"_timestamp": 1651658400.0, "_runtime": 3600}'


@pytest.mark.thorough
def test_thousands_of_runs_are_read_in_batches_with_progress(tmp_path):
    for number in range(1100):
        folder = tmp_path / f"s{number % 7}" / "wandb" / f"run-20220504_110000-r{number}"
        write_files(folder, wandb_summary=ROW)
    told = []
    asked = Asked([str(tmp_path)], on_progress=lambda _, done, total: told.append((done, total)))
    batches = list(LocalSource().read(asked))
    assert [batch.runs.height for batch in batches] == [500, 500, 100]
    assert told == [(done, 1100) for done in range(1, 1101)]


def test_each_path_without_run_directories_has_its_own_error(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    for name, words in {
        "nowhere": "does not exist",
        "file": "is not a directory",
        "empty": "does not contain a W&B run directory",
    }.items():
        with pytest.raises(SourceError) as caught:
            list(LocalSource().read(Asked([str(tmp_path / name)])))
        assert caught.value.message == f"{tmp_path / name} {words}."
        assert caught.value.hint


def test_the_w_and_b_client_is_loaded_only_to_read_a_log(tmp_path):
    write_files(tmp_path / "run-20220504_110000-old", wandb_summary=ROW)
    script = (
        "import sys\n"
        "from velocity.sources.base import Asked\n"
        "from velocity.sources.wandb_files import LocalSource\n"
        "list(LocalSource().read(Asked([sys.argv[1]])))\n"
        "assert 'wandb' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script, tmp_path], cwd=ROOT, check=True)
