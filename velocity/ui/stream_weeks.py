"""The weeks of streams, each beside its own usual range."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from velocity.charts import STREAM_MEASURES, draw_multiples
from velocity.reading.series import panels
from velocity.sentences.weeks import window_words
from velocity.ui.parts import Table, show_chart, theme_mode

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

_ONE_SCALE = {"row": "along a row", "column": "down a column"}


def show_stream_weeks(
    weekly: pl.DataFrame,
    names: Mapping[str, str],
    *,
    along: Literal["row", "column"],
    title: str,
    notes: Mapping[str, str] | None = None,
) -> None:
    """Small multiples, a measure along a row or down a column.

    Args:
        weekly: of `reading.series.recent` with the measures of streams.
        names: id of each stream -> its name.
        along: which panels have one scale.
        title: of the section.
        notes: name of a stream -> n, below it.
    """
    counted = "; n = loops of the last week" if notes else ""
    show_chart(
        draw_multiples(
            panels(weekly, names),
            measures=STREAM_MEASURES,
            groups=list(names.values()),
            along=along,
            mode=theme_mode(),
            title="Streams",
            notes=notes,
        ),
        title=title,
        caption=f"{window_words(weekly)}; grey band = usual range of the stream's own "
        f"weeks; one scale {_ONE_SCALE[along]}; a diamond marks a signal{counted}",
        table=Table(weekly, "stream-weeks"),
    )
