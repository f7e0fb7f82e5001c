"""Why W&B could not be read: one sentence for each cause, and one that says what to do.

A query may fail because of the query or because of the server. So after a failure, a small request
for the owner of the key shows which of the two it was.
"""

import ssl
from http import HTTPStatus
from textwrap import shorten

import requests

from velocity.cleaning import without_addresses
from velocity.errors import (
    ConfigurationError,
    NoProjectError,
    RetryLaterError,
    SourceError,
    UnansweredError,
)
from velocity.sources.values import read_json
from velocity.sources.wandb_client import WandbClient
from velocity.sources.wandb_http import Answer, ClientError

VIEWER_QUERY = "query Viewer { viewer { username } }"
_LONGEST_QUOTE = 200  # characters: some servers answer with pages

_CHECK_URL = "Check WANDB_BASE_URL, and that the server is up and reachable from here."
_UPDATE = "Update the W&B server, or install the wandb version that goes with it."
_WAIT = "Nothing is lost: sync again in a few minutes."
_TOO_MUCH = ("too large", "too big", "timeout", "timed out", "deadline exceeded")
_PROBE_S = 10.0


def explain(error: ClientError, what: str, client: WandbClient) -> SourceError | ConfigurationError:
    """The failure as an error for users; makes at most one request.

    `what` was requested, such as "lab/project".
    """
    base_url = client.base_url
    if error.status != HTTPStatus.BAD_REQUEST and (cause := _probe(client)):
        return cause
    # Some servers name the owner of the key.
    words = shorten(without_addresses(str(error)), _LONGEST_QUOTE).rstrip(".")
    if error.kind == "refused":
        return _refusal(error, words, what, base_url)
    if error.kind == "late":
        return UnansweredError(
            f"{base_url} did not send {what} within {client.timeout_s:g} s, but it answers "
            "small requests.",
            _WAIT,
        )
    told = {
        "large": f"{base_url} sent {words} for {what}.",
        "page": f"{base_url} sent a web page instead of {what}.",
        "cut": f"The response from {base_url} for {what} was cut off.",
        "unreadable": f"The response from {base_url} for {what} is not JSON.",
    }
    behind = "Sync again. If that does not help, check for a proxy or sign-in page in between."
    return RetryLaterError(told[error.kind], behind if error.kind == "page" else _WAIT)


def _refusal(error: ClientError, words: str, what: str, base_url: str) -> SourceError:
    """Why one request was refused, although the server answers others."""
    said = words.lower()
    if error.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE or any(it in said for it in _TOO_MUCH):
        return RetryLaterError(f"{base_url} could not send {what} in one response: {words}.", _WAIT)
    if "Cannot query field" in words:
        return SourceError(
            f"{base_url} does not have a field that is needed to read {what}: {words}.",
            _UPDATE,
        )
    if any(part in said for part in ("permission", "denied", "forbidden")):
        return SourceError(
            f"The API key has no permission to read {what}: {words}.",
            "Ask for access to it on W&B, or use the key of someone who has it.",
        )
    return SourceError(
        f"{base_url} refused to send {what}: {words}.",
        "Check the spelling of entity and project, and that you can open it on W&B.",
    )


def _probe(client: WandbClient) -> SourceError | ConfigurationError | None:
    """What is wrong with the connection or the key, if anything; sends one small request."""
    base_url = client.base_url
    longest = min(client.timeout_s, _PROBE_S)
    try:
        answer = client.endpoint.post(VIEWER_QUERY, {}, longest)
    except ClientError as error:
        if error.kind == "cut":
            return RetryLaterError(f"{base_url} sends incomplete responses.", _WAIT)
        told = f"sends {error} in reply to a small request"
        late = f"did not answer within {longest:g} s"
        return RetryLaterError(f"{base_url} {late if error.kind == 'late' else told}.", _CHECK_URL)
    except requests.exceptions.RequestException as error:
        return _connection_trouble(error, base_url)
    return _status_trouble(answer, base_url) or _answer_trouble(answer, client)


