"""The conventions of all figures, from conventions.md, for the Definitions page and the docs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from velocity.settings import Experiments

_TEXT = Path(__file__).with_suffix(".md")


def conventions(experiments: Experiments) -> dict[str, str]:
    """Returns title -> Markdown, with the values of the settings."""
    text = _TEXT.read_text(encoding="utf-8").format(
        stale=_written(experiments.stale_after_minutes, "minute"),
        together=_written(experiments.together_minutes, "minute"),
        script=_written(experiments.script_gap_seconds, "second"),
    )
    parts = re.split(r"^## (.+)\n\n", text, flags=re.MULTILINE)[1:]
    pairs = zip(parts[::2], parts[1::2], strict=True)
    return {title: f"{rules.rstrip()}\n" for title, rules in pairs}


def _written(value: float, unit: str) -> str:
    """Returns a setting to the last digit."""
    return f"{value:.15g} {unit}" + ("" if value == 1 else "s")
