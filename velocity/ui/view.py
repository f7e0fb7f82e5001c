"""The data of a page (snapshot, viewer, window, people) and the frame around every page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, cast
from zoneinfo import ZoneInfo

import polars as pl
import streamlit as st

from velocity import formats, state
from velocity.demo import is_demo
from velocity.paths import data_folder
from velocity.reading import reads
from velocity.reading.access import Scope, Viewer, current_roster, record_look
from velocity.reading.periods import Period, Window, before, last_whole_day
from velocity.reading.viewed import ViewedDays, soon
from velocity.roster.models import Roster
from velocity.sentences.answer import Answer
from velocity.settings import Settings
from velocity.store import latest_snapshot
from velocity.ui.asked import Asked
from velocity.ui.browser import note_on_paper
from velocity.ui.choices import choose_scholar, choose_streams, keep_choices, period_control
from velocity.ui.page import Page, show_trail
from velocity.ui.parts import theme_mode
from velocity.ui.sign_in import admission, settings_now
from velocity.ui.sync_now import latest, may_sync, show_sync_now

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

#: Hours between syncs: assumed until there are enough syncs to tell, and the least.
_SYNC_EVERY_HOURS, _SYNC_OFTEN_HOURS = 1.0, 1 / 6
#: From this age on, the pages say first that the data is old.
_STALE = timedelta(days=2)
_LOOK_AGAIN = "10s"
_LOOK_AT_A_SYNC = "2s"
_Made = TypeVar("_Made")
#: Reads ahead, while a page waits for its first reads.
_others = ThreadPoolExecutor(2, thread_name_prefix="soon")


@dataclass(frozen=True, kw_only=True)
class View(ViewedDays):
    """The data of the page in one rerun; each read is cached per scope."""

    page: Page
    settings: Settings
    viewer: Viewer
    trust_row: dict[str, Any]  # `trust`, read once for all scopes of the page
    kicker: DeltaGenerator  # where `say` writes what the page covers
    choices: DeltaGenerator  # the choices beside it
    answer: DeltaGenerator  # where `say` writes the answer
    period: Period = "Programme"
    scholar: str | None = None  # the chosen one, if the page is about one
    streams: tuple[str, ...] = ()  # the chosen ones, if the page is about some
    managed: tuple[str, ...] = ()  # the scholars of a research manager, if they are chosen instead

    @property
    def trust(self) -> dict[str, Any]:
        """The one row of `reads.trust`."""
        return self.trust_row

    def seen_in(self, scope: Scope) -> View:
        """The view of somebody with that scope, whom no page addresses as "you"."""
        viewer = replace(self.viewer, scope=scope, scholar=None)
        return replace(self, scope=scope, viewer=viewer)

    @property
    def without_hours(self) -> View:
        """The view of a mentor or lead: days and durations, nobody's times of day.

        A lead sees the name of a line 24 hours after it passed its usual. Without sign-in the
        viewer is also the mentor of every stream, who sees it at once.
        """
        mentored = tuple(self.stream_names) if self.scope.hours is None else self.scope.streams
        return self.seen_in(replace(self.scope, streams=mentored, hours=()))

    @property
    def roster(self) -> Roster:
        """The current roster."""
        return current_roster(self.settings) or Roster()

    @cached_property
    def stream_names(self) -> dict[str, str]:
        """Id -> name of the streams that the viewer may see, in roster order."""
        return dict(self.read(reads.streams).select("stream", "name").iter_rows())

    def with_names(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows with scholars' names in the column `scholar` instead of their ids."""
        known = self.read(reads.scholars).select("scholar", "name")
        return rows.with_columns(pl.col("scholar").replace(dict(known.iter_rows())))

    def is_own(self, scholar: str) -> bool:
        """Whether the viewer is the scholar and is addressed as "you"; never without sign-in."""
        return scholar == self.viewer.scholar

    @property
    def _state(self) -> state.Where:
        return self.settings.state_of(data_folder())

    def looks(self, scholar: str) -> pl.DataFrame:
        """Who else looked at the scholar's pages, latest first; for the scholar only."""
        if not self.scope.sees_hours(scholar):
            raise ValueError(f"who looked at {scholar} is not for {self.viewer.name}")
        kept_days = self.settings.access.views_kept_days
        return state.looks(self._state, scholar, at=datetime.now(UTC), kept_days=kept_days)

    def record_look(self, scholar: str) -> None:
        """Records that the viewer, if not the scholar, looks at rows of only this scholar."""
        kept_days = self.settings.access.views_kept_days
        record_look(self._state, self.viewer, scholar, self.page.title, kept_days)

    def who(self, scholar: str) -> dict[str, Any]:
        """The scholar's row of `reads.scholars`."""
        return self.read(reads.scholars).row(by_predicate=pl.col("scholar") == scholar, named=True)

    def needs_decision(
        self, *, streams: Sequence[str] | None = None, **filters: Any
    ) -> pl.DataFrame:
        """The lines of `reads.needs_decision`, with the results that were marked as read."""
        marks = state.read_marks(self._state)
        found = self.read(reads.needs_decision, read=marks, **filters)
        # Several pages and streams share one read.
        return found if streams is None else found.filter(pl.col("stream").is_in(streams))

    def mark_read(
        self, scholar: str, experiment_id: str, result_at: datetime, *, read: bool = True
    ) -> None:
        """Marks a result as read, still thinking, or takes the mark back; only its scholar can."""
        if not self.scope.sees_hours(scholar):
            raise ValueError(f"results of {scholar} are not for {self.viewer.name} to mark")
        if read:
            mark = state.ReadMark(experiment_id, result_at, datetime.now(UTC))
            state.mark_read(self._state, scholar, mark)
        else:
            state.unmark_read(self._state, scholar, experiment_id, result_at)

    def read(self, read: Callable[..., _Made], /, **filters: Any) -> _Made:
        """A read of the snapshot with the viewer's scope, cached per scope."""
        fixed = tuple(
            (name, tuple(value) if isinstance(value, list) else value)
            for name, value in sorted(filters.items())
        )
        made: _Made = Asked(read, fixed, self.scope).of(self.snapshot)
        return made

    def soon(self, read: Callable[..., _Made], /, **filters: Any) -> Callable[[], _Made]:
        """Starts a read in another thread if one is free; call the result for the rows."""
        return soon(_others, lambda: self.read(read, **filters))

    def say(self, over: str, answer: Answer, *, window: str | None = None) -> None:
        """Writes what the page covers, and its answer.

        `over` is what the page is about, such as "programme, 24 scholars"; Markdown. `window` are
        the days in words, if they are not the window of the page.
        """
        with self.kicker.container(gap=None):
            if self.scope.everything or self.scope.scholars or self.scope.streams:
                note_on_paper()
            show_trail(self)
            st.caption(f"{self.page.title} · {window or self.window.words} · {over}")
        with self.answer:
            st.title(answer.sentence, anchor=False)
            if answer.support:
                st.markdown(answer.support)
            age = datetime.now(UTC) - self.as_of
            if age > _STALE:
                ends = formats.dated(self.as_of.astimezone(ZoneInfo(self.zone)).date())
                since = "what waits, runs or is left may have changed since."
                st.markdown(f"**The data ends on {ends}, {formats.age(age)} ago:** {since}")

    def trust_line(self) -> str:
        """How old the data is now, and how many runs are in doubt."""
        trust = self.trust
        age = datetime.now(UTC) - self.as_of
        every = trust["sync_every_hours"] or _SYNC_EVERY_HOURS
        old = age > 2 * timedelta(hours=max(every, _SYNC_OFTEN_HOURS))
        parts = [
            f"As of {formats.instant(self.as_of, self.zone)}",
            f"Data is {formats.age(age)} old" if old else f"{formats.age(age)} ago",
        ]
        if trust["runs"]:
            parts += [
                f"{formats.share_exact(trust['attributed_share'])} of runs attributed",
                formats.plural(trust["stale_runs"], "stale run"),
                f"{formats.plural(trust['clock_runs'], 'run')} with impossible times",
                *formats.set_apart(trust),
            ]
        return " · ".join([*parts, "demo data"] if is_demo(data_folder()) else parts)


