"""HTTP requests to W&B's API, each with a deadline and a limit on the size of the response.

W&B's client passes its queries to its own helper program, which loads a response of any size into
memory. So the client's queries are sent from here.
"""

import time
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

import orjson
import requests
import urllib3

from velocity.threads import in_thread

#: Why there is no data. late: no response in time, for any reason; cut: it ended too early;
#: large: it is too large; page: it is a web page; unreadable: it is not JSON; refused: the server
#: says why.
Kind = Literal["late", "cut", "large", "page", "unreadable", "refused"]

#: Bytes of a response, unpacked; pages are made smaller long before this limit.
_LARGEST_ANSWER = 64 * 2**20
#: Bytes taken at a time, if they have arrived: other threads get their turn before each part.
_CHUNK = 2**20
_GZIP = zlib.MAX_WBITS | 16


class ClientError(Exception):
    """There is no data: `kind` says why, and the text may be empty.

    `status` is the HTTP status, if there was a response.
    """

    def __init__(self, kind: Kind, message: str = "", *, status: int | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.status = status


class Answer(NamedTuple):
    """The response."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Endpoint:
    """The address for queries, such as "https://api.wandb.ai/graphql"; for any thread.

    The session has credentials, proxies and certificates.
    """

    def __init__(self, url: str, session: requests.Session) -> None:
        self._url = url
        self._session = session

    def post(self, query: str, variables: Mapping[str, Any], seconds: float) -> Answer:
        """The response to one GraphQL query, complete in `seconds`. Redirects are not followed.

        Raises:
            ClientError: it is late, cut off (or its compression cannot be read), or too large; the
                text is then the size, such as "more than 64 MiB".
            requests.exceptions.RequestException: there was no response.
        """
        body = orjson.dumps({"query": query, "variables": dict(variables)})
        until = time.monotonic() + seconds
        # Socket time-outs start again with each byte, so they are not enough.
        answer = in_thread(lambda: self._receive(body, until), "wandb-request")
        try:
            return answer.result(seconds)
        except (TimeoutError, requests.exceptions.Timeout) as error:
            raise ClientError("late") from error

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
                whole = b"".join(_unpacked(response, until))
            except urllib3.exceptions.ReadTimeoutError as error:
                raise ClientError("late") from error
            except (urllib3.exceptions.HTTPError, zlib.error, OSError) as error:
                raise ClientError("cut") from error
            return Answer(response.status_code, response.headers, whole)


def _unpacked(response: requests.Response, until: float) -> Iterator[bytes]:
    coding = response.headers.get("content-encoding", "").strip().lower()
    if coding not in ("", "identity", "gzip"):
        raise ClientError("cut")
    unpack = zlib.decompressobj(_GZIP) if coding == "gzip" else None
    left = _LARGEST_ANSWER
    while packed := response.raw.read1(_CHUNK, decode_content=False):
        # Unpacking stops as soon as the limit is exceeded.
        part = unpack.decompress(packed, left + 1) if unpack else packed
        left -= len(part)
        if left < 0:
            raise ClientError("large", f"more than {_LARGEST_ANSWER // 2**20:,} MiB")
        if time.monotonic() > until:
            raise ClientError("late")
        yield part
    if unpack and not unpack.eof:
        raise ClientError("cut")
