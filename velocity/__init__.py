"""Research velocity from Weights & Biases runs: throughput, parallelism and feedback loops."""

__version__ = "0.1.0"
