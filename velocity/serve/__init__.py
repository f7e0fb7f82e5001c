"""Serves app.py: the server, the checks in front of the pages, and what is logged."""

import os

# A provider's tokens fill cookies of several kilobytes, and pages would not open: websockets reads
# lines of 8192 bytes unless this is set before it is imported.
os.environ.setdefault("WEBSOCKETS_MAX_LINE_LENGTH", "32768")
