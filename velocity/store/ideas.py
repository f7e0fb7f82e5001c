"""Regular expressions (RE2, for DuckDB) for config keys that do not describe the idea of a run.

They match the paths of `record.config_paths`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

#: The previous version left out names that contain one of these.
_LEFT_OUT = "[^/]*(?:token|secret|password|key|email)[^/]*"
_NEVER = r"^()\z."
_ESCAPES = {"~": "~0", "/": "~1"}
_CLASS = re.compile(r"\[(!?)(\]?[^\]]*)\]")


def ignored_key(globs: Sequence[str], *, earlier: bool = False) -> str:
    """Match a path with an ignored name; the group is the path before the first such name.

    Args:
        globs: of the last dotted part of names; case is ignored.
        earlier: whether to ignore what the previous version left out, too.
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
