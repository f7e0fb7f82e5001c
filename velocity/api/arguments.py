"""Checks the arguments of a read; a wrong one is an error that says what to give instead."""

from datetime import date, datetime
from typing import Any, TypeVar, get_args

from velocity.errors import VelocityError
from velocity.formats import did_you_mean, label
from velocity.reading import reads
from velocity.store.snapshot import Snapshot

#: A local day, or a text such as "2026-01-05".
Day = date | str

_Choice = TypeVar("_Choice", bound=str)


def one_of(name: str, value: _Choice, choices: Any) -> _Choice:
    """Return the value if it is one of a Literal's.

    Raises:
        VelocityError: it is not.
    """
    known = get_args(choices)
    if value in known:
        return value
    listed = ", ".join(f'"{it}"' for it in known)
    raise VelocityError(
        f"{name} cannot be {value!r}.", did_you_mean(str(value), known, otherwise=f"Use {listed}.")
    )


def window(from_day: Day | None, to_day: Day | None) -> dict[str, Any]:
    """Return the days of a window as dates.

    Raises:
        VelocityError: one is not a day, or there is no day in the window.
    """
    first, end = _day("from_day", from_day), _day("to_day", to_day)
    if first is not None and end is not None and first >= end:
        raise VelocityError(
            f"There is no day from {first} to before {end}.", "to_day must be later than from_day."
        )
    return {"from_day": first, "to_day": end}


def _day(name: str, value: Day | None) -> date | None:
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    try:
        return date.fromisoformat(value)  # type: ignore[arg-type] # of other types, a TypeError
    except (TypeError, ValueError) as error:
        raise VelocityError(
            f"{name} cannot be {value!r}.", 'Use a date, or a text such as "2026-01-05".'
        ) from error


def check_scholar(snapshot: Snapshot, scholar: str) -> None:
    """Check that a scholar exists.

    Raises:
        VelocityError: there is no such scholar.
    """
    known = reads.scholars(snapshot)["scholar"].to_list()
    if scholar in known:
        return
    asked = label(str(scholar))
    if scholar in reads.unattributed(snapshot)["username"].to_list():
        raise VelocityError(
            f"'{asked}' is a W&B user who is not in the roster.",
            "Add the user to the roster (`velocity roster suggest` writes the entry) and sync.",
        )
    raise VelocityError(
        f"There is no scholar '{asked}'.",
        did_you_mean(str(scholar), known, otherwise="`velocity metrics` lists every scholar."),
    )
