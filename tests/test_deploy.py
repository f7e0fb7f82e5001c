"""The units of deploy/: systemd accepts them, and they start existing commands."""

import re
import shlex
import shutil

import pytest

from tests.commands import ran, unknown_options
from tests.conftest import ROOT

UNITS = sorted((ROOT / "deploy").glob("*.service"))
#: Unit -> its instances.
INSTANCES = {
    "velocity-app@.service": ["8501", "8502"],
    "velocity-watch@.service": ["sync", "pull", "publish"],
}
INSTALLED = "/srv/velocity/venv/bin/velocity"


def settings(unit):
    """(section, key) -> values, in order, of a unit file."""
    found, section = {}, ""
    for line in unit.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault((section, key), []).append(value)
    return found


def test_every_unit_has_its_instances():
    assert [unit.name for unit in UNITS] == [*INSTANCES]


@pytest.mark.parametrize(
    ("unit", "instance"), [(it, instance) for it in UNITS for instance in INSTANCES[it.name]]
)
def test_a_unit_starts_an_existing_command_without_privileges_or_secrets(unit, instance):
    told = settings(unit)
    (line,) = told["Service", "ExecStart"]
    line = line.replace("%i", instance)
    program, command, *options = shlex.split(line)
    assert program == INSTALLED
    assert not unknown_options(command, options)
    assert told["Service", "User"] == ["velocity"]
    assert told["Service", "KillMode"] == ["mixed"]
    assert told["Service", "NoNewPrivileges"] == ["true"]
    assert told["Service", "UMask"] == ["0077"]
    assert told["Service", "ProtectSystem"] == ["strict"]
    assert told["Install", "WantedBy"] == ["multi-user.target"]
    assert not re.search(r"(KEY|SECRET|TOKEN)\w*=", unit.read_text(encoding="utf-8"))


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_accepts_each_unit_without_warnings(unit, tmp_path, tell):
    systemd = shutil.which("systemd-analyze")
    if systemd is None:
        # Without systemd, the other tests must be enough.
        tell(f"{unit.name}: not verified, there is no systemd-analyze here")
        return
    # The program does not have to be installed where the unit is verified.
    here = tmp_path / unit.name.replace("@", f"@{INSTANCES[unit.name][0]}")
    here.write_text(unit.read_text(encoding="utf-8").replace(INSTALLED, "/bin/true"))
    done = ran(systemd, "verify", here)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_proxy_leads_to_the_ports_that_the_unit_can_serve(tmp_path, tell):
    text = (ROOT / "deploy" / "haproxy.cfg").read_text(encoding="utf-8")
    assert re.findall(r"server (\w) \S+-127\.0\.0\.1:(\d+)\S+ cookie \1\n", text) == [
        ("a", "8501"),
        ("b", "8502"),
    ]
    haproxy = shutil.which("haproxy")
    if haproxy is None:
        tell("haproxy.cfg: not verified, there is no haproxy here")
        return
    here = tmp_path / "haproxy.cfg"
    here.write_text(text.replace(" ssl crt /etc/haproxy/velocity.pem", ""), encoding="utf-8")
    done = ran(haproxy, "-c", "-f", here)
    assert done.returncode == 0, done.stdout + done.stderr


def test_systemd_reports_a_mistake(tmp_path, tell):
    systemd = shutil.which("systemd-analyze")
    if systemd is None:
        tell("no systemd-analyze here")
        return
    here = tmp_path / "velocity-wrong.service"
    here.write_text("[Service]\nExecStart=/bin/true\nKillMood=mixed\n")
    done = ran(systemd, "verify", here)
    assert "KillMood" in done.stderr
