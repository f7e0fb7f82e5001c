"""Who may see what, as a scope that every read applies in its query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Scope:
    """What one viewer may see: everything, or some scholars whole and some streams' own rows.

    Hashable, so that it can be part of a cache key.
    """

    everything: bool = False
    scholars: tuple[str, ...] = ()
    streams: tuple[str, ...] = ()

    @property
    def params(self) -> dict[str, Any]:
        """The value of the `$scope` parameter (see queries/macros/may_see.sql)."""
        return {
            "everything": self.everything,
            "scholars": list(self.scholars),
            "streams": list(self.streams),
        }


#: The scope of the command line and of `access.mode = "open"`.
EVERYTHING = Scope(everything=True)
