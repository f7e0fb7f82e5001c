"""Rules for the repository as a whole: locks, targets, documents."""

import re
import subprocess
import tomllib
from itertools import chain

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from scripts.layout import GUIDE, drawn, layers
from tests.conftest import ROOT

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = ("requirements.lock", "requirements-dev.lock")
#: Groups of tests in an environment of their own, whose locks are complete by themselves.
ALONE = {
    "extras": ("requirements-extras.lock",),
    "scale": ("requirements-scale.lock", "requirements-scale-dev.lock"),
}
ALL_LOCKS = (*LOCKS, *chain.from_iterable(ALONE.values()))
# In brackets, so that this file does not name what it looks for.
REGISTRY = re.compile(
    r"index[-_]url|extra[-_]index|find[-]links|/simpl[e]/|pythonhoste[d]|://pypi[.]"
)


def _tracked_texts():
    listed = subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True)
    for name in filter(None, listed.split("\0")):
        try:
            yield name, (ROOT / name).read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError):
            continue  # a picture, or deleted and not yet committed


def _requirements():
    groups = [lines for name, lines in PYPROJECT["dependency-groups"].items() if name not in ALONE]
    every = chain(PYPROJECT["project"]["dependencies"], *groups)
    return [Requirement(line) for line in every]


def _requirements_of(group):
    """What a group of tests needs beside the product."""
    extras = PYPROJECT["project"]["optional-dependencies"].items()
    own = [lines for name, lines in extras if (name == "scale") == (group == "scale")]
    return [Requirement(it) for it in chain(*own, PYPROJECT["dependency-groups"][group])]


def _unmet(requirements, pins):
    return [
        str(requirement)
        for requirement in requirements
        if not pins.get(requirement.name)
        or not all(requirement.specifier.contains(v) for v in pins[requirement.name])
    ]


def _pins(lock: str) -> dict[str, set[Version]]:
    pins: dict[str, set[Version]] = {}
    text = (ROOT / lock).read_text()
    for name, version in re.findall(r"^([\w.-]+)==([^\s;]+)", text, re.MULTILINE):
        pins.setdefault(name, set()).add(Version(version))
    return pins


def test_the_guide_shows_the_rooms_of_the_import_contracts_and_few_are_modules():
    guide = GUIDE.read_text(encoding="utf-8")
    assert drawn(guide) == guide, "run `make docs`"
    rooms = {name for layer in layers() for name in layer}
    assert {room for room in rooms if f'["{room}' not in guide} == set()
    assert len(list((ROOT / "velocity").glob("*.py"))) <= 14


def test_no_expression_of_polars_calls_python():
    # `reading.frames.worded` says why.
    texts = {it: it.read_text(encoding="utf-8") for it in (ROOT / "velocity").rglob("*.py")}
    calls = re.compile(r"\.map_(elements|batches|groups)\(")
    calling = {str(path.relative_to(ROOT)) for path, text in texts.items() if calls.search(text)}
    assert calling == set()


def test_no_tracked_file_names_a_package_index():
    naming = {
        f"{name}: {found[0]}" for name, text in _tracked_texts() if (found := REGISTRY.search(text))
    }
    assert naming == set()


@pytest.mark.parametrize("lock", ALL_LOCKS)
def test_every_pin_has_hashes(lock):
    entries = re.split(r"^(?=[\w.-]+==)", (ROOT / lock).read_text(), flags=re.MULTILINE)[1:]
    assert len(entries) > 10
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize("group", [None, *ALONE])
def test_the_locks_of_each_environment_satisfy_every_requirement(group):
    used = [Requirement(line) for line in PYPROJECT["project"]["dependencies"]]
    wanted = [*used, *_requirements_of(group)] if group else _requirements()
    locks = ALONE[group] if group else LOCKS
    pins = {name: versions for lock in locks for name, versions in _pins(lock).items()}
    assert _unmet(wanted, pins) == [], "make lock brings the locks up to date"


@pytest.mark.parametrize("locks", [LOCKS, (LOCKS[0], ALONE["scale"][0]), ALONE["scale"]])
def test_two_locks_agree(locks):
    run, dev = map(_pins, locks)
    assert {name for name in run.keys() & dev.keys() if run[name] != dev[name]} == set()


DEPENDENCIES = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")


def test_deliberately_omitted_packages_are_in_no_lock_and_explained():
    left_out = PYPROJECT["tool"]["uv"]["exclude-dependencies"]
    assert [name for name in left_out for lock in ALL_LOCKS if name in _pins(lock)] == []
    assert [name for name in left_out if f"**{name}**" not in DEPENDENCIES] == []


def test_only_packages_without_a_release_are_pre_releases():
    found = [name for name, pins in _pins(LOCKS[0]).items() if any(it.is_prerelease for it in pins)]
    assert [name for name in found if not name.startswith("opentelemetry-")] == []
    assert len(found) == 3
    assert "Three of them are pre-releases" in DEPENDENCIES


def test_every_dependency_is_justified():
    documented = re.findall(r"^\| ([a-z][\w-]*)\b", DEPENDENCIES, re.MULTILINE)
    alone = (it for group in ALONE for it in _requirements_of(group))
    requirements = {it.name for it in (*_requirements(), *alone)}
    assert sorted(documented) == sorted(requirements)


@pytest.mark.parametrize(
    "header", ["| promise | held to by |\n|---|---|\n", "| test |\n|---|---|---|---|\n"]
)
def test_every_promise_and_attack_of_security_names_existing_tests(header):
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    rows = text.partition(header)[2].partition("\n\n")[0].splitlines()
    assert len(rows) > 10
    for row in rows:
        named = re.findall(r"`([\w/]+\.py)::(test_\w+)`", row)
        assert named, f"no test holds it: {row}"
        for file, test in named:
            source = (ROOT / "tests" / file).read_text(encoding="utf-8")
            assert f"def {test}(" in source, f"{file} has no {test}"


def test_every_make_target_is_explained_by_make_help():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony
    public = {name for name in phony[1].split() if not name.endswith("-env")}
    command = ["make", "--no-print-directory", "help"]
    helped = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    assert helped.stderr == "", "two recipes for one target"
    assert set(re.findall(r"make ([\w-]+) +\S", helped.stdout)) == public
    assert set(re.findall(r"^([a-z][\w-]*):", makefile, re.MULTILINE)) == set(phony[1].split())
