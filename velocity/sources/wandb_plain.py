"""Plain HTTP requests to W&B's API, for what the client hides: status codes and headers."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import requests

if TYPE_CHECKING:
    from collections.abc import Mapping

    from velocity.sources.wandb_client import Address

#: Seconds that a plain request waits for its answer, at most.
LONGEST_S = 10.0


class PlainAnswer(NamedTuple):
    """The `data` of an answer (None if it has none) and the server's clock (None if not sent)."""

    data: Any = None
    clock: datetime | None = None


def post(
    address: Address, query: str, variables: Mapping[str, Any] | None = None
) -> requests.Response:
    """The server's response to one GraphQL query.

    Raises:
        requests.exceptions.RequestException: no response came.
    """
    return requests.post(
        f"{address.base_url}/graphql",
        json={"query": query, "variables": variables or {}},
        auth=None if address.api_key is None else ("api", address.api_key),
        timeout=min(address.timeout_s, LONGEST_S),
    )


def ask(address: Address, query: str, variables: Mapping[str, Any]) -> PlainAnswer:
    """The answer to one query and the server's clock when it sent it; never raises.

    Whatever goes wrong, the client should be asked next: it retries, and its failure is explained.
    """
    try:
        response = post(address, query, variables)
    except requests.exceptions.RequestException:
        return PlainAnswer()
    clock = _read_date(response.headers.get("date"))
    try:
        return PlainAnswer(response.json()["data"] if response.ok else None, clock)
    except (ValueError, KeyError, TypeError):
        return PlainAnswer(None, clock)


def _read_date(text: str | None) -> datetime | None:
    """The instant in a Date header, such as "Mon, 05 Jan 2026 12:00:00 GMT"."""
    try:
        moment = parsedate_to_datetime(text or "")
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
