"""What a page is over: snapshot, viewer, window, people; and the frame around every page."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar, cast

import polars as pl
import streamlit as st

from velocity import formats, state
from velocity.demo import is_demo
from velocity.paths import data_folder
from velocity.reading import reads
from velocity.reading.access import current_roster
from velocity.reading.periods import Window, last_whole_day
from velocity.reading.soon import soon
from velocity.roster.models import Roster
from velocity.store import Snapshot, latest_snapshot
from velocity.ui.drill import has_page, show_way
from velocity.ui.parts import period_control, theme_mode
from velocity.ui.places import settings_now
from velocity.ui.sign_in import admission
from velocity.ui.sync_now import latest, may_sync, show_sync_now
from velocity.ui.trail import show_trail

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from streamlit.delta_generator import DeltaGenerator

    from velocity.reading.access import Scope, Viewer
    from velocity.sentences import Answer
    from velocity.settings import Settings

#: Hours from sync to sync, while there are too few syncs to tell, and at least.
_SYNC_EVERY_HOURS, _SYNC_OFTEN_HOURS = 1.0, 1 / 6
_LOOK_AGAIN = "10s"
_LOOK_AT_A_SYNC = "2s"
#: A check of the arithmetic that names nobody and is 0 unless we erred: the same for every viewer.
_FOR_EVERYBODY = frozenset({reads.littles_law_residual})
_Made = TypeVar("_Made")
#: For what a page will ask for, while it waits for what it asks for first.
_others = ThreadPoolExecutor(2, thread_name_prefix="soon")


@dataclass(frozen=True)
class View:
    """What the page of one rerun is over."""

    title: str
    snapshot: Snapshot
    settings: Settings
    viewer: Viewer
    window: Window
    trust: dict[str, Any]  # the one row of `reads.trust`
    demo: bool
    scholar: str | None  # chosen, where the page is about one
    streams: tuple[str, ...]  # chosen, where the page is about some
    kicker: DeltaGenerator  # where `say` writes what the page is over
    choices: DeltaGenerator  # beside it, where what is chosen stands
    answer: DeltaGenerator  # and where its answer

    @property
    def scope(self) -> Scope:
        """What the viewer may see."""
        return self.viewer.scope

    @property
    def as_of(self) -> datetime:
        """The instant to which the data is complete, UTC."""
        return cast("datetime", self.trust["as_of"])

    @property
    def zone(self) -> str:
        """The programme's time zone."""
        return str(self.trust["timezone"])

    @property
    def roster(self) -> Roster:
        """The roster as it stands now."""
        return current_roster(self.settings) or Roster()

    @property
    def policy(self) -> dict[str, bool]:
        """The settings that decide what a role may see."""
        return {"leads_see_individuals": self.settings.access.leads_see_individuals}

    def is_own(self, scholar: str) -> bool:
        """Whether the viewer is the scholar, and so may be called "you".

        Without sign-in nobody is: nobody has said who they are.
        """
        return scholar == self.viewer.scholar

    def looks(self, scholar: str) -> pl.DataFrame:
        """Who else looked at the scholar's pages, latest first: for the scholar alone."""
        if not self.scope.sees_hours(scholar):
            raise ValueError(f"who looked at {scholar} is not for {self.viewer.name}")
        kept_days = self.settings.access.views_kept_days
        return state.looks(data_folder(), scholar, at=datetime.now(UTC), kept_days=kept_days)

    def record_look(self, scholar: str) -> None:
        """Writes down that the viewer, if somebody else, looks at rows of the scholar alone."""
        if self.viewer.email is None or self.is_own(scholar):
            return
        state.record_look(
            data_folder(),
            scholar=scholar,
            email=self.viewer.email,
            name=self.viewer.name,
            page=self.title,
            at=datetime.now(UTC),
            kept_days=self.settings.access.views_kept_days,
        )

    def who(self, scholar: str) -> dict[str, Any]:
        """The scholar's row of `reads.scholars`."""
        return self.read(reads.scholars).row(by_predicate=pl.col("scholar") == scholar, named=True)

    def read(self, read: Callable[..., _Made], **filters: Any) -> _Made:
        """A read of the snapshot with the viewer's scope, kept for whoever sees the same."""
        fixed = tuple(
            (name, tuple(value) if isinstance(value, list) else value)
            for name, value in sorted(filters.items())
        )
        return _kept(self.snapshot, read, fixed, self.scope)

    def soon(self, read: Callable[..., _Made], **filters: Any) -> Callable[[], _Made]:
        """A read that another thread begins now, where one is free; called, it gives the rows."""
        return soon(_others, lambda: self.read(read, **filters))

    def windowed(self, read: Callable[..., pl.DataFrame], **filters: Any) -> pl.DataFrame:
        """A read over the window."""
        return self.read(read, from_day=self.window.first, to_day=self.window.end, **filters)

    @property
    def compares(self) -> bool:
        """Whether the cohort stands beside the window: not beside a running week or any days."""
        return st.session_state.get("period") not in {"This week", "Custom"}

    @property
    def opens_scholars(self) -> bool:
        """Whether the viewer can go on to the page of every scholar shown."""
        return self.scope.everything and has_page("my_velocity")

    @property
    def opens_words(self) -> str:
        """Says what selecting a row does, where it does anything."""
        return "; select a row for its scholar" if self.opens_scholars else ""

    def show_ways(self, row: Mapping[str, Any], *, week: str | None = None) -> None:
        """Links from a selected row to the pages about its scholar, and to W&B.

        Args:
            row: of a read; those whom no roster names have no page of their own.
            week: Monday of the week to explain; without it there is no such link.
        """
        scholar = row["scholar"]
        known = self.read(reads.scholars)["scholar"]
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{formats.markdown(formats.label(scholar))}**", width="content")
            if scholar in known and self.scope.sees_whole(scholar):
                show_way("my_velocity", "My velocity", scholar=scholar)
                if week is not None:
                    show_way("why", "Why this number", scholar=scholar, week=week)
            if row.get("url"):
                st.link_button("W&B", row["url"], type="tertiary")

    def say(self, over: str, answer: Answer, *, window: str | None = None) -> None:
        """The frame of the page: what it is over, and its answer.

        Args:
            over: whom the page is about, such as "programme, 24 scholars"; Markdown.
            answer: the sentence on top and the line below it.
            window: what it is over, where that is not the window of the page.
        """
        with self.kicker.container(gap=None):
            show_trail(self)
            st.caption(f"{self.title} · {window or self.window.words} · {over}")
        with self.answer:
            st.title(answer.sentence, anchor=False)
            if answer.support:
                st.markdown(answer.support)

    def _doubts(self) -> tuple[str, ...]:
        trust = self.trust
        return (
            f"{formats.share_exact(trust['attributed_share'])} of runs attributed",
            formats.plural(trust["stale_runs"], "stale run"),
            formats.plural(trust["clock_runs"], "flagged clock"),
        )

    def trust_line(self) -> str:
        """How old the data is at this moment, and what of it is in doubt."""
        trust = self.trust
        age = datetime.now(UTC) - self.as_of
        every = trust["sync_every_hours"] or _SYNC_EVERY_HOURS
        old = age > 2 * timedelta(hours=max(every, _SYNC_OFTEN_HOURS))
        parts = [
            f"As of {formats.instant(self.as_of, self.zone)}",
            f"Data is {formats.age(age)} old" if old else f"{formats.age(age)} ago",
            *(self._doubts() if trust["runs"] else ()),
            "demo data" if self.demo else "",
        ]
        return " · ".join(part for part in parts if part)


