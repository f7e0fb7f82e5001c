"""The command line. Importing it loads neither Streamlit nor W&B: commands import what they use.

Modules with commands do without `from __future__ import annotations`: Typer reads the types of the
options at run time.
"""

from velocity.cli.application import main

__all__ = ["main"]
