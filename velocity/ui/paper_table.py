"""Rows on paper: the grid of the screen is a picture of some rows, so paper has a plain table."""

from __future__ import annotations

import html
import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import streamlit as st

from velocity import formats

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

#: More rows are better read in a file; they would make every page heavier.
MOST = 250
#: A number's format in the grid, such as "%,.0f" or "%.0f %%".
_NUMBER = re.compile(r"%(?P<comma>,?)(?P<decimals>\.\d)f(?P<after>.*)")


def show_on_paper(shown: pl.DataFrame, columns: Mapping[str, Any], *, none: str) -> None:
    """The rows of a grid as a table that only paper has.

    Args:
        shown: what the grid shows.
        columns: its configuration.
        none: text of an unknown value.
    """
    st.html(table_on_paper(shown, columns, none=none))


def table_on_paper(shown: pl.DataFrame, columns: Mapping[str, Any], *, none: str) -> str:
    """The table as HTML, without links; the first `MOST` rows, and how many there are."""
    told = [it for it in shown.columns if _kind(columns, it) != "link"]
    heads = "".join(f"<th>{html.escape(_title(columns, it))}</th>" for it in told)
    rows = "".join(
        "<tr>"
        + "".join(f"<td>{html.escape(_cell(row[it], columns, it, none))}</td>" for it in told)
        + "</tr>"
        for row in shown.head(MOST).iter_rows(named=True)
    )
    more = ""
    if shown.height > MOST:
        more = f"<p>{MOST} of {formats.plural(shown.height, 'row')}; the menu Data has all.</p>"
    head = f"<thead><tr>{heads}</tr></thead>"
    return f'<div class="on-paper"><table>{head}<tbody>{rows}</tbody></table>{more}</div>'


def _title(columns: Mapping[str, Any], name: str) -> str:
    return str((columns.get(name) or {}).get("label") or name)


def _kind(columns: Mapping[str, Any], name: str) -> str | None:
    return ((columns.get(name) or {}).get("type_config") or {}).get("type")


def _cell(value: object, columns: Mapping[str, Any], name: str, none: str) -> str:
    if value is None:
        return none
    if isinstance(value, datetime) and _kind(columns, name) != "date":
        return f"{formats.day(value)} {value.year}, {formats.clock(value)}"
    if isinstance(value, date):
        return f"{formats.day(value)} {value.year}"
    form = ((columns.get(name) or {}).get("type_config") or {}).get("format")
    found = _NUMBER.fullmatch(form) if isinstance(value, int | float) and form else None
    if found is None:
        return str(value)
    number = format(value, f"{found['comma']}{found['decimals']}f")
    return number + found["after"].replace("%%", "%")
