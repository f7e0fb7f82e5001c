"""Frames of `velocity.reads` in the shape that charts and tables take; nothing is computed here."""
