"""Compute: how long do the credits last, and what did they buy?"""

from __future__ import annotations

from velocity import formats
from velocity.sentences.answer import ENOUGH, Answer, Row, ended_runs, fitting, joined, number

_CAVEAT = "Allocation, not utilisation; runs over several nodes are under-counted."


def compute(*, ledger: Row | None, figures: Row | None) -> Answer:
    """The runway at the pace of the last 14 days, or why there is none.

    Args:
        ledger: the row of `reads.ledger` of the programme; None without grants and charges.
        figures: the row of `reads.metrics` over the window; None without one.
    """
    row, window = ledger or {}, figures or {}
    return Answer(_runway(row, window), joined(_hours(window), _CAVEAT))


def _runway(row: Row, window: Row) -> str:
    granted, left = number(row, "credits_granted"), number(row, "credits_left")
    burn, days = number(row, "burn_per_day"), row.get("runway_days")
    if not granted and not number(row, "credits_spent"):
        if number(window, "gpu_hours"):
            return fitting(
                f"{formats.count(window['gpu_hours'])} GPU-hours in this window; no credits are "
                "granted or priced.",
                "No credits are granted or priced.",
            )
        return "No GPU-hours in this window, and no credits are granted or priced."
    if left <= 0:
        return fitting(
            f"The credits are used up: {formats.count(-left)} more were spent than granted.",
            "The credits are used up.",
        )
    amount = formats.count(left)
    if not burn or days is None:
        sentence = f"{amount} credits are left; none were spent in the last 14 days."
    elif days > formats.LONG_RUNWAY_DAYS:
        sentence = (
            f"{amount} credits are left, enough for more than ten years at the last 14 days' pace."
        )
    else:
        last = (
            f"last {formats.plural(int(days), 'day')}" if days >= 1 else "last for less than a day"
        )
        on = row.get("exhausted_on")
        until = f", to {formats.day(on)} {on.year}" if on is not None else ""
        sentence = f"{amount} credits {last} at the pace of the last 14 days{until}."
    return fitting(sentence, "Credits are left.")


def _hours(window: Row) -> str:
    hours, unpriced = number(window, "gpu_hours"), number(window, "unpriced_run_hours")
    if not hours:
        if unpriced:
            return f"GPU counts are not known for {formats.hours_sum(unpriced)} of runs."
        return ""
    said = f"{formats.count(hours)} GPU-hours in this window"
    if window.get("productive_share") is not None and ended_runs(window) >= ENOUGH:
        said += f", {formats.share(window['productive_share'])} of them in runs that finished"
    return f"{said}."
