"""The W&B client as the pull needs it: the one module that touches its private parts.

The client's public iterators cache pages, keep every run and make a directory a run, so the pull
sends the client's own queries itself, through the client's own transport. A new client version
may move the parts used here; tests/test_wandb_client_contract.py says so.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from velocity.errors import ConfigurationError
from velocity.sources.lenient_json import read_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from wandb.apis.public import Api


class ClientError(Exception):
    """The client could not get an answer, or the server refused one.

    Args:
        message: the client's or the server's words; may be empty.
        status: HTTP status, where the client tells it.
        timed_out: no answer came in time; the client hides why.
    """

    def __init__(self, message: str, *, status: int | None = None, timed_out: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.timed_out = timed_out


@dataclass(frozen=True)
class Address:
    """Where to ask, and as whom.

    Args:
        base_url: of the API, without a slash at its end.
        api_key: None where the client signs in with an identity token.
        timeout_s: seconds that a request may take, the client's own retries included.
    """

    base_url: str
    api_key: str | None = field(repr=False)
    timeout_s: float


def forget_environment() -> None:
    """Makes the client read the environment anew: it reads it once a process and keeps it."""
    import wandb  # noqa: PLC0415 - costs a second

    wandb.teardown()


class WandbClient:
    """One connection of the real client; may be shared by threads. Make it with `open_client`."""

    def __init__(self, api: Api, address: Address) -> None:
        self._service = api._service_api  # noqa: SLF001
        self.address = address

    @property
    def app_url(self) -> str:
        """Where the pages for people are, with a slash at its end."""
        return str(self._service.app_url)

    @cached_property
    def full_query(self) -> str:
        """The client's own query for a page of runs (`Runs`), every field."""
        return self._runs_query(lazy=False)

    @cached_property
    def light_query(self) -> str:
        """The same without config, summary and system metrics."""
        return self._runs_query(lazy=True)

    @cached_property
    def projects_query(self) -> str:
        """The client's own query for a page of projects (`GetProjects`)."""
        from wandb.apis._generated import GET_PROJECTS_GQL  # noqa: PLC0415

        return GET_PROJECTS_GQL

    def execute(
        self, query: str, variables: Mapping[str, Any], *, omit_fields: Sequence[str] = ()
    ) -> dict[str, Any]:
        """The `data` of the answer to one query.

        Args:
            query: GraphQL text.
            variables: of the query.
            omit_fields: taken out of the query before it is sent.

        Raises:
            ClientError: no answer came, or a refusal; `velocity.sources.wandb_errors` finds why.
        """
        from wandb.sdk.lib.service.service_connection import WandbApiFailedError  # noqa: PLC0415

        try:
            answer: dict[str, Any] = self._service.execute_graphql(
                query, variables, omit_fields=list(omit_fields), parse=_parse
            )
        except WandbApiFailedError as error:
            raise _client_error(error) from error
        return answer

    def _runs_query(self, *, lazy: bool) -> str:
        from wandb.apis.public import Runs  # noqa: PLC0415

        return str(Runs(self._service, "", "", lazy=lazy).QUERY)


def find_address(timeout_s: float) -> Address:
    """Address and key from the client's own places; never prompts.

    Args:
        timeout_s: seconds that a request may take, the client's own retries included.

    Raises:
        ConfigurationError: no API key is configured, or one that cannot be a key.
    """
    _switch_off_reports()
    from wandb import env  # noqa: PLC0415
    from wandb.errors import AuthenticationError  # noqa: PLC0415
    from wandb.sdk import wandb_setup  # noqa: PLC0415
    from wandb.sdk.lib import wbauth  # noqa: PLC0415

    base_url = ""
    try:
        configured = wandb_setup.singleton().settings.base_url
        base_url = str(env.get_base_url(configured)).rstrip("/")
        found = wbauth.authenticate_session(
            host=base_url, source="velocity", prompt=False, update_session=False
        )
    except AuthenticationError as error:
        raise ConfigurationError(
            f"The W&B API key that is configured cannot be used: {str(error).rstrip('.')}.",
            f"Copy the key from {base_url}/authorize into WANDB_API_KEY, or run `wandb login`.",
        ) from error
    except ValidationError as error:
        wrong = error.errors()[0]
        # pydantic puts "Value error, " before the words of a validator.
        reason = str(wrong.get("ctx", {}).get("error", wrong["msg"])).rstrip(".?")
        raise ConfigurationError(
            f'The W&B client cannot use the setting "{wrong["input"]}": {reason}.',
            "Correct it in WANDB_BASE_URL, or in W&B's settings file; an address begins with "
            "https:// or http://.",
        ) from error
    if found is None:
        raise ConfigurationError(
            f"No W&B API key is configured for {base_url}.",
            "Set WANDB_API_KEY, or run `wandb login` once.",
        )
    key = found.api_key if isinstance(found, wbauth.AuthApiKey) else None
    return Address(base_url, key, timeout_s)


def open_client(address: Address) -> WandbClient:
    """A signed-in client; takes half a second and one request.

    Args:
        address: as `find_address` gives it: without a key, `Api` would prompt on a terminal.

    Raises:
        ClientError: the server does not answer, or does not let us in.
    """
    _switch_off_reports()
    from wandb.apis.public import Api  # noqa: PLC0415
    from wandb.errors import AuthenticationError  # noqa: PLC0415

    try:
        api = Api(
            overrides={"base_url": address.base_url},
            timeout=address.timeout_s,  # type: ignore[arg-type]  # it takes fractions as well
            api_key=address.api_key,
        )
    except AuthenticationError as error:
        raise _client_error(error.__cause__ or error) from error
    return WandbClient(api, address)


def _switch_off_reports() -> None:
    """No telemetry from the client. Its service process reads this when it starts."""
    os.environ["WANDB_ERROR_REPORTING"] = "false"


def _client_error(error: BaseException) -> ClientError:
    response = getattr(error, "response", None)
    status = getattr(response, "http_status", 0) or None
    return ClientError(str(error).strip(), status=status, timed_out=response is None)


def _parse(text: str) -> Any:
    try:
        return read_json(text)
    except ValueError as error:
        raise ClientError(f"invalid character in the answer: {error}") from error