def _connection_trouble(
    error: requests.exceptions.RequestException, base_url: str
) -> SourceError | ConfigurationError:
    if isinstance(error, requests.exceptions.SSLError):
        return SourceError(
            f"No secure connection to {base_url}: {_reason(error)}.",
            "Set SSL_CERT_FILE and REQUESTS_CA_BUNDLE to your organisation's certificates, "
            "or correct WANDB_BASE_URL.",
        )
    if isinstance(error, requests.exceptions.ConnectionError):
        return RetryLaterError(f"No server answers at {base_url}: {_reason(error)}.", _CHECK_URL)
    return ConfigurationError(f"{base_url} cannot be reached: {_reason(error)}.", _CHECK_URL)


def _status_trouble(answer: Answer, base_url: str) -> SourceError | ConfigurationError | None:
    status = answer.status
    if status == HTTPStatus.UNAUTHORIZED:
        return ConfigurationError(f"{base_url} refused the API key (HTTP 401).", _new_key(base_url))
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return RetryLaterError(f"{base_url} received too many requests (HTTP 429).", _WAIT)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return RetryLaterError(f"{base_url} failed (HTTP {status}).", _WAIT)
    if status == HTTPStatus.FORBIDDEN:
        return SourceError(
            f"{base_url} refused access (HTTP 403).",
            "Ask the administrator of that W&B server, or of its proxy, for access.",
        )
    return None


def _answer_trouble(answer: Answer, client: WandbClient) -> ConfigurationError | None:
    base_url = client.base_url
    try:
        viewer = read_json(answer.body)["data"]["viewer"]
    except (ValueError, LookupError, TypeError):
        kind = answer.headers.get("content-type", "data of an unnamed type").split(";")[0]
        return ConfigurationError(
            f"{base_url} sent {kind} (HTTP {answer.status}) instead of the data of W&B's API.",
            "Check WANDB_BASE_URL. If it is right, check for a proxy or sign-in page in between.",
        )
    # An identity token may belong to a service, which is not a user.
    return unknown_key(base_url) if viewer is None and client.has_key else None


def no_project(entity: str, project: str, app_url: str) -> NoProjectError:
    """The error for a project that an entity does not have, or that the key may not see."""
    return NoProjectError(
        f'The W&B entity "{entity}" has no project "{project}" that this API key may see.',
        f"Check its spelling against {app_url}{entity}, or ask for access to it.",
    )


def no_entity(entity: str, app_url: str) -> SourceError:
    """The error for an entity that does not exist."""
    return SourceError(
        f'W&B does not have an entity "{entity}".',
        f"Use the user or team name that follows {app_url} in the project's address.",
    )


def no_field(field: str, what: str, base_url: str) -> SourceError:
    """The error for a response without a field that was requested."""
    return SourceError(
        f'{base_url} answered the request for {what} without the field "{field}".',
        _UPDATE,
    )


def too_many(what: str, sent: int, counted: int, base_url: str) -> SourceError:
    """The error for a list that does not seem to end."""
    return SourceError(
        f"{base_url} reported {counted:,} runs for {what}, but sent {sent:,}.",
        "Ask the administrator of that W&B server.",
    )


def unknown_key(base_url: str) -> ConfigurationError:
    """The error for a key without an owner."""
    return ConfigurationError(f"{base_url} does not recognise the API key.", _new_key(base_url))


def _new_key(base_url: str) -> str:
    return f"Copy the key from {base_url}/authorize into WANDB_API_KEY, or run `wandb login`."


def _reason(error: BaseException) -> str:
    """The innermost cause in a few words: requests wraps errors three deep."""
    while True:
        causes = (getattr(error, "reason", None), *error.args)
        deeper = next((cause for cause in causes if isinstance(cause, BaseException)), None)
        if deeper is None:
            break
        error = deeper
    if isinstance(error, ssl.SSLError):
        told = getattr(error, "verify_message", None) or error.reason or "no reason given"
        return str(told).replace("_", " ").lower()
    return str(error).rsplit(": ", 1)[-1].rstrip(".") or type(error).__name__