def view() -> View:
    """The view of this rerun; made by `open_view` in the entry script."""
    return cast("View", st.session_state["view"])


def open_view(title: str, *, about: frozenset[str], viewer: Viewer) -> View | None:
    """Opens the latest snapshot, draws the row of choices, and makes the view of this rerun.

    Args:
        title: of the page.
        about: choices that the page has: "period", "scholar", "streams".
        viewer: who looks.

    Returns:
        The view, which `view` gives from then on; None where the store holds no run yet. A page
        without choices opens all the same, once anything was synced.

    Raises:
        VelocityError: there is no snapshot, or settings that cannot be used.
    """
    data = data_folder()
    settings = settings_now()
    snapshot = latest_snapshot(data)
    scope = viewer.scope
    trust = _kept(snapshot, reads.trust, (), scope).row(0, named=True)
    if trust["as_of"] is None or (trust["first_day"] is None and about):
        return None
    st.session_state["zone"] = str(trust["timezone"])
    keep_choices(title, about)
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        kicker = st.container(width="stretch")
        choices = st.container(horizontal=True, width="content", vertical_alignment="center")
        with choices:
            streams = _choose_streams(snapshot, scope) if "streams" in about else ()
            scholar = _choose_scholar(snapshot, scope) if "scholar" in about else None
            window = _window(trust, shown="period" in about)
    frame = st.container(gap="xsmall")
    opened = View(
        title=title,
        snapshot=snapshot,
        settings=settings,
        viewer=viewer,
        window=window,
        trust=trust,
        demo=is_demo(data),
        scholar=scholar,
        streams=streams,
        kicker=kicker,
        choices=choices,
        answer=frame.container(gap="xsmall"),
    )
    st.session_state["view"] = opened
    st.session_state["dialog"] = False  # drawing the page closes it
    if scholar is not None:
        opened.record_look(scholar)
    with frame:
        sync = latest(data) if may_sync(viewer, settings, data) else None
        often = _LOOK_AT_A_SYNC if sync is not None and sync.under_way else _LOOK_AGAIN
        st.fragment(_watch, run_every=often)(opened, data, theme_mode())
    return opened


