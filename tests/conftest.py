"""Fixtures for every test, and the rules of a run: profiles, skips, order, browser."""

import gc
import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import chain, zip_longest
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests import stores

ROOT = Path(__file__).resolve().parent.parent
SHARED_DATA = ROOT.parent / "shared" / "data"
NO_SHARED_DATA = "../shared/data is not here"
IN_CI = bool(os.environ.get("CI"))
_TOLD = "told"

# Tests are never timed, because a busy machine is not a failure: no deadlines or speed checks.
settings.register_profile("dev", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", settings.get_profile("dev"), max_examples=20)
settings.register_profile("ci", settings.get_profile("dev"), derandomize=True, database=None)
settings.load_profile("ci" if IN_CI else "dev")

# Tests must not see the key or the store of the person who runs them.
for _name in [name for name in os.environ if name.startswith(("WANDB_", "VELOCITY_"))]:
    del os.environ[_name]


def pytest_collectstart() -> None:
    gc.disable()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
    _sample(items)
    items[:] = [item for file in _in_order(items) for item in file]
    # What is imported and collected stays, so it is not searched for garbage again and again.
    gc.freeze()
    gc.enable()


def _sample(items: list[pytest.Item]) -> None:
    """Mark what is not in the sample of a file with the mark "sampled" as thorough.

    Cases follow one another, so one in several is an example of each long list of them.
    """
    seen: dict[Path, int] = defaultdict(int)
    for item in items:
        sampled = item.get_closest_marker("sampled")
        if sampled and not item.get_closest_marker("thorough"):
            if seen[item.path] % sampled.args[0]:
                item.add_marker("thorough")
            seen[item.path] += 1


def _in_order(items: list[pytest.Item]) -> list[list[pytest.Item]]:
    """The tests of each file: files that wait and files that compute by turns, then short ones.

    Workers that wait for a process or a browser at the same time would leave the cores idle, and
    the run would have to wait for a long file that starts last.
    """
    files: dict[Path, list[pytest.Item]] = defaultdict(list)
    for item in items:
        files[item.path].append(item)

    def with_any(*marks: str) -> set[Path]:
        return {item.path for item in items if any(map(item.get_closest_marker, marks))}

    waiting = with_any("fault", "browser")
    computing = with_any("thorough") - waiting
    wait, compute, rest = (
        [tests for file, tests in files.items() if file in kind]
        for kind in (waiting, computing, files.keys() - waiting - computing)
    )
    return [*chain.from_iterable(zip_longest(wait, compute, fillvalue=[])), *rest]


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Iterator[None]:
    """In CI a skip is a failure: a test that never runs there protects nothing."""
    report = yield
    skipped = report.skipped and not hasattr(report, "wasxfail")
    if IN_CI and skipped and "../shared/data" not in str(report.longrepr):
        report.outcome = "failed"
        report.longrepr = f"skipped, which fails in CI: {report.longrepr}"
    return report


pytest_make_collect_report = pytest_runtest_makereport


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Print a line at the end of the whole run, from any of its processes."""
    return lambda line: record_property(_TOLD, line)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    lines = [
        str(line)
        for report in chain.from_iterable(terminalreporter.stats.values())
        if isinstance(report, pytest.TestReport) and report.when == "call"
        for name, line in report.user_properties
        if name == _TOLD
    ]
    if lines:
        terminalreporter.section("told by tests")
        terminalreporter.write_line("\n".join(lines))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of the real run tables and their expected figures."""
    if not SHARED_DATA.is_dir():
        pytest.skip(NO_SHARED_DATA)
    return SHARED_DATA


@pytest.fixture(scope="session", autouse=True)
def _stores_of_the_run(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Let every process of the run find the same stores."""
    folder = tmp_path_factory.getbasetemp()
    stores.keep_in(folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder)


@pytest.fixture(scope="session")
def demo_data() -> Path:
    """The data folder of the demo, filled by its own sync; read-only."""
    return stores.built(_demo)


def _demo(folder: Path) -> None:
    from tests.cohort_truth import ANCHOR  # noqa: PLC0415 - most tests do without it
    from velocity.demo.launch import prepare_demo  # noqa: PLC0415 - as above

    prepare_demo(folder, ANCHOR, on_progress=lambda _: None)


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium: the installed one, else Playwright's own."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - quick runs do without it

    from scripts.browsing import launch_browser  # noqa: PLC0415 - as above

    with sync_playwright() as playwright:
        chromium = launch_browser(playwright)
        yield chromium
        chromium.close()
