"""Sends the digest to a Slack-compatible webhook: retried, and never twice by mistake.

The address is a secret: it comes from the environment and appears in no message.
"""

from __future__ import annotations

import fcntl
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import requests

from velocity import state
from velocity.errors import ConfigurationError, RetryLaterError, SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

WEBHOOK = "VELOCITY_WEBHOOK_URL"
_ATTEMPTS = 5
_TIMEOUT_S = 10
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
        Whether it was posted now.

    Raises:
        VelocityError: there is no usable address, or the webhook did not take it.
    """
    if url is None or urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
        raise ConfigurationError(
            f"{WEBHOOK} holds no webhook address, so nothing was posted.",
            "Set it in the environment to the address that Slack gave; it is kept nowhere.",
        )
    with _alone(data):
        if not again and state.was_posted(data, week, stream):
            return False
        _send(url, text, sleep)
        state.record_posted(data, week, stream)
    return True


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
            answer = requests.post(
                url, json={"text": text}, timeout=_TIMEOUT_S, allow_redirects=False
            )
        except (requests.ConnectionError, requests.Timeout):
            said = "it cannot be reached"
        except requests.RequestException:
            # The exception's own words hold the address.
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


def _asked(seconds: str, otherwise: float) -> float:
    """Seconds of a Retry-After header; Slack sends no dates."""
    return float(seconds) if seconds.isascii() and seconds.isdigit() else otherwise
