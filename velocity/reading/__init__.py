"""Reads of a snapshot in the scope of a viewer, frames for charts, and definitions of figures."""
