"""Delivers messages through Apprise: Slack-compatible webhooks, e-mail, ntfy, Zulip and others.

An address is a secret: it comes from the environment or a file of secrets, and appears in no
message and no log.
"""

import logging
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from apprise import Apprise, AppriseAsset, NotifyBase, NotifyFormat

from velocity.errors import ConfigurationError, RetryLaterError, SourceError
from velocity.threads import in_thread

# Their lines hold addresses and texts. What became of an attempt is read from Apprise's.
logging.getLogger("apprise").propagate = False
logging.getLogger("apprise").setLevel(logging.DEBUG)
logging.getLogger("urllib3").setLevel(logging.ERROR)

#: Seconds between attempts.
WAITS_S = (2.0, 8.0, 30.0, 60.0)
#: An attempt that takes longer is given up.
_PATIENCE_S = 60.0
#: How Apprise's services report the status of a response, and smtplib that of a server.
_HTTP_STATUS = re.compile(r"\berror=(\d{3})\b")
_SMTP_STATUS = re.compile(r"\(([45]\d\d), b['\"]")
#: Errors before anything was sent.
_NEVER_CONNECTED = re.compile(
    "NewConnectionError|NameResolutionError|ConnectTimeoutError|SSLError|ProxyError"
    "|Connection refused|Name or service not known|Network is unreachable|No route to host"
)
_SLACK_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_TOO_MANY, _SERVER_ERRORS = 429, range(500, 600)

#: The form of a text: Slack's markup, Markdown or plain.
Form = Literal["slack", "markdown", "text"]
_DECLARED = {"markdown": NotifyFormat.MARKDOWN, "text": NotifyFormat.TEXT}
#: Formats of services that show Markdown: their own, or Apprise makes HTML of it.
_RICH = (NotifyFormat.MARKDOWN, NotifyFormat.HTML)

_Outcome = Literal["sent", "refused", "busy", "lost"]


class LostResponseError(SourceError):
    """The message may have been delivered, or may not."""


class _Attempt(NamedTuple):
    outcome: _Outcome
    problem: str = ""  # ends a sentence: "it returned HTTP 404"


