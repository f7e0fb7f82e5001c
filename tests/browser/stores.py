"""Stores unlike the demo: without data, with one run, with malicious names."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from tests.builders import at, one_run, run, store_of
from velocity.roster.models import load_roster

#: Malicious or accidental names of runs and people.
HOSTILE_NAMES = (
    "<script>window.harmed = true</script>",
    "![x](https://evil.example/beacon.png)",
    "**bold** :red[red] $\\frac{a}{b}$ [link](javascript:window.harmed=true)",
    "🦜 seeds 🌱 \u202egnp.exe",
    "n" * 300,
    '=HYPERLINK("https://evil.example")',
)
_LONG_NOTE = "<img src=x onerror=window.harmed=true> " * 260
_LAST = "2026-01-12 20:00"

_ROSTER = """
[[scholars]]
id = "ada"
name = '<b>Ada</b> ![x](https://evil.example/a.png) :red[*A*]'
usernames = ["ada"]

[[streams]]
id = "probes"
name = '<script>window.harmed = true</script> $x$ [s](https://evil.example)'
projects = ["e/p"]
members = [{scholar = "ada"}]
"""


def nothing_published(data: Path) -> None:
    """A store without even a first sync."""


def no_runs(data: Path) -> None:
    """A synced store without runs."""
    store_of([], "20:00", data=data)


def hostile_names(data: Path) -> None:
    """A week of runs with malicious texts, some of them failed and one still running."""
    (data / "roster.toml").write_text(_ROSTER, encoding="utf-8")
    rows = []
    for day in range(7):
        for place, name in enumerate(HOSTILE_NAMES):
            start = at("09:00", days=day) + timedelta(hours=1.5 * place)
            own = {"display_name": name, "tags": [name], "gpu_type": name, "gpu_count": 8}
            own |= {"username": ("ada", name)[place % 2], "project": ("p", name)[day % 2]}
            own |= {"group_name": name if place == 0 else None, "notes": _LONG_NOTE}
            own |= {"state": "failed" if place == 1 else "finished"}
            rows.append(run(f"r{day}{place}", start, start + timedelta(minutes=40), **own))
    rows.append(run("open", "2026-01-12 19:30", _LAST, state="running", notes=_LONG_NOTE))
    store_of(rows, _LAST, roster=load_roster(data / "roster.toml"), data=data)


ODD: dict[str, Callable[[Path], None]] = {
    "nothing-published": nothing_published,
    "no-runs": no_runs,
    "one-run": one_run,
    "hostile-names": hostile_names,
}
