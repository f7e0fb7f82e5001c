"""What the headline of My velocity, and the steps that Today offers, can be about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from velocity import formats
from velocity.reading.mine import Parts
from velocity.reading.periods import Window
from velocity.sentences.answer import Row, name

#: What explains the marks of a chart, each (glyph, name of its colour in the theme, our words).
Key = Sequence[tuple[str, str, str]]


def dates(first: date, last: date) -> str:
    """Days without a year: "26 Oct to 22 Nov"."""
    return formats.span(first, last).removesuffix(f" {last.year}")


@dataclass(frozen=True)
class Whose:
    """Whose figures the sentences are about."""

    name: str  # of the scholar
    own: bool  # whether the reader is the scholar, who is addressed as "you"

    @property
    def possessive(self) -> str:
        """Before a noun: "your", or "Curlew's"."""
        return "your" if self.own else formats.possessive(name(self.name))

    @property
    def capital(self) -> str:
        """The same at the start of a sentence."""
        return "Your" if self.own else self.possessive


@dataclass(frozen=True)
class Change:
    """A lasting change of a weekly measure."""

    measure: str  # id of the metric
    since: date  # Monday of the first week after it
    before: float  # value before that week
    now: float  # value since


@dataclass(frozen=True)
class Since:
    """The whole weeks since a lasting change, and those before it."""

    window: Window  # the weeks since
    now: Row  # the scholar's row of `reads.metrics` over them
    before: Row  # over the weeks before


@dataclass(frozen=True)
class Setting:
    """Experiments one after another in which a single setting was varied."""

    key: str  # the config key
    experiments: int  # how many
    hours: float  # how long they took one after another
    first: date  # day of the first launch
    last: date  # day of the last result


@dataclass(frozen=True)
class Facts:
    """What the headline can be about."""

    now: Row  # the scholar's row of `reads.metrics` over the window
    window: Window
    so_far: bool = False  # whether the window is the running week
    before: Row | None = None  # of the weeks before; None if there are too few
    last_week: Sequence[Row] = ()  # rows of `reads.weekly` of the last full week
    chains: int = 0  # how many chains of ready launches begin in the window
    parts: Parts | None = None  # how loop hours divide; None without closed loops
    weekly_parts: Sequence[Parts] = ()  # of each full week of the window with closed loops
    wait: Row | None = None  # of `reads.needs_decision`: waits longest beyond its line's usual
    zone: str = "UTC"  # of days and times
    changes: Sequence[Change] = ()  # lasting changes, the first to report first
    since: Since | None = None  # of the first of them
    ready_minutes: float = 10  # how soon after a result a launch was ready before it
    setting: Setting | None = None  # the longest sequence of one setting
    begins: date | None = None  # first day with data, if there are under four weeks of it

    @property
    def dates(self) -> str:
        """The days of the window without a year: "26 Oct to 22 Nov"."""
        return dates(self.window.first, self.window.last)

    @property
    def counts(self) -> bool:
        """Whether counts stand instead of rates: nothing is scaled to a week."""
        return self.so_far or self.window.days < 7  # noqa: PLR2004 - a week

    def change_of(self, measure: str) -> Change | None:
        """The lasting change of a measure; None without one."""
        return next((it for it in self.changes if it.measure == measure), None)
