"""Why W&B could not be read: one sentence and one cure for each cause.

The client gives one and the same failure for an overloaded, a broken, a slow and an absent server.
So after a failure one plain request of our own asks the server who we are, and its fate names the
cause.
"""

from __future__ import annotations

import ssl
from http import HTTPStatus
from textwrap import shorten
from typing import TYPE_CHECKING

import requests

from velocity.errors import (
    ConfigurationError,
    RetryLaterError,
    SourceError,
    UnansweredError,
)
from velocity.redaction import without_addresses
from velocity.sources import wandb_plain

if TYPE_CHECKING:
    from velocity.sources.wandb_client import Address, ClientError

_PROBE = "query Viewer { viewer { username } }"
_LONGEST_QUOTE = 200  # characters: some servers answer with pages

_CHECK_URL = "Check WANDB_BASE_URL, and that the server is up and reachable from here."
_WAIT = "Nothing is lost: sync again in a few minutes."
_TOO_MUCH = ("too large", "too big", "timeout", "timed out", "deadline exceeded")
_WEB_PAGE = "invalid character '<'"
_BROKEN_ANSWERS = ("EOF", "connection reset", "invalid character", "unexpected end of JSON")


def explain(error: ClientError, what: str, address: Address) -> SourceError | ConfigurationError:
    """The failure in words for people; makes at most one request.

    Args:
        error: as the client raised it.
        what: that was asked for, such as "lab/project".
        address: that was asked.
    """
    base_url = address.base_url
    cause = None if error.status == HTTPStatus.BAD_REQUEST else probe(address)
    if cause is not None:
        return cause
    # Some servers say whose key it is.
    said = without_addresses(str(error).removeprefix("input: "))
    words = shorten(said, _LONGEST_QUOTE).rstrip(".")
    if error.timed_out:
        return UnansweredError(
            f"{base_url} did not send {what} within {address.timeout_s:g} s, but it answers "
            "small requests.",
            _WAIT,
        )
    lowered = words.lower()
    if error.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE or any(
        part in lowered for part in _TOO_MUCH
    ):
        return RetryLaterError(f"{base_url} could not send so much of {what}: {words}.", _WAIT)
    if _WEB_PAGE in words:
        return RetryLaterError(
            f"{base_url} sent a web page in place of {what}.",
            "Sync again; if that does not help, a proxy or sign-in page stands in between.",
        )
    if any(part in words for part in _BROKEN_ANSWERS):
        return RetryLaterError(f"The answer of {base_url} about {what} broke off: {words}.", _WAIT)
    return _refusal(words or "no reason given", what, base_url)


def probe(address: Address) -> SourceError | ConfigurationError | None:
    """What is wrong between here and the server, if anything is; one plain HTTP request."""
    base_url = address.base_url
    longest = min(address.timeout_s, wandb_plain.LONGEST_S)
    try:
        answer = wandb_plain.post(address, _PROBE)
    except requests.exceptions.SSLError as error:
        return SourceError(
            f"No secure connection to {base_url}: {_reason(error)}.",
            "Name your organisation's certificates in SSL_CERT_FILE and REQUESTS_CA_BUNDLE, "
            "or correct WANDB_BASE_URL.",
        )
    except requests.exceptions.Timeout:
        return RetryLaterError(f"{base_url} does not answer within {longest:g} s.", _CHECK_URL)
    except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError):
        return RetryLaterError(f"{base_url} breaks off its answers.", _WAIT)
    except requests.exceptions.ConnectionError as error:
        return RetryLaterError(f"No server answers at {base_url}: {_reason(error)}.", _CHECK_URL)
    except requests.exceptions.RequestException as error:
        return ConfigurationError(f"{base_url} cannot be asked: {_reason(error)}.", _CHECK_URL)
    return _status_trouble(answer, base_url) or _answer_trouble(answer, address)


def _status_trouble(
    answer: requests.Response, base_url: str
) -> SourceError | ConfigurationError | None:
    status = answer.status_code
    if status == HTTPStatus.UNAUTHORIZED:
        return ConfigurationError(f"{base_url} refuses the API key (HTTP 401).", _new_key(base_url))
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return RetryLaterError(f"{base_url} asks for fewer requests (HTTP 429).", _WAIT)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return RetryLaterError(f"{base_url} has a failure of its own (HTTP {status}).", _WAIT)
    if status == HTTPStatus.FORBIDDEN:
        return SourceError(
            f"{base_url} refuses access (HTTP 403).",
            "Ask the administrator of that W&B server, or of a proxy before it, to let you in.",
        )
    return None


def _answer_trouble(answer: requests.Response, address: Address) -> ConfigurationError | None:
    base_url = address.base_url
    try:
        data = answer.json()["data"]
    except (ValueError, KeyError, TypeError):
        kind = answer.headers.get("content-type", "something unnamed").split(";")[0]
        return ConfigurationError(
            f"{base_url} answers with {kind} (HTTP {answer.status_code}) where W&B's API "
            "would answer with data.",
            "Check WANDB_BASE_URL; if it is right, a proxy or sign-in page stands in between.",
        )
    if address.api_key is not None and data and data.get("viewer") is None:
        return ConfigurationError(
            f"{base_url} knows nobody by the API key that is configured.", _new_key(base_url)
        )
    return None


def _refusal(words: str, what: str, base_url: str) -> SourceError:
    if "Cannot query field" in words:
        return SourceError(
            f"{base_url} lacks something that reading {what} needs: {words}.",
            "Update the W&B server, or install the wandb version that goes with it.",
        )
    if any(part in words.lower() for part in ("permission", "denied", "forbidden")):
        return SourceError(
            f"The API key has no permission to read {what}: {words}.",
            "Ask for access to it on W&B, or use the key of someone who has it.",
        )
    return SourceError(
        f"{base_url} refuses to send {what}: {words}.",
        "Check the spelling of entity and project, and that you can open it on W&B.",
    )


def _new_key(base_url: str) -> str:
    return f"Copy the key from {base_url}/authorize into WANDB_API_KEY, or run `wandb login`."


def _reason(error: BaseException) -> str:
    """The innermost cause in a few words: requests wraps errors three deep."""
    while True:
        causes = (getattr(error, "reason", None), *error.args[:1])
        deeper = next((cause for cause in causes if isinstance(cause, BaseException)), None)
        if deeper is None:
            break
        error = deeper
    if isinstance(error, ssl.SSLError):
        told = getattr(error, "verify_message", None) or error.reason or "no reason given"
        return str(told).replace("_", " ").lower()
    return str(error).rsplit(": ", 1)[-1].rstrip(".") or type(error).__name__
