"""The choices of Runs: filters, what was chosen in words, and the timeline of the only scholar."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl
import streamlit as st

from velocity import formats
from velocity.reading import reads
from velocity.ui.experiment import show_timeline_of_one

if TYPE_CHECKING:
    from velocity.ui.view import View

#: Filter of `reads.runs`, its column, its label, and the preposition before it in a sentence.
_FILTERS = (
    ("scholars", "scholar", "Scholar", "of"),
    ("projects", "project", "Project", "in"),
    ("classes", "class", "State", ""),
)

#: Key of the address: ids of experiments, as links of other pages give them.
_EXPERIMENT = "runs-experiment"


@dataclass
class Chosen:
    """What was chosen.

    Args:
        counts: the rows of `reads.run_counts` that are left.
        filters: as `reads.runs` takes them.
        words: preposition and what it stands before, for the sentence on top.
    """

    counts: pl.DataFrame
    filters: dict[str, list[str]] = field(default_factory=dict)
    words: list[tuple[str, str]] = field(default_factory=list)

    def with_experiments(self, runs: pl.DataFrame) -> list[tuple[str, str]]:
        """The words, with the names of the experiments of the address."""
        if "experiments" not in self.filters:
            return self.words
        return [("of", _experiments_in_words(runs)), *self.words]


def choose_runs(view: View) -> Chosen:
    """The filters of the page, in one row."""
    asked = st.query_params.get_all(_EXPERIMENT)
    filters = {"experiments": asked} if asked else {}
    chosen = Chosen(view.windowed(reads.run_counts, **filters), filters)
    with st.container(horizontal=True):
        if asked and st.button("Runs of other experiments too"):
            del st.query_params[_EXPERIMENT]
            st.rerun()
        for name, column, label, how in _FILTERS:
            if values := _choose(chosen.counts, column, label):
                chosen.filters[name] = values
                chosen.counts = chosen.counts.filter(pl.col(column).is_in(values))
                if how:
                    chosen.words.append((how, _in_words(view, column, values)))
    return chosen


def _choose(counts: pl.DataFrame, column: str, label: str) -> list[str]:
    """The chosen values of `column`; empty for all."""
    return st.multiselect(
        label,
        counts[column].drop_nulls().unique().sort().to_list(),
        format_func=formats.label,
        key=f"runs-{column}",
        bind="query-params",
        placeholder=f"All {label.lower()}s",
        label_visibility="collapsed",
    )


def _in_words(view: View, column: str, values: list[str]) -> str:
    """The chosen scholars or projects: the name of one, or how many."""
    if len(values) > 1:
        return formats.plural(len(values), column)
    known = view.read(reads.scholars) if column == "scholar" else None
    if known is not None and values[0] in known["scholar"]:
        return str(view.who(values[0])["name"])
    return values[0]


def _experiments_in_words(runs: pl.DataFrame) -> str:
    names = runs["experiment_name"].unique().to_list()
    return str(names[0]) if len(names) == 1 else formats.plural(len(names), "experiment")


def show_timeline(view: View, counts: pl.DataFrame) -> None:
    """The timeline of the only scholar whose runs are left, if the viewer may see it."""
    names = counts["scholar"].unique().to_list()
    if len(names) != 1 or names[0] not in view.read(reads.scholars)["scholar"]:
        st.caption("Choose one scholar for a timeline of their experiments and runs.")
        return
    view.record_look(names[0])
    if view.scope.sees_whole(names[0]) and view.scope.sees_hours(names[0]):
        who = view.who(names[0])
        label = formats.markdown(formats.label(who["name"]))
        show_timeline_of_one(view, who, title=f"Timeline of {label}")
