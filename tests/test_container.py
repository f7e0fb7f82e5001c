"""Dockerfile and compose.yaml, as far as they can be checked without building an image."""

import re
import shlex
import sys
import tomllib
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

from tests.commands import ran, unknown_options
from tests.conftest import ROOT

DOCKERFILE = ROOT / "Dockerfile"
TEXT = DOCKERFILE.read_text(encoding="utf-8").replace("\\\n", "")
LINES = [line for line in TEXT.splitlines() if line and not line.startswith("#")]
SERVICES = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]
HOME = "/srv/velocity"


def _of(instruction):
    return [it.removeprefix(instruction).strip() for it in LINES if it.startswith(instruction)]


def test_the_dockerfile_has_no_findings():
    linter = Path(sys.executable).with_name("hadolint")
    done = ran(linter, DOCKERFILE)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("file", ["compose.yaml", "deploy/compose.yaml"])
def test_compose_accepts_the_file(file):
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = ran(*command, ROOT / file)
    assert done.returncode == 0, done.stdout


def test_the_build_gets_everything_that_the_wheel_is_made_of_and_nothing_else():
    copied = {it for line in _of("COPY") for it in shlex.split(line)[:-1] if "--from" not in line}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {*wheel["packages"], *wheel["force-include"], project["project"]["readme"]}
    copied.remove("${LOCK}")
    copied |= {"requirements.lock", "requirements-scale.lock"}
    assert _of("ARG LOCK=") == ["requirements.lock"]
    more = {"pyproject.toml", "requirements.lock", "requirements-scale.lock", "LICENSE"}
    assert copied - needed == more
    assert needed <= copied
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {it.removeprefix("!") for it in ignored if it.startswith("!")} == copied
    assert "*" in ignored


def test_the_image_runs_without_privileges_and_reports_its_health():
    last = LINES[max(n for n, line in enumerate(LINES) if line.startswith("FROM")) :]
    assert "USER 10001:10001" in last
    assert any(line.startswith("RUN useradd --uid 10001 ") for line in last)
    assert _of("WORKDIR")[-1] == _of("VOLUME")[-1] == HOME
    (health,) = _of("HEALTHCHECK")
    assert "/healthz" in health
    assert not re.search(r"(KEY|SECRET|TOKEN|PASSWORD)\w*=", TEXT)
    assert all("--no-deps" in line for line in _of("RUN") if "pip install" in line)


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_runs_an_existing_command_and_can_write_to_its_volume_only(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["volumes"] == [f"velocity:{HOME}"]
    assert service["tmpfs"] == ["/tmp"]  # noqa: S108 - the container's own
    assert "environment" not in service
    assert not unknown_options(service["command"][0], service["command"])


def test_pages_are_published_to_this_machine_only():
    assert "ports" not in SERVICES["sync"]
    assert SERVICES["app"]["ports"] == ["127.0.0.1:8501:8501"]
    assert "--published-on-loopback" in SERVICES["app"]["command"]


def test_every_process_past_one_machine_has_its_own_folder_and_the_same_settings():
    services = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text("utf-8"))["services"]
    cluster = {name: services.pop(name) for name in ("scheduler", "worker")}
    ours = {name: it for name, it in services.items() if "velocity" in it["image"]}
    assert sorted(ours) == ["a", "b", "publish", "pull"]
    for name, service in ours.items():
        *own, settings, roster = (it for it in service["volumes"] if "dask" not in it)
        # A worker has the volume without a name that the image declares.
        assert own == ([] if name == "pull" else [f"{name}:{HOME}"])
        assert settings == f"./velocity.toml:{HOME}/velocity.toml:ro"
        assert roster == f"./roster.toml:{HOME}/roster.toml:ro"
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
        assert "ports" not in service
        assert not unknown_options(service["command"][0], service["command"])
    # Only the publisher reaches the cluster, and its workers have the folder of the publisher.
    assert [name for name, it in ours.items() if "cluster" in it.get("networks", ())] == ["publish"]
    assert [it["networks"] for it in cluster.values()] == [["cluster"]] * 2
    assert cluster["worker"]["volumes"][0] == ours["publish"]["volumes"][0]
    proxied = (ROOT / "deploy" / "haproxy.cfg").read_text("utf-8")
    for name in services["proxy"]["environment"]:
        assert f'"${{{name}-127.0.0.1:' in proxied
