"""Research velocity from Weights & Biases runs: throughput, parallelism and feedback loops."""

import zoneinfo

__version__ = "0.1.0"

# Time zones are those of the package tzdata, not of the machine: figures must not depend on it.
zoneinfo.reset_tzpath(())
zoneinfo.ZoneInfo.clear_cache()
