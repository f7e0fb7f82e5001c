"""How a page declares itself: one `PAGE` per file of `velocity/pages/`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Callable

    from velocity.reading.access import Viewer
    from velocity.reading.periods import Period

Role = Literal["lead", "group lead", "mentor", "research manager", "scholar"]
#: The choice of all streams, and that of the scholars of a research manager. An id has no space.
ALL_STREAMS, YOUR_SCHOLARS = "all", "Your scholars"
EVERYONE: tuple[Role, ...] = get_args(Role)


@dataclass(frozen=True)
class Page:
    """A page of the app.

    Args:
        name: of its file; its path has dashes for the underscores.
        title: in the navigation and on the page.
        choices: the choices above it: "period", "scholar", "streams"; None for a page without data.
        roles: whose navigation lists it. A "lead" sees everybody, a "group lead" groups only. This
            is a courtesy: queries decide what a page can show.
        draw: draws it; `current_view` gives its data.
        place: in the navigation, from left to right. The first listed page opens by default.
        section: menu in which it is listed; "" for none.
        opens: the period that it covers until one is chosen.
    """

    name: str
    title: str
    choices: tuple[str, ...] | None
    roles: tuple[Role, ...]
    draw: Callable[[], None]
    place: int
    section: Literal["", "Evidence"] = ""
    opens: Period = "This week"

    @property
    def path(self) -> str:
        """Of its address."""
        return self.name.replace("_", "-")

    def is_for(self, viewer: Viewer) -> bool:
        """Whether the viewer's navigation lists it."""
        if viewer.scope.everything:
            return "lead" in self.roles
        leads = {"group lead"} if viewer.scope.fixed_groups else set()
        return not (leads | (viewer.roles - {"lead"})).isdisjoint(self.roles)
