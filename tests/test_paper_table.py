"""The plain table that stands for a grid of rows on paper."""

from datetime import UTC, date, datetime

import polars as pl

from velocity.ui.tables import MOST, NONE, column_config, readable, table_on_paper

ROWS = pl.DataFrame(
    {
        "project": ["<b>x</b>", None],
        "week_start": [date(2026, 11, 2), date(2026, 11, 9)],
        "started_at": [datetime(2026, 11, 2, 9, 5, tzinfo=UTC)] * 2,
        "failure_share": [0.25, 0.5],
        "gpu_hours": [12345.6, 1.0],
        "runs": [1234, 5],
        "url": ["https://wandb.ai/x", None],
    }
)


def on_paper(rows):
    return table_on_paper(readable(rows, "UTC"), column_config(rows)).replace("\u00a0", " ")


def cells(text):
    return [part.partition("</td>")[0] for part in text.split("<td>")[1:]]


def test_the_cells_are_those_of_the_grid_and_names_are_inert():
    told = on_paper(ROWS)
    names = ["&lt;b&gt;x&lt;/b&gt;", "2 Nov 2026", "2 Nov 2026, 09:05", "25 %", "12,346", "1,234"]
    assert cells(told)[:6] == names
    assert cells(told)[6] == NONE
    assert "<th>Week of</th>" in told
    assert "wandb.ai" not in told

    # An instant that the grid shows as a day is a day.
    day = ROWS.select(started_at=pl.col("started_at").dt.truncate("1d"))
    assert cells(on_paper(day)) == ["2 Nov 2026"] * 2


def test_a_long_table_ends_with_how_many_rows_there_are():
    told = on_paper(pl.concat([ROWS] * MOST))
    assert told.count("<tr>") == MOST + 1
    assert "250 of 500 rows; the menu Data has all." in told
    assert "menu Data" not in on_paper(ROWS)
