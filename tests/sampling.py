"""Cases of a test of which `make quick` takes some and `make test` all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Iterable


def one_in(step: int, cases: Iterable[Any]) -> list[Any]:
    """The cases, of which all but the first of every `step` are marked as thorough."""
    return [
        case
        if number % step == 0
        else pytest.param(
            *(case if isinstance(case, tuple) else (case,)), marks=pytest.mark.thorough
        )
        for number, case in enumerate(cases)
    ]


def drawn(examples: int) -> settings:
    """So many examples of a property of which each takes long; in `make quick` a quarter."""
    is_quick = settings.get_current_profile_name() == "quick"
    return settings(max_examples=examples // 4 if is_quick else examples)
