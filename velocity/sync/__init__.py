"""Brings runs in: pull, merge, derive, publish."""
