"""What is logged: never an exception's text, an address or a query, which hold people's words."""

from __future__ import annotations

import logging
import sys

from velocity.redaction import redacted, where


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
