"""Pages of the app over a small store, run without a browser."""

from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.navigation.page import calc_hash
from streamlit.testing.v1 import AppTest

from scripts.waiting import PATIENCE_S
from tests.builders import at, run, store_of
from tests.conftest import ROOT
from velocity.roster.models import load_roster

# Otherwise each test of a page reads the metadata of every installed package, for most of its time.
manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)

#: Text that Markdown, HTML or a spreadsheet would interpret.
HOSTILE = "<img src=x onerror=alert(1)>![x](http://evil.example/a.png) **b** $x$ :red[hi]"
#: Reverses the direction of the text after it.
BIDI = "\u202e"
AS_OF = "2026-03-16 06:00"
_ROSTER = """
[[scholars]]
id = "ada"
name = "Ada"
usernames = ["ada"]

[[streams]]
id = "slow"
name = "[Slow](http://evil.example) **stream**"
projects = ["e/slow*"]

[[streams]]
id = "even"
name = "Even"
projects = ["e/even*"]
"""


def ten_weeks(data: Path) -> None:
    """Two streams of one scholar, equal for nine weeks; in the tenth one reacts late.

    Its last result waits for more than a day.
    """
    rows = []
    for day in range(70):
        for stream in ("slow", "even"):
            late = stream == "slow" and day >= 63
            for place in range(2 if late else 4):
                start = at("09:00") + timedelta(days=day, hours=(8 if late else 3) * place)
                # A little variation, so that there is a usual range.
                end = start + timedelta(hours=1, minutes=day % 7)
                state = "failed" if place == 1 and day % 3 == 0 else "finished"
                names = {"project": f"{stream}{BIDI} {HOSTILE}", "display_name": HOSTILE}
                rows.append(run(f"{stream}{day}-{place}", start, end, state=state, **names))
    waits = [row for row in rows if not row["run_id"].startswith("slow69")]
    roster = data / "roster.toml"
    roster.write_text(_ROSTER, encoding="utf-8")
    store_of(waits, AS_OF, data=data, roster=load_roster(roster))


def open_page(
    page: str,
    data: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    warned: bool = False,
    **query: str | list[str],
) -> AppTest:
    """Return a page, such as "my_velocity", after its first run; `query` is that of its address."""
    monkeypatch.setenv("VELOCITY_DATA", str(data))
    monkeypatch.setenv("VELOCITY_CONFIG", str(data / "velocity.toml"))
    test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE_S)
    for name, value in query.items():
        test.query_params[name] = value
    test._page_hash = calc_hash(page.replace("_", "-"))
    test.run()
    assert not test.exception
    assert warned or not (told := [warning.value for warning in test.warning]), told
    return test


def words(test: AppTest) -> str:
    """All text of the page's Markdown, captions and headings."""
    parts = [*test.title, *test.header, *test.markdown, *test.caption]
    return "\n".join(part.value for part in parts).replace("\u00a0", " ")
