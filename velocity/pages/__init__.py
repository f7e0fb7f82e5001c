"""One file per page. Each declares itself as `PAGE`; nothing else lists the pages."""

from importlib import import_module
from pkgutil import iter_modules

from velocity.ui.page import Page

_FOUND = (import_module(f"{__name__}.{it.name}").PAGE for it in iter_modules(__path__))
#: In the order of the navigation.
PAGES: tuple[Page, ...] = tuple(sorted(_FOUND, key=lambda page: page.place))
