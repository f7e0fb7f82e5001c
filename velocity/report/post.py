"""Sends the digest to a Slack-compatible webhook: retried, and never twice by mistake.

It is written down as posted before it is sent, and crossed out again only when it was certainly not
taken. A post that was killed, or whose answer was lost, thus counts as posted: a digest less is
found out by whoever misses it, a digest twice annoys everybody.

The address is a secret: it comes from the environment and appears in no message.
"""

from __future__ import annotations

import fcntl
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import NewConnectionError

from velocity import state
from velocity.errors import ConfigurationError, RetryLaterError, SourceError, VelocityError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

WEBHOOK = "VELOCITY_WEBHOOK_URL"
_ATTEMPTS = 5
#: Of the connection, and of the answer.
_TIMEOUTS_S = (10, 30)
_LONGEST_WAIT_S = 60.0
_OK = range(200, 300)


def post_once(
    data: Path,
    url: str | None,
    text: str,
    *,
    week: str,
    stream: str | None,
    again: bool,
    sleep: Callable[[float], None] = time.sleep,
) -> bool:
    """Posts `text` unless the digest of that week and stream was posted before.

    Args:
        data: the data folder, which remembers what was posted.
        url: of the webhook.
        text: in Slack's marks.
        week: ISO week of the digest.
        stream: whose it is; None: the programme's.
        again: post even so.
        sleep: waits between attempts, in seconds.

    Returns:
        Whether it was posted now; False where it was before, or may have been.

    Raises:
        VelocityError: there is no usable address, the webhook did not take it, or nobody knows.
    """
    if url is None or urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
        raise ConfigurationError(
            f"{WEBHOOK} holds no webhook address, so nothing was posted.",
            "Set it in the environment to the address that Slack gave; it is kept nowhere.",
        )
    with _alone(data):
        first = state.record_posted(data, week, stream)
        if not (first or again):
            return False
        try:
            _send(url, text, sleep)
        except _NobodyKnowsError:
            raise
        except VelocityError:
            if first:
                state.forget_posted(data, week, stream)
            raise
    return True


class _NobodyKnowsError(SourceError):
    """The webhook may have taken it."""


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    """Two posts wait for each other, so that the second sees what the first did."""
    with (data / "post.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _send(url: str, text: str, sleep: Callable[[float], None]) -> None:
    said = ""
    for attempt in range(_ATTEMPTS):
        wait = 2.0**attempt
        try:
            # Its status is enough: a body might have no end.
            with requests.post(
                url, json={"text": text}, timeout=_TIMEOUTS_S, allow_redirects=False, stream=True
            ) as answer:
                pass
        except (requests.ConnectionError, requests.Timeout) as error:
            if not _never_connected(error):
                # The exception's own words hold the address.
                raise _NobodyKnowsError(
                    "The webhook gave no answer, so the digest may have been posted or not.",
                    "Look where it should be. It counts as posted: --again sends it once more.",
                ) from None
            said = "it cannot be reached"
        except requests.RequestException:
            # As above.
            raise ConfigurationError(
                f"{WEBHOOK} cannot be used as an address, so nothing was posted.",
                "Set it to the address that Slack gave.",
            ) from None
        else:
            if answer.status_code in _OK:
                return
            said = f"it answers {answer.status_code}"
            if answer.status_code != requests.codes.too_many and answer.status_code < 500:  # noqa: PLR2004
                raise SourceError(
                    f"The webhook did not take the digest: {said}.",
                    f"Check the address in {WEBHOOK}; nothing is remembered as posted.",
                )
            wait = _asked(answer.headers.get("Retry-After", ""), wait)
        if attempt + 1 < _ATTEMPTS:
            sleep(min(wait, _LONGEST_WAIT_S))
    raise RetryLaterError(
        f"The webhook did not take the digest in {_ATTEMPTS} attempts: {said}.",
        "Try again later; nothing is remembered as posted.",
    )


def _never_connected(error: requests.RequestException) -> bool:
    """Whether the webhook cannot have heard of it."""
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return isinstance(error, requests.ConnectTimeout | requests.exceptions.SSLError) or isinstance(
        reason, NewConnectionError
    )


def _asked(seconds: str, otherwise: float) -> float:
    """Seconds of a Retry-After header; Slack sends no dates."""
    return float(seconds) if seconds.isascii() and seconds.isdigit() else otherwise
