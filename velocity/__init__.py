"""Research velocity from Weights & Biases runs: throughput, parallelism and feedback loops.

import velocity

with velocity.open("data") as v:
    weeks = v.metrics(by="scholar", period="week")
"""

import zoneinfo
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from velocity.api import Reader, open  # noqa: A004 - `velocity.open`
    from velocity.errors import VelocityError

__version__ = "0.1.0"
__all__ = ["Reader", "VelocityError", "__version__", "open"]

#: Public name -> its module, which is imported when the name is used: commands start in a moment.
_PUBLIC = {"Reader": "api", "open": "api", "VelocityError": "errors"}

# Time zones are those of the package tzdata, not of the machine: figures must not depend on it.
zoneinfo.reset_tzpath(())
zoneinfo.ZoneInfo.clear_cache()


def __getattr__(name: str) -> Any:
    """Return a public name of the package."""
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PUBLIC[name]}"), name)
