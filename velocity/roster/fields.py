"""The kinds of values in roster.toml: ids, addresses, globs, days and amounts."""

import re
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from velocity.settings import Number
from velocity.toml import like, must

_ADDRESS = re.compile(r"[!-?A-~]+@[!-?A-~]+")  # printable ASCII around one "@"
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]"
#: An earlier year is a typing error, and the burn-down begins with the first grant.
_FIRST_GRANT = date(2000, 1, 1)
#: A later day is a typing error, and its rate or grant would never count.
_LAST_CREDITS = date(2099, 12, 31)
#: The days of the week, Monday first, as the roster names them.
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
#: A larger amount is a typing error, and sums of it could overflow.
MOST_CREDITS = 1e12


class Entry(BaseModel):
    """A table of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def folded_address(text: str) -> str | None:
    """Returns an e-mail address in small letters; None if it is not an address in ASCII.

    Beyond ASCII, letters that look or fold alike belong to different addresses: the Kelvin sign
    becomes "k" in small letters.
    """
    return text.lower() if _ADDRESS.fullmatch(text) else None


Id = Annotated[
    str,
    like(
        r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", "1 to 64 letters, digits, dots, dashes or underscores"
    ),
]
Email = Annotated[
    str,
    must(folded_address, "an address in plain ASCII, such as name@example.org"),
    AfterValidator(str.lower),
]
ProjectGlob = Annotated[
    str, like(r"[^/]+/[^/]+", 'ENTITY/PROJECT, where * matches any text, such as "team/vision-*"')
]
Awake = Annotated[
    str, like(rf"{_CLOCK}-({_CLOCK}|24:00)", 'two times of day, such as "09:00-21:00"')
]
Text = Annotated[str, Field(min_length=1)]
Flag = Annotated[bool, Field(strict=True)]
Day = Annotated[date, Field(strict=True)]
RateDay = Annotated[Day, must(lambda day: day <= _LAST_CREDITS, f"a day up to {_LAST_CREDITS}")]
GrantDay = Annotated[
    Day,
    must(
        lambda day: _FIRST_GRANT <= day <= _LAST_CREDITS,
        f"a day from {_FIRST_GRANT} to {_LAST_CREDITS}",
    ),
]
_Weekday = Annotated[
    str, must(WEEKDAYS.__contains__, f"one of {', '.join(WEEKDAYS[:-1])} or {WEEKDAYS[-1]}")
]
Weekdays = Annotated[tuple[_Weekday, ...], must(len, "at least one day of the week")]
Amount = Annotated[Number, Field(ge=0, le=MOST_CREDITS)]
