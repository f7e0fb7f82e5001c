"""The W&B sweep and the Slurm array for what ran one setting at a time really run."""

import json
import subprocess
import sys

import pytest
import yaml  # type: ignore[import-untyped]
from hypothesis import example, given, strategies as st
from wandb.sdk.launch.sweeps.utils import create_sweep_command_args

from tests.wandb_server import Fault, ProtocolServer, Reply, World
from velocity.sentences.together import array_line, sweep_stub

KEYS = ["lr", "model.heads", "on", None, "a b", "it's", 'a"b\\c', "$(touch x)", "\u00fcber", "#k"]

#: The part of a server that creates sweeps; the one of the demo only reads.
_SWEEPS = """
type Mutation { upsertSweep(input: UpsertSweepInput!): UpsertSweepPayload }
type UpsertSweepPayload { sweep: NewSweep, configValidationWarnings: [String] }
type NewSweep { name: String, project: Project }
input UpsertSweepInput {
  id: ID, config: String, description: String, entityName: String, projectName: String,
  controller: JSONString, launchScheduler: JSONString, templateVariableValues: JSONString,
  scheduler: JSONString, state: String, priorRunsFilters: JSONString, displayName: String
}
"""
_CREATED = {"name": "s1", "project": {"id": "1", "name": "p", "entity": {"id": "2", "name": "e"}}}
_CLIENT = """
import sys
import wandb
from wandb.sdk.launch.sweeps.utils import load_sweep_config
config = load_sweep_config(sys.argv[1])
assert config is not None
assert wandb.sweep(config, entity="e", project="p") == "s1"
"""
#: Runs a task for each index, as Slurm does: with a plain sh.
_SLURM = """
sbatch() {
  last=${1#--array=0-}
  for number in $(seq 0 "$last"); do
    SLURM_ARRAY_TASK_ID=$number sh -c "${2#--wrap=}"
  done
}
"""


def filled(text: str) -> str:
    for number in range(1, 6):
        text = text.replace(f"VALUE_{number}", f"0.{number}")
    return text


@pytest.mark.parametrize("key", KEYS)
def test_a_sweep_with_its_values_has_the_key_and_a_grid_of_values(key):
    assert yaml.safe_load(filled(sweep_stub(key, 5))) == {
        "program": "train.py",
        "method": "grid",
        "parameters": {key or "seed": {"values": [0.1, 0.2, 0.3, 0.4, 0.5]}},
    }


@given(st.text(min_size=1), st.integers(1, 40))
@example("\u015e" * 80, 1)
@example("\u015e" * 100, 1)
def test_any_name_of_a_key_gives_a_sweep_and_one_line(key, launches):
    stub, line = sweep_stub(key, launches), array_line(key, launches)
    ((name, parameter),) = yaml.safe_load(stub)["parameters"].items()
    assert name == (key if key.isprintable() and len(key) <= 80 else "KEY")
    assert len(parameter["values"]) == launches
    assert line.isprintable()


def test_the_client_accepts_the_sweep(tmp_path):
    file = tmp_path / "sweep.yaml"
    file.write_text(filled(sweep_stub("model.heads", 3)))
    created = {"upsertSweep": {"sweep": _CREATED, "configValidationWarnings": []}}
    with ProtocolServer(World({})) as server:
        server.schema += _SWEEPS
        reply = Reply(200, json.dumps({"data": created}))
        server.faults.append(Fault(reply, operation="UpsertSweep"))
        env = {"WANDB_BASE_URL": server.url, "WANDB_API_KEY": server.api_key, "HOME": str(tmp_path)}
        command = [sys.executable, "-c", _CLIENT, file]
        subprocess.run(command, check=True, cwd=tmp_path, env=env)
        (call,) = (it for it in server.calls if it.operation == "UpsertSweep")
    assert yaml.safe_load(call.variables["config"]) == yaml.safe_load(file.read_text())


def test_the_agent_of_the_client_gives_the_program_each_value():
    config = yaml.safe_load(filled(sweep_stub("lr", 2)))
    ((name, parameter),) = config["parameters"].items()
    runs = [{"args": {name: {"value": it}}} for it in parameter["values"]]
    given_args = [create_sweep_command_args(it)["args"] for it in runs]
    assert given_args == [["--lr=0.1"], ["--lr=0.2"]]


@pytest.mark.parametrize("key", KEYS)
def test_the_array_gives_the_program_each_value(key, tmp_path):
    line = filled(array_line(key, 3))
    subprocess.run(["bash", "-n", "-c", line], check=True)
    program = tmp_path / "python"
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$*"\n')
    program.chmod(0o755)
    command, env = ["bash", "-c", _SLURM + line], {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    how = {"check": True, "capture_output": True, "text": True}
    ran = subprocess.run(command, **how, cwd=tmp_path, env=env)  # noqa: PLW1510
    name = key or "seed"
    assert ran.stdout.splitlines() == [f"train.py --{name}=0.{n}" for n in (1, 2, 3)]
    assert ran.stderr == ""
    assert [it.name for it in tmp_path.iterdir()] == ["python"]
