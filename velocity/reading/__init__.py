"""Reads of a snapshot, in the scope of a viewer, and what the figures mean."""
