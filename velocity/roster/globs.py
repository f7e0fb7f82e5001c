"""How globs relate: whether one covers another, and whether two have a match in common."""

import re
from fnmatch import fnmatchcase
from functools import cache

_WILD = re.compile(r"[*?]")
_LONGEST_PAIR = 300  # characters of two globs that are compared, one step of recursion for each


def covers(wide: str, narrow: str) -> bool:
    """Returns whether glob `wide` matches everything that `narrow` does; False if unsure."""
    # A `*` matches any text, wildcards included, so `narrow` can be matched as if it were text,
    # unless other characters in the two globs are special.
    return wide == narrow or (
        not set("?[]") & set(wide) and "[" not in narrow and fnmatchcase(narrow, wide)
    )


def meet(one: str, other: str) -> bool:
    """Returns whether some text matches both globs; False if unsure."""
    begin, other_begin = (_WILD.split(it, maxsplit=1)[0] for it in (one, other))
    alike = begin.startswith(other_begin) or other_begin.startswith(begin)
    # Most pairs already begin differently.
    if not alike or "[" in one or "[" in other or len(one) + len(other) > _LONGEST_PAIR:
        return False

    @cache
    def rest_meets(at: int, other_at: int) -> bool:
        sign, other_sign = one[at : at + 1], other[other_at : other_at + 1]
        if sign == "*":
            goes_on = bool(other_sign) and rest_meets(at, other_at + 1)
            return goes_on or rest_meets(at + 1, other_at)
        if other_sign == "*":
            return rest_meets(at, other_at + 1) or (bool(sign) and rest_meets(at + 1, other_at))
        if not (sign and other_sign):
            return sign == other_sign
        same = sign == other_sign or "?" in {sign, other_sign}
        return same and rest_meets(at + 1, other_at + 1)

    return rest_meets(0, 0)
