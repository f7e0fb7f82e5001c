"""Which keys of a config say nothing of its idea, as regular expressions over paths.

They are RE2's, which DuckDB reads; the paths are those of `record.config_paths`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Names with one of these in them were left out by the version before.
_LEFT_OUT = "[^/]*(?:token|secret|password|key|email)[^/]*"
_NEVER = r"^()\z."
_ESCAPES = {"~": "~0", "/": "~1"}
_CLASS = re.compile(r"\[(!?)(\]?[^\]]*)\]")


def ignored_key(globs: Sequence[str], *, earlier: bool = False) -> str:
    """Finds the first name of a path that is ignored; its group is the path before that.

    Args:
        globs: over the last dotted part of names; case does not count.
        earlier: what the version before left out is ignored too.
    """
    ways = [f"(?:[^/]*\\.|~2)?(?:{'|'.join(map(_expression, globs))})"] if globs else []
    ways += [_LEFT_OUT] if earlier else []
    return f"(?is)^(.*?)/(?:{'|'.join(ways)})(?:/|$)" if ways else _NEVER


def _expression(glob: str) -> str:
    made, place = "", 0
    while place < len(glob):
        found = _CLASS.match(glob, place)
        character = glob[place]
        place = found.end() if found else place + 1
        if found:
            inner = found[2].replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
            made += f"[{'^/.' if found[1] else ''}{inner}]"
        elif character == "*":
            made += "[^/.]*"
        elif character == "?":
            made += "(?:[^/.~]|~[012])"
        else:
            made += re.escape(_ESCAPES.get(character, character))
    return made
