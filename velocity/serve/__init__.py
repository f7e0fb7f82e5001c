"""Serves app.py: the server, what stands in front of the pages, and what is logged."""

from velocity.serve.server import check_address, check_port, serve

__all__ = ["check_address", "check_port", "serve"]
