"""Cases of which `make quick` runs some and `make test` runs all."""

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import settings


def one_in(step: int, cases: Iterable[Any]) -> list[Any]:
    """Return the cases; all but the first of every `step` are marked as thorough."""
    return [
        case
        if number % step == 0
        else pytest.param(
            *(case if isinstance(case, tuple) else (case,)), marks=pytest.mark.thorough
        )
        for number, case in enumerate(cases)
    ]


def drawn(examples: int) -> settings:
    """Number of examples for a property with slow examples; a quarter in `make quick`."""
    is_quick = settings.get_current_profile_name() == "quick"
    return settings(max_examples=examples // 4 if is_quick else examples)
