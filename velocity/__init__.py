"""Research velocity from Weights & Biases runs: throughput, parallelism and feedback loops."""

import zoneinfo
from importlib.metadata import PackageNotFoundError, version

# Time zones are those of the package tzdata, not of the machine: figures must not depend on it.
zoneinfo.reset_tzpath(())
zoneinfo.ZoneInfo.clear_cache()

try:
    __version__ = version("research-velocity")
except PackageNotFoundError:  # a clone that was never installed
    __version__ = "0+unknown"
