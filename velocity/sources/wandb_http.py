"""HTTP requests to W&B's API, each with a deadline and a limit on the size of the response.

W&B's client passes its queries to its own helper program, which loads a response of any size into
memory. So the client's queries are sent from here.
"""

from __future__ import annotations

import threading
import time
import zlib
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
import requests
import urllib3

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: Bytes of a response, unpacked; pages are made smaller long before this limit.
LARGEST_ANSWER = 64 * 2**20
_CHUNK = 64 * 1024
_GZIP = zlib.MAX_WBITS | 16


class LateError(Exception):
    """The response was not complete in time."""


class CutError(Exception):
    """The response ended before it was complete."""


class TooLargeError(Exception):
    """The response is larger than allowed; the text is the size, such as "more than 64 MiB"."""


class Answer(NamedTuple):
    """The response."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Endpoint:
    """The address for queries; may be used by any thread.

    Args:
        url: of the API, such as "https://api.wandb.ai/graphql".
        session: has credentials, proxies and certificates.
        largest: maximum bytes of a response, unpacked.
    """

    def __init__(self, url: str, session: requests.Session, largest: int = LARGEST_ANSWER) -> None:
        self._url = url
        self._session = session
        self._largest = largest

    def post(self, query: str, variables: Mapping[str, Any], seconds: float) -> Answer:
        """The response to one GraphQL query. Redirects are not followed.

        Args:
            query: GraphQL text.
            variables: of the query.
            seconds: time limit for the whole response.

        Raises:
            LateError: it was not complete in time.
            CutError: it ended too early, or its compression cannot be read.
            TooLargeError: it is too large.
            requests.exceptions.RequestException: there was no response.
        """
        body = orjson.dumps({"query": query, "variables": dict(variables)})
        until = time.monotonic() + seconds
        answer: Future[Answer] = Future()

        def receive() -> None:
            try:
                answer.set_result(self._receive(body, until))
            except BaseException as error:  # noqa: BLE001 - raised again by the waiting thread
                answer.set_exception(error)

        # Socket time-outs start again with each byte, so they are not enough.
        threading.Thread(target=receive, name="wandb-request", daemon=True).start()
        try:
            return answer.result(seconds)
        except (TimeoutError, requests.exceptions.Timeout) as error:
            raise LateError from error

    def _receive(self, body: bytes, until: float) -> Answer:
        with self._session.post(
            self._url,
            data=body,
            headers={"Content-Type": "application/json", "Accept-Encoding": "gzip"},
            timeout=max(until - time.monotonic(), 0.001),
            stream=True,
            allow_redirects=False,
        ) as response:
            try:
                whole = b"".join(self._unpacked(response, until))
            except urllib3.exceptions.ReadTimeoutError as error:
                raise LateError from error
            except (urllib3.exceptions.HTTPError, zlib.error, OSError) as error:
                raise CutError from error
            return Answer(response.status_code, response.headers, whole)

    def _unpacked(self, response: requests.Response, until: float) -> Iterator[bytes]:
        unpack = _unpacker(response.headers.get("content-encoding", ""))
        left = self._largest
        while packed := response.raw.read1(_CHUNK, decode_content=False):
            # Unpacking stops as soon as the limit is exceeded.
            part = unpack.decompress(packed, left + 1) if unpack else packed
            left -= len(part)
            if left < 0:
                raise TooLargeError(f"more than {self._largest // 2**20:,} MiB")
            if time.monotonic() > until:
                raise LateError
            yield part
        if unpack and not unpack.eof:
            raise CutError


def _unpacker(coding: str) -> zlib._Decompress | None:
    if coding.strip().lower() in ("", "identity"):
        return None
    if coding.strip().lower() == "gzip":
        return zlib.decompressobj(_GZIP)
    raise CutError
