"""The log of a watch: a line an event, as key=value."""

from __future__ import annotations

import json
import os
import re
import resource
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from velocity.redaction import redacted

_PLAIN = re.compile(r"[A-Za-z0-9_./:*+-]+")
_MIB = 2**20


class Log:
    """Writes lines to an open file.

    Args:
        descriptor: of the file. Two processes may write to one: a line is written in one piece.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def tell(
        self, level: Literal["info", "warning", "error"], event: str, **fields: object
    ) -> None:
        """Writes an event with the time and the memory of this process.

        A log that cannot be written (a full disk, a closed pipe) is no reason to stop.
        """
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        whole = {"ts": now, "level": level, "event": event, **fields, "rss_mib": resident_mib()}
        line = " ".join(f"{name}={_written(value)}" for name, value in whole.items())
        with suppress(OSError):
            os.write(self._descriptor, f"{line}\n".encode())


def resident_mib() -> float:
    """Memory of this process in MiB; where the system does not tell, the most it ever had."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
        size = int(pages) * os.sysconf("SC_PAGESIZE")
    except OSError:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        size = most if sys.platform == "darwin" else most * 1024
    return round(size / _MIB, 1)


def _written(value: object) -> str:
    """A value that cannot be taken for another field, another line or a terminal's command."""
    text = redacted(value) if isinstance(value, str) else str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text)
