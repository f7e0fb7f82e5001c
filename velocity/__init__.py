"""Research velocity from Weights & Biases runs: throughput, parallelism and feedback loops."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("research-velocity")
except PackageNotFoundError:  # a clone that was never installed
    __version__ = "0+unknown"
