"""The command line. Importing it loads neither Streamlit nor W&B: commands import what they use."""

from velocity.cli.application import main

__all__ = ["main"]
