"""The stand-up digest of a week and the brief about a scholar, as Markdown or HTML."""

from velocity.report.brief import (
    Brief,
    brief_as_html,
    brief_as_markdown,
    brief_as_message,
    make_brief,
)
from velocity.report.digest import make_digest
from velocity.report.groups import make_term_report
from velocity.report.html import as_html
from velocity.report.parts import Digest, parse_week, week_id
from velocity.report.text import as_csv, as_markdown, as_message

__all__ = [
    "Brief",
    "Digest",
    "as_csv",
    "as_html",
    "as_markdown",
    "as_message",
    "brief_as_html",
    "brief_as_markdown",
    "brief_as_message",
    "make_brief",
    "make_digest",
    "make_term_report",
    "parse_week",
    "week_id",
]