def keep_choices(page: str, about: frozenset[str] = frozenset()) -> None:
    """Choices hold on pages that do not show them: a widget that is not drawn forgets its value.

    Args:
        page: title of the page; of one just turned to, what its address says comes first.
        about: choices that the page has.
    """
    turned = st.session_state.get("page") != page
    st.session_state["page"] = page
    for key in ("period", "days", "scholar", "streams"):
        if turned and key in about and key in st.query_params:
            st.session_state.pop(key, None)
        elif key in st.session_state:
            st.session_state[key] = st.session_state[key]


def _window(trust: dict[str, Any], *, shown: bool) -> Window:
    last_day = last_whole_day(trust["as_of"], str(trust["timezone"]))
    first_day = trust["first_day"] or last_day
    last_day = max(first_day, last_day)
    if not shown:
        return Window(first_day, last_day)
    return period_control(first_day=first_day, last_day=last_day)


def _choose_scholar(snapshot: Snapshot, scope: Scope) -> str | None:
    scholars: list[str] = _kept(snapshot, reads.scholars, (), scope)["scholar"].to_list()
    known = [scholar for scholar in scholars if scope.sees_whole(scholar)]
    if len(known) < 2:  # noqa: PLR2004 - no choice
        return next(iter(known), None)
    # A bound widget's address carries what it shows, so ids are shown; and it leaves the default
    # out, so the default is nobody: a link names whoever was chosen.
    chosen: str | None = st.selectbox(
        "Scholar",
        known,
        index=None,
        placeholder=known[0],
        key="scholar",
        bind="query-params",
        label_visibility="collapsed",
        width=200,
    )
    return chosen or known[0]


def _choose_streams(snapshot: Snapshot, scope: Scope) -> tuple[str, ...]:
    known = _kept(snapshot, reads.streams, (), scope)["stream"].to_list()
    if len(known) < 2:  # noqa: PLR2004 - no choice
        return tuple(known)
    chosen = st.pills(
        "Streams",
        known,
        selection_mode="multi",
        key="streams",
        bind="query-params",
        label_visibility="collapsed",
    )
    return tuple(stream for stream in known if stream in chosen) or tuple(known)


def _kept(
    snapshot: Snapshot,
    read: Callable[..., _Made],
    filters: tuple[tuple[str, Any], ...],
    scope: Scope,
) -> _Made:
    """The only way to what is kept: its key holds the filters and the viewer's scope."""
    arguments = dict(filters) if read in _FOR_EVERYBODY else {**dict(filters), "scope": scope}
    made: _Made = snapshot.kept.get((read, filters, scope), lambda: read(snapshot, **arguments))
    return made


def _watch(opened: View, data: Path, mode: str) -> None:
    """The line of trust, as old as the data is now; and draws the page again when it must be.

    That is for a new theme, for other rights or none, and for a new snapshot: but not while a
    dialog is open, which would close. It is drawn again when the dialog closes.
    """
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
