"""Wraps the W&B client for the pull; the only module that uses its private parts.

The client's public iterators cache pages, keep every run and create a directory per run. So the
pull sends the client's own queries itself, with the client's settings and credentials. A new client
version may move the parts used here; tests/test_wandb_client_contract.py would fail then.
"""

from __future__ import annotations

import os
import ssl
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple

import requests
from pydantic import ValidationError
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth
from requests.exceptions import ConnectionError, SSLError  # noqa: A004 - of requests
from urllib3.util import Retry

from velocity.errors import ConfigurationError
from velocity.sources.values import read_json
from velocity.sources.wandb_http import Answer, ClientError, Endpoint, Kind

if TYPE_CHECKING:
    from wandb.sdk.wandb_settings import Settings

_TIMEOUT_S = 30.0
_FIRST_WAIT_S = 0.25
_FAILED = HTTPStatus.INTERNAL_SERVER_ERROR  # and every status above


class Reply(NamedTuple):
    """The `data` of a response, and the server's clock (UTC; None if it did not say)."""

    data: Any
    clock: datetime | None


def forget_environment() -> None:
    """Makes the client read the environment again: it normally reads it once per process."""
    import wandb  # noqa: PLC0415 - costs a second

    wandb.teardown()


class WandbClient:
    """Sends the client's queries to one server; may be shared by threads.

    Address and key come from the client's own sources; it never prompts.

    Attributes:
        base_url: of the API, without a slash at the end.
        has_key: False if the client signs in with an identity token.
        timeout_s: seconds that a response may take, including retries.
        app_url: address of the web pages, with a slash at the end.
        full_query: the client's own query for a page of runs (`Runs`), every field.
        light_query: the same without config, summary and system metrics.
        projects_query: the client's own query for a page of projects (`GetProjects`).
    """

    def __init__(self, timeout_s: float | None = None) -> None:
        """Find the address and the key; without `timeout_s`, that of W&B's settings counts.

        Raises:
            ConfigurationError: no API key is configured, or it is not a valid key.
        """
        # Turn off the client's telemetry: its service process reads this when it starts.
        os.environ["WANDB_ERROR_REPORTING"] = "false"
        settings, self._key = _signed_in()
        from wandb.apis._generated import GET_PROJECTS_GQL  # noqa: PLC0415 - costs a second
        from wandb.apis.public import Runs  # noqa: PLC0415
        from wandb.apis.public.service_api import ServiceApi  # noqa: PLC0415

        self.base_url = settings.base_url
        self.has_key = self._key is not None
        self.timeout_s = timeout_s or settings.x_graphql_timeout_seconds or _TIMEOUT_S
        self._service = ServiceApi(settings, timeout=self.timeout_s)
        self.endpoint = Endpoint(f"{self.base_url}/graphql", self._session(settings))
        self.app_url = f"{settings.app_url.rstrip('/')}/"
        self.full_query, self.light_query = (
            str(Runs(self._service, "", "", lazy=lazy).QUERY) for lazy in (False, True)
        )
        self.projects_query = GET_PROJECTS_GQL

    def execute(self, query: str, variables: Mapping[str, Any]) -> Reply:
        """The response to one query; retries in time if the server is overloaded or unreachable.

        Raises:
            ClientError: there is no data; `velocity.sources.wandb_errors` finds the reason.
        """
        until, wait_s = time.monotonic() + self.timeout_s, _FIRST_WAIT_S
        while (left_s := until - time.monotonic()) > 0:
            try:
                answer = self.endpoint.post(query, variables, left_s)
            except requests.exceptions.RequestException as error:
                # Only a server that is not reachable may be available a moment later.
                if not isinstance(error, ConnectionError) or isinstance(error, SSLError):
                    raise ClientError("late") from error
            else:
                if answer.status != HTTPStatus.TOO_MANY_REQUESTS and answer.status < _FAILED:
                    return _read(answer)
            time.sleep(max(0.0, min(wait_s, until - time.monotonic())))
            wait_s *= 2
        raise ClientError("late")

    def _session(self, settings: Settings) -> requests.Session:
        """A session with the client's headers, proxies, certificates and credentials."""
        import wandb  # noqa: PLC0415

        session, adapter = requests.Session(), _Adapter()
        for scheme in ("http://", "https://"):
            session.mount(scheme, adapter)
        session.verify = not settings.insecure_disable_ssl
        session.headers.update(settings.x_extra_http_headers or {})
        # The server checks this name: for others, it omits some fields.
        session.headers["User-Agent"] = f"W&B Public Client {wandb.__version__}"
        session.headers["Use-Admin-Privileges"] = "true"
        proxies = {"http": settings.http_proxy, "https": settings.https_proxy}
        session.proxies.update({scheme: url for scheme, url in proxies.items() if url})
        session.auth = self._sign
        return session

    def _sign(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._key is not None:
            signed: requests.PreparedRequest = HTTPBasicAuth("api", self._key)(request)
            return signed
        from wandb.sdk.lib.service.service_connection import WandbApiFailedError  # noqa: PLC0415

        try:
            token = self._service.access_token(timeout=self.timeout_s)
        except WandbApiFailedError as error:
            raise requests.exceptions.RequestException(str(error)) from error
        request.headers["Authorization"] = f"Bearer {token}"
        return request


class _Adapter(HTTPAdapter):
    """Also trusts the system's certificates, as the client does.

    Retries once if a kept-open connection has been closed meanwhile.
    """

    def __init__(self) -> None:
        again = Retry(1, connect=0, read=1, redirect=0, status=0, other=0, allowed_methods=None)
        # Else a response with Retry-After would be an error without a status.
        again.respect_retry_after_header = False
        super().__init__(max_retries=again)

    def init_poolmanager(self, *arguments: Any, **more: Any) -> None:
        super().init_poolmanager(*arguments, ssl_context=ssl.create_default_context(), **more)


def _signed_in() -> tuple[Settings, str | None]:
    """The client's settings with the address, and the key; None for an identity token."""
    from wandb import env  # noqa: PLC0415
    from wandb.errors import AuthenticationError, UsageError  # noqa: PLC0415
    from wandb.sdk import wandb_setup  # noqa: PLC0415
    from wandb.sdk.lib import wbauth  # noqa: PLC0415

    base_url = ""
    try:
        settings = wandb_setup.singleton().settings.model_copy()
        base_url = str(env.get_base_url(settings.base_url)).rstrip("/")
        found = wbauth.authenticate_session(
            host=base_url, source="velocity", prompt=False, update_session=False
        )
    except AuthenticationError as error:
        raise ConfigurationError(
            f"The configured W&B API key cannot be used: {str(error).rstrip('.')}.",
            f"Copy the key from {base_url}/authorize into WANDB_API_KEY, or run `wandb login`.",
        ) from error
    except (UsageError, ValidationError) as error:
        which, reason = "its settings", str(error)
        if isinstance(error, ValidationError):
            wrong = error.errors()[0]
            # pydantic puts "Value error, " before a validator's message.
            reason = str(wrong.get("ctx", {}).get("error", wrong["msg"]))
            which = f'the setting "{wrong["input"]}"'
        raise ConfigurationError(
            f"The W&B client cannot use {which}: {reason.rstrip('.?')}.",
            "Correct the variable that begins with WANDB_, or W&B's settings file; the address in "
            "WANDB_BASE_URL begins with https:// or http://.",
        ) from error
    if found is None:
        raise ConfigurationError(
            f"No W&B API key is configured for {base_url}.",
            "Set WANDB_API_KEY, or run `wandb login` once.",
        )
    settings.base_url = base_url
    return settings, found.api_key if isinstance(found, wbauth.AuthApiKey) else None


def _read(answer: Answer) -> Reply:
    """The data of a response; ClientError if it does not have any."""
    content, words = None, ""
    try:
        content = read_json(answer.body)
    except ValueError as error:
        if answer.status < HTTPStatus.BAD_REQUEST:
            kind: Kind = "page" if answer.body.lstrip()[:1] == b"<" else "unreadable"
            raise ClientError(kind, status=answer.status) from error
        words = answer.body[:1000].decode(errors="replace")
    content = content if isinstance(content, dict) else {}
    if (errors := content.get("errors")) or answer.status != HTTPStatus.OK:
        told = errors if isinstance(errors, list) else [errors] if errors else []
        words = words or "; ".join(
            str(it.get("message") if isinstance(it, dict) else it) for it in told
        )
        raise ClientError("refused", words or f"HTTP {answer.status}", status=answer.status)
    return Reply(content.get("data"), _read_date(answer.headers.get("date")))


def _read_date(text: str | None) -> datetime | None:
    """The instant in a Date header, such as "Mon, 05 Jan 2026 12:00:00 GMT"."""
    try:
        moment = parsedate_to_datetime(text or "")
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
