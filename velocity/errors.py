"""The errors a person may see. Each says what is wrong (message) and what to do (hint)."""


class VelocityError(Exception):
    """Something a person can put right.

    Args:
        message: one sentence saying what is wrong.
        hint: one sentence saying what to do about it.
    """

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ConfigurationError(VelocityError):
    """Settings, roster or credentials need a change before anything can work."""


class SourceError(VelocityError):
    """A source of runs (server, directory, table) cannot be read as it is."""


class RetryLaterError(SourceError):
    """The source may well answer if asked again later."""


class UnansweredError(RetryLaterError):
    """The source answers small questions, but did not answer this one in time."""


class NoProjectError(SourceError):
    """The entity is there, but has no such project, or none that the key may see."""


class StoreError(VelocityError):
    """The store cannot be opened, written or published."""


class StoreBusyError(StoreError):
    """Another process writes the store at this moment."""
