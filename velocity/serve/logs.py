"""Keeps untrusted text out of logs: exception messages, addresses and queries."""

import logging
import sys
from collections.abc import Mapping
from typing import Any

from velocity.cleaning import escaped, redacted, where

_OURS = "velocity."
_TEXT = "(text)"


def keep_logs_quiet() -> None:
    """Makes every log record of this process safe to keep, including those of libraries."""
    make = logging.getLogRecordFactory()

    def safe(*arguments: object, **more: object) -> logging.LogRecord:
        record = make(*arguments, **more)
        if not record.name.startswith(_OURS):
            # A library may log text from a request, such as error_description.
            record.args = _without_texts(record.args)
        try:
            text = record.getMessage()
        except (TypeError, ValueError):  # the format expected something other than text
            text = str(record.msg)
        record.msg, record.args = escaped(redacted(text)), ()
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


def _without_texts(arguments: Any) -> Any:
    """Returns the arguments of a log message; only numbers are kept."""
    if isinstance(arguments, Mapping):
        return {name: _without_text(value) for name, value in arguments.items()}
    return tuple(_without_text(value) for value in arguments or ())


def _without_text(value: object) -> object:
    return value if isinstance(value, int | float) else _TEXT
