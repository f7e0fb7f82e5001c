"""The commands whose outputs are compared, by the names of the outputs."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Commands = dict[str, list[str]]

_GROUPS = ("scholar", "stream", "programme")
_PERIODS = ("all", "month", "week", "day")
_OTHERS = ("line", "experiment", "result")
_LISTS = ("runs", "experiments", "loops")
_EXPLAINED = ("table", "json")
_PAGES = ("md", "html")
_FORMATS = ("table", "csv", "json", "parquet")

#: Read first: its rows decide which scholars and weeks are chosen.
WEEKS: Commands = {"weeks": ["metrics", "--period", "week", "--format", "json"]}


def commands(
    weeks: Sequence[Mapping[str, Any]], metrics: Sequence[str], *, thorough: bool
) -> Commands:
    """Return every command for one store.

    Args:
        weeks: rows of `WEEKS`.
        metrics: ids that `explain` knows.
        thorough: whether to use every format, and to explain for several scholars and weeks.
    """
    days = sorted({str(row["period_start"]) for row in weeks})
    window = ["--from", days[len(days) // 3], "--to", days[-1]] if len(days) > 1 else []
    formats = _FORMATS if thorough else ("json",)
    found: Commands = {}
    for name, words in (*_figures(window), *_rows(weeks, window)):
        found |= {f"{name}.{form}": [*words, "--format", form] for form in formats}
    for week in ("", *days[len(days) // 2 : len(days) // 2 + 1]):
        words = ["report", *(["--week", _iso_week(week)] if week else [])]
        found |= {f"report/{week or 'latest'}.{it}": [*words, "--format", it] for it in _PAGES}
    for scholar, of in _chosen(weeks)[: None if thorough else 1]:
        for metric in metrics:
            words = ["explain", "--metric", metric, "--scholar", scholar]
            words += ["--week", of] if of else []
            name = f"explain/{metric}/{scholar}.{of or 'all'}"
            found |= {
                f"{name}.{form}": [*words, "--format", form]
                for form in formats
                if form in _EXPLAINED
            }
    return found


def _figures(window: list[str]) -> Iterator[tuple[str, list[str]]]:
    for by in _GROUPS:
        for period in _PERIODS:
            yield f"metrics/{by}.{period}", ["metrics", "--by", by, "--period", period]
    for by in _OTHERS:
        yield f"metrics/{by}", ["metrics", "--by", by]
    if window:
        for by in (*_GROUPS, "line"):
            yield f"metrics/{by}.window", ["metrics", "--by", by, *window]


def _rows(weeks: Sequence[Mapping[str, Any]], window: list[str]) -> Iterator[tuple[str, list[str]]]:
    for rows in _LISTS:
        yield rows, [rows]
        for scholar, _ in _chosen(weeks)[:1]:
            yield f"{rows}/window", [rows, "--scholar", scholar, *window]


def _chosen(weeks: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Return (scholar, "" or a Monday) pairs: the busiest, a middle and the idlest."""
    runs: dict[str, dict[str, int]] = {}
    for row in weeks:
        runs.setdefault(row["scholar"], {})[str(row["period_start"])] = row["runs_started"]
    ranked = sorted(runs, key=lambda it: (-sum(runs[it].values()), it))
    if not ranked:
        return []
    busiest, middle, idlest = ranked[0], ranked[len(ranked) // 2], ranked[-1]
    of_busiest = max(runs[busiest], key=lambda week: (runs[busiest][week], week))
    of_middle = max(runs[middle], key=lambda week: (runs[middle][week], week))
    return [(busiest, ""), (middle, of_middle), (busiest, of_busiest), (idlest, "")]


def _iso_week(monday: str) -> str:
    year, week, _ = date.fromisoformat(monday).isocalendar()
    return f"{year}-W{week:02}"
