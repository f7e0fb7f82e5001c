"""Writes the stories of single measures into a person's term, beside the ordinary days.

Lines of their own end well before the term does, so that their last results have been given up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from velocity.demo import stories
from velocity.demo.experiments import chance
from velocity.demo.people import AGENT_HOST, RENTED_HOST
from velocity.demo.workdays import DAY, HOUR, MINUTE, WEEK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from velocity.demo.experiments import Bench
    from velocity.demo.lines import Draft
    from velocity.demo.stories import Story

_AGENT_ACCOUNT = stories.agent_of("{name}")


def tell_measures(draft: Draft, seat: int) -> None:
    """Write the seat's stories of single measures into its term."""
    for story, twist in _TWISTS.items():
        if story.seat == seat:
            twist(draft, story, draft.bench(story.project))


def _launch_around_the_clock(draft: Draft, story: Story, bench: Bench) -> None:
    """One short run after another, day and night, to the end of the term."""
    at = draft.term.week(story.week)
    while at < draft.term.week(stories.WEEKS + 1):
        state = "failed" if chance(draft.rng, 0.1) else "finished"
        labels: dict[str, Any] = {"state": state, "host": AGENT_HOST, "account": _AGENT_ACCOUNT}
        run = bench.run(at, draft.rng.uniform(0.2, 0.4), **labels)
        draft.add_run(story.project, run)
        at = run.end + draft.rng.randrange(7 * MINUTE, 15 * MINUTE)


def _sweep_by_hand(draft: Draft, story: Story, bench: Bench) -> None:
    """Every launch was ready: it came too soon for a look at the result."""
    layers = ({"layer": layer} for layer in (4, 8, 12, 16, 20))
    _one_after_another(draft, story, bench, layers, (2 * MINUTE, 6 * MINUTE))


def _search(draft: Draft, story: Story, bench: Bench) -> None:
    """Every launch came after a look at the result."""
    rates = ({"lr": rate} for rate in (1e-3, 1e-4, 3e-4, 5e-4, 4e-4, 4.5e-4))
    _one_after_another(draft, story, bench, rates, (25 * MINUTE, 90 * MINUTE))


def _one_after_another(
    draft: Draft,
    story: Story,
    bench: Bench,
    changes: Iterator[Mapping[str, Any]],
    pause: tuple[int, int],
) -> None:
    """One run per change of a config, each some seconds after the end of the one before."""
    at = draft.work.after(draft.term.week(story.week) + DAY, 0.5)
    config = bench.config()
    for change in changes:
        run = bench.run(at, draft.rng.uniform(0.6, 1.1), config={**config, **change})
        draft.add_run(story.project, run)
        at = run.end + draft.rng.randrange(*pause)


def _be_away(draft: Draft, story: Story, _bench: Bench) -> None:
    """No launch in the week; it begins up to half a day earlier in the east."""
    start = draft.term.week(story.week)
    draft.keep(story.project, lambda one: not start - 12 * HOUR <= one.start < start + WEEK)


def _repeat(draft: Draft, story: Story, bench: Bench) -> None:
    """The same again, after most of an hour."""
    at = draft.work.after(draft.term.week(story.week) + DAY, 2.0)
    first = bench.run(at, 1.2, commit="5" * 40)
    again = bench.run(first.end + 40 * MINUTE, 1.2, config=first.config, commit=first.commit)
    draft.add_run(story.project, first)
    draft.add_run(story.project, again)


def _debug(draft: Draft, story: Story, bench: Bench) -> None:
    """An hour of failures in every week."""
    for week in range(story.week, stories.WEEKS):
        at = draft.work.after(draft.term.week(week), 3.0)
        for _ in range(6):
            draft.add_run(story.project, bench.early_failure(at))
            at += draft.rng.randrange(4 * MINUTE, 12 * MINUTE)


def _ignore_one(draft: Draft, story: Story, bench: Bench) -> None:
    """A run that should not count."""
    at = draft.work.after(draft.term.week(story.week) + DAY, 1.0)
    draft.add_run(story.project, bench.run(at, 2.0, tags=("velocity:ignore",)))


def _share(draft: Draft, story: Story, bench: Bench) -> None:
    """Runs in a shared account, told apart by their tag; the last one has none."""
    for day, tags in ((1, (stories.EARLY_TAG,)), (2, (stories.EARLY_TAG,)), (3, ())):
        at = draft.work.after(draft.term.week(story.week) + day * DAY, 1.0)
        run = bench.run(at, 1.0, tags=tags, account=stories.SHARED_ACCOUNT)
        draft.add_run(story.project, run)


def _share_too(draft: Draft, story: Story, bench: Bench) -> None:
    """Runs in the same account, told apart by a key of their config."""
    for day in (1, 2):
        at = draft.work.after(draft.term.week(story.week) + day * DAY, 5.0)
        config = bench.config() | stories.LATE_SHIFT
        run = bench.run(at, 1.0, config=config, account=stories.SHARED_ACCOUNT)
        draft.add_run(story.project, run)


def _leave_idle(draft: Draft, story: Story, bench: Bench) -> None:
    """Two runs on a rented machine, some hours apart."""
    last = draft.term.before(story)
    for end in (last - 8 * HOUR, last):
        run = bench.run(end - 150 * MINUTE, 2.5, host=RENTED_HOST)
        draft.add_run(story.project, run)


_TWISTS: dict[Story, Callable[[Draft, Story, Bench], None]] = {
    stories.AGENT: _launch_around_the_clock,
    stories.SWEEP_BY_HAND: _sweep_by_hand,
    stories.ADAPTIVE_SEARCH: _search,
    stories.AWAY: _be_away,
    stories.REPEAT: _repeat,
    stories.DEBUGGING: _debug,
    stories.IGNORED: _ignore_one,
    stories.SHARED: _share,
    stories.SHARED_TOO: _share_too,
    stories.IDLE_HOST: _leave_idle,
}
