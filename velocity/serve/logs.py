"""What is logged: never an exception's text, an address or a query, which hold people's words."""

from __future__ import annotations

import logging
import re
import sys
import traceback
from typing import TYPE_CHECKING

from velocity.formats import without_addresses

if TYPE_CHECKING:
    from types import TracebackType

_QUERY = re.compile(r"\?\S+")


def keep_logs_quiet() -> None:
    """Makes every log record of this process safe to keep, whoever writes it."""
    make = logging.getLogRecordFactory()

    def safe(*arguments: object, **more: object) -> logging.LogRecord:
        record = make(*arguments, **more)
        record.msg, record.args = redacted(record.getMessage()), ()
        if record.exc_info and record.exc_info[0] is not None:
            record.exc_text = where(record.exc_info[0], record.exc_info[2])
            record.exc_info = None
        return record

    logging.setLogRecordFactory(safe)
    access = logging.getLogger("velocity.access")
    access.propagate = False
    access.setLevel(logging.INFO)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    access.addHandler(handler)


def redacted(text: str) -> str:
    """`text` without e-mail addresses and query strings."""
    return _QUERY.sub("?...", without_addresses(text))


def where(kind: type[BaseException], trace: TracebackType | None) -> str:
    """Where an exception came from, without its words: they may quote a run or a person."""
    lines = [
        f"  {frame.filename}:{frame.lineno} in {frame.name}"
        for frame in traceback.extract_tb(trace)
    ]
    return "\n".join([*lines, kind.__qualname__])