def current_view() -> View:
    """The view of this rerun; made by `open_view` in the entry script."""
    return cast("View", st.session_state["view"])


def open_view(page: Page, viewer: Viewer) -> bool:
    """Draws the choices of a page and makes its view, which `current_view` gives from then on.

    Returns:
        Whether there is anything to show: without runs only pages without choices open, once
        anything was synced.

    Raises:
        VelocityError: there is no snapshot, or the settings cannot be used.
    """
    about = page.choices
    if about is None:
        keep_choices(page.title)
        return True
    data, settings, snapshot = data_folder(), settings_now(), latest_snapshot(data_folder())
    trust = Asked(reads.trust, (), viewer.scope).of(snapshot).row(0, named=True)
    if trust["as_of"] is None or (trust["first_day"] is None and about):
        return False
    st.session_state["zone"] = str(trust["timezone"])
    turned = keep_choices(page.title, about)
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        kicker = st.container(width="stretch")
        choices = st.container(horizontal=True, width="content", vertical_alignment="center")
    frame = st.container(gap="xsmall")
    last = last_whole_day(trust["as_of"], str(trust["timezone"]))
    first = trust["first_day"] or last
    opened = View(
        snapshot=snapshot,
        scope=viewer.scope,
        window=Window(first, max(first, last)),
        before=None,
        page=page,
        settings=settings,
        viewer=viewer,
        trust_row=trust,
        kicker=kicker,
        choices=choices,
        answer=frame.container(gap="xsmall"),
    )
    st.session_state["unheard"] = opened.answer
    with choices:
        streams, managed = choose_streams(opened) if "streams" in about else ((), ())
        scholar = choose_scholar(opened) if "scholar" in about else None
        opened = replace(opened, scholar=scholar, streams=streams, managed=managed)
        if "period" in about:
            chosen = period_control(opened.window, opens=page.opens, from_address=turned)
            then = before(chosen, first)
            opened = replace(opened, window=chosen.window, before=then, period=chosen.period)
    window = opened.window
    until = formats.instant(opened.as_of, opened.zone)
    st.session_state.update(
        view=opened,
        days=f"{window.first.isoformat()}-{window.last.isoformat()}",
        about=f"{window.words}; data up to {until}",
        dialog=False,  # a new run of the page closes it
    )
    if scholar is not None:
        opened.record_look(scholar)
    with frame:
        sync = latest(data) if may_sync(viewer, settings, data) else None
        often = _LOOK_AT_A_SYNC if sync is not None and sync.under_way else _LOOK_AGAIN
        st.fragment(_watch, run_every=often)(opened, theme_mode())
    return True


def _watch(opened: View, mode: str) -> None:
    """Writes the line of trust, and reruns the page when the viewer's rights, theme or data change.

    A rerun would close an open dialog, so a new theme or snapshot waits until it is closed.
    """
    data = data_folder()
    new = latest_snapshot(data).name != opened.snapshot.name
    if not admission().holds() or (
        (new or theme_mode() != mode) and not st.session_state.get("dialog")
    ):
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        line = opened.trust_line()
        st.caption(f"{line} · newer data when you close this" if new else line, width="content")
        if may_sync(opened.viewer, opened.settings, data):
            show_sync_now()
