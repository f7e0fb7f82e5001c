"""Reads of a snapshot in the scope of a viewer, their frames for charts, and what figures mean."""