@dataclass(frozen=True)
class Address:
    """Where messages go."""

    #: A Slack-compatible webhook (http or https), or any address that Apprise understands, such as
    #: "mailto://..." or "ntfy://...".
    url: str = field(repr=False)
    place: str  # where the address was read from, for error messages

    @property
    def _is_webhook(self) -> bool:
        return self.url.strip().lower().startswith(("http://", "https://"))

    def service(self) -> NotifyBase:
        """Returns the Apprise service of the address.

        Raises:
            ConfigurationError: it is not an address.
        """
        url = self.url.strip()
        try:
            described = _webhook(urlsplit(url)) if self._is_webhook else url
            found = Apprise.instantiate(described, asset=_asset())
        except (ValueError, TypeError):  # whose own text holds the address
            found = None
        if not isinstance(found, NotifyBase):
            wrong = "is not an address that messages can be sent to" if url else "is not set"
            raise ConfigurationError(
                f"{self.place} {wrong}.",
                "Use the address of a Slack-compatible webhook, or an Apprise address such as "
                "mailto://... or ntfy://...; it is not stored.",
            )
        found.request_rate_per_sec = 0  # the pauses are ours
        return found

    @property
    def form(self) -> Form:
        """The form of a text with bold parts and links that the service shows as it is meant.

        Raises:
            ConfigurationError: it is not an address.
        """
        if self._is_webhook:
            return "slack"
        rich = self.service().resolve_format(NotifyFormat.MARKDOWN) in _RICH
        return "markdown" if rich else "text"

    def longest(self, title: str) -> int:
        """Characters that the service takes beside a title.

        Raises:
            ConfigurationError: it is not an address.
        """
        service = self.service()
        # A service without titles puts it on top of the text.
        above = 0 if self._is_webhook or service.title_maxlen > 0 else len(f"# {title}\r\n")
        return int(service.body_maxlen) - above

    def deliver(
        self,
        text: str,
        *,
        title: str = "",
        form: Form = "text",
        waits: Sequence[float] = WAITS_S,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Sends a message, in several attempts as long as it certainly has not arrived.

        The title is the subject of an e-mail or the title of a push message; webhooks get the text
        alone. `waits` are the seconds between attempts.

        Raises:
            LostResponseError: the message may have been delivered.
            VelocityError: the address cannot be used, or the message was not accepted.
        """
        service = self.service()
        if self._is_webhook and form == "text":
            text = text.translate(_SLACK_ESCAPES)
        declared = None if self._is_webhook else _DECLARED.get(form)
        attempt = _Attempt("busy")
        for wait in (*waits, None):
            attempt = _attempt(service, text, title, declared)
            if attempt.outcome != "busy" or wait is None:
                break
            sleep(wait)
        if attempt.outcome == "lost":
            raise LostResponseError(
                f"The address in {self.place} did not confirm the message, so it may or may not "
                "have arrived.",
                "Look where it should be. It counts as sent.",
            )
        if attempt.outcome == "refused":
            raise SourceError(
                f"The address in {self.place} did not accept the message: {attempt.problem}.",
                "Check the address; the message does not count as sent.",
            )
        if attempt.outcome == "busy":
            raise RetryLaterError(
                f"The address in {self.place} did not accept the message in {len(waits) + 1} "
                f"attempts: {attempt.problem}.",
                "Try again later; the message does not count as sent.",
            )


def _asset() -> AppriseAsset:
    # Memory: nothing is written to disk. No time-out: Apprise's own would wait for its threads at
    # the end of the process.
    asset = AppriseAsset(
        app_id="velocity", storage_mode="memory", service_timeout=0, allow_templates=False
    )
    asset.http_redirects = False
    return asset


def _webhook(parts: SplitResult) -> dict[str, object]:
    """Returns the service that posts {"text": ...} to a webhook, as Apprise describes services."""
    if not parts.hostname:
        raise ValueError("no host")
    return {
        "schema": "jsons" if parts.scheme == "https" else "json",
        "host": parts.hostname,
        "port": parts.port,
        "fullpath": parts.path or "/",
        "user": parts.username and unquote(parts.username),
        "password": parts.password and unquote(parts.password),
        "params": dict(parse_qsl(parts.query, keep_blank_values=True)),
        "payload": {
            "message": "text",
            **dict.fromkeys(("version", "title", "attachments", "type"), ""),
        },
    }


def _attempt(service: NotifyBase, text: str, title: str, declared: NotifyFormat | None) -> _Attempt:
    """Sends once, in a thread: a response can take for ever, and the process must still end."""
    sending = in_thread(lambda: _send(service, text, title, declared), "delivery")
    try:
        return sending.result(_PATIENCE_S)
    except Exception:  # noqa: BLE001 - of a service, after it may have sent the message
        return _Attempt("lost")


def _send(service: NotifyBase, text: str, title: str, declared: NotifyFormat | None) -> _Attempt:
    sender = Apprise(asset=service.asset)
    sender.add(service)
    result = sender.notify(body=text, title=title, body_format=declared, log_level=logging.DEBUG)
    if result:
        return _Attempt("sent")
    told = "\n".join(entry.message for entry in result.logs())
    if status := _HTTP_STATUS.search(told):
        code = int(status[1])
        busy = code == _TOO_MANY or code in _SERVER_ERRORS
        return _Attempt("busy" if busy else "refused", f"it returned HTTP {code}")
    if status := _SMTP_STATUS.search(told):
        busy = status[1].startswith("4")
        return _Attempt("busy" if busy else "refused", f"the mail server returned {status[1]}")
    if _NEVER_CONNECTED.search(told):
        return _Attempt("busy", "it cannot be reached")
    return _Attempt("lost")
