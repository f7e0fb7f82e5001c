"""Frames of `velocity.reading.reads` in the shape that charts and tables take."""
