"""Which metrics can be explained of a scholar, over what, and by which module."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from velocity.explain.account import ACCOUNT, account
from velocity.explain.formulas import FORMULAS, LATENCIES
from velocity.explain.lines import blind_ratio
from velocity.explain.open_work import open_work, waiting_results
from velocity.explain.signals import signals
from velocity.explain.summed import summed
from velocity.reading.definitions import groups

if TYPE_CHECKING:
    from collections.abc import Callable

    from velocity.explain.explanation import Result
    from velocity.explain.rows import Rows


@dataclass(frozen=True)
class Way:
    """How a metric is explained.

    Args:
        results: its values of a scholar and window.
        windows: a week or all the data (any), the data as a whole (end), or a week only.
        at_end: whether it is of the end of the window, and not of all of it.
        nothing: what is said where there is no value.
    """

    results: Callable[[Rows, str], tuple[Result, ...]]
    windows: Literal["any", "end", "week"] = "any"
    at_end: bool = False
    nothing: str = ""


_NO_ENTRY = "Neither grants nor charges by then."
#: Metric id -> how; those of `reads.metrics` with what stands beside a median or a rate.
WAYS: dict[str, Way] = {
    **dict.fromkeys((*FORMULAS, *LATENCIES), Way(summed)),
    "blind_ratio": Way(blind_ratio, nothing="No line has a loop launched in the window."),
    "wip_age_hours": Way(open_work, "end", at_end=True, nothing="No experiment is in flight."),
    "waiting_hours": Way(waiting_results, "end", at_end=True, nothing="No result waits."),
    **dict.fromkeys(ACCOUNT, Way(account, "end", at_end=True, nothing=_NO_ENTRY)),
    "balance": Way(account, at_end=True, nothing=_NO_ENTRY),
    "signal": Way(signals, "week", nothing="No measure has a value in that week."),
}

#: Metrics that are not about one scholar -> what they are of, and where they stand.
NOT_OF_A_SCHOLAR = {
    "p50": ("the median of all the other scholars", "My velocity shows the band."),
    "pooled_rate": ("the rate of all scholars together", "Streams shows it."),
    "littles_law_residual_hours": (
        "a check that is 0 for everybody",
        "`velocity metrics` shows it.",
    ),
}
#: What rests on the hours of the day, which a scholar alone may see.
_OF_HOURS = {"reaction_awake_hours_median", "reaction_off_share", "blind_ratio"}


def explained(*, hours: bool = True) -> list[str]:
    """Ids of the metrics that can be explained, in the order of their definitions.

    Args:
        hours: whether the viewer may see the scholar's hours of the day.
    """
    ids = (metric.id for group in groups() for metric in group.metrics)
    return [it for it in ids if it in WAYS and (hours or it not in _OF_HOURS)]
