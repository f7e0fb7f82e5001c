"""Sends the digest to a Slack-compatible webhook, with retries and never twice by mistake.

A post is recorded before it is sent. The record is removed only if the webhook certainly did not
accept it, so a post that was killed, or whose response was lost, counts as posted. People notice a
missing digest; a second one annoys everybody.

The address is a secret: it comes from the environment and does not appear in any message.
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
_TIMEOUTS_S = (10, 30)  # to connect, to respond
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
        data: the data folder, which holds the record of posts.
        url: address of the webhook.
        text: the digest in Slack's markup.
        week: ISO week of the digest.
        stream: id of its stream; None means the programme.
        again: post it even if it was posted before.
        sleep: waits between attempts, in seconds.

    Returns:
        Whether it was posted now; False if it was, or may have been, posted before.

    Raises:
        VelocityError: the address is not usable, the webhook did not accept the digest, or its
            response was lost.
    """
    if url is None or urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
        raise ConfigurationError(
            f"{WEBHOOK} is not the address of a webhook, so nothing was posted.",
            "Set it in the environment to the address from Slack; it is not stored.",
        )
    with _alone(data):
        first = state.record_posted(data, week, stream)
        if not (first or again):
            return False
        try:
            _send(url, text, sleep)
        except _AnswerLostError:
            raise
        except VelocityError:
            if first:
                state.forget_posted(data, week, stream)
            raise
    return True


class _AnswerLostError(SourceError):
    """The webhook may have accepted the digest."""


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    """Makes a second post wait for the first, so that it sees the record."""
    with (data / "post.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _send(url: str, text: str, sleep: Callable[[float], None]) -> None:
    problem = ""
    for attempt in range(_ATTEMPTS):
        wait = 2.0**attempt
        try:
            # Only the status matters: a body could be endless.
            with requests.post(
                url, json={"text": text}, timeout=_TIMEOUTS_S, allow_redirects=False, stream=True
            ) as answer:
                pass
        except (requests.ConnectionError, requests.Timeout) as error:
            if not _never_connected(error):
                # The exception's own text holds the address.
                raise _AnswerLostError(
                    "The webhook did not respond, so the digest may or may not have been posted.",
                    "Check the channel. It counts as posted; --again sends it once more.",
                ) from None
            problem = "it cannot be reached"
        except requests.RequestException:
            raise ConfigurationError(
                f"{WEBHOOK} cannot be used as an address, so nothing was posted.",
                "Set it to the address from Slack.",
            ) from None  # as above
        else:
            if answer.status_code in _OK:
                return
            problem = f"it returned HTTP {answer.status_code}"
            if answer.status_code != requests.codes.too_many and answer.status_code < 500:  # noqa: PLR2004
                raise SourceError(
                    f"The webhook did not accept the digest: {problem}.",
                    f"Check the address in {WEBHOOK}; the digest does not count as posted.",
                )
            wait = _asked(answer.headers.get("Retry-After", ""), wait)
        if attempt + 1 < _ATTEMPTS:
            sleep(min(wait, _LONGEST_WAIT_S))
    raise RetryLaterError(
        f"The webhook did not accept the digest in {_ATTEMPTS} attempts: {problem}.",
        "Try again later; the digest does not count as posted.",
    )


def _never_connected(error: requests.RequestException) -> bool:
    """Returns whether the request certainly did not reach the webhook."""
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return isinstance(error, requests.ConnectTimeout | requests.exceptions.SSLError) or isinstance(
        reason, NewConnectionError
    )


def _asked(seconds: str, otherwise: float) -> float:
    """Returns the seconds of a Retry-After header; Slack sends no dates."""
    return float(seconds) if seconds.isascii() and seconds.isdigit() else otherwise
