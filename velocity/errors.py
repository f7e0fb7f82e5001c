"""The errors that users see. Each says what is wrong (message) and what to do (hint)."""


class VelocityError(Exception):
    """A problem that the user can fix.

    Args:
        message: one sentence saying what is wrong.
        hint: one sentence saying what to do about it.
    """

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.add_note(hint)


class ConfigurationError(VelocityError):
    """Settings, roster or credentials must be changed before the command can work."""


class SourceError(VelocityError):
    """A source of runs (server, directory, table) cannot be read."""


class RetryLaterError(SourceError):
    """The source did not answer; a later retry may work."""


class UnansweredError(RetryLaterError):
    """The source answers small requests, but did not answer this one in time."""


class NoProjectError(SourceError):
    """The entity exists, but does not have this project, or the key may not see it."""


class StoreError(VelocityError):
    """The store cannot be opened, written or published."""


class StoreBusyError(StoreError):
    """Another process is writing the store."""
