"""The stand-up digest: one week of a snapshot on one page, as Markdown or HTML."""

from velocity.report.digest import make_digest
from velocity.report.html import as_html
from velocity.report.parts import Digest, parse_week, week_id
from velocity.report.text import as_csv, as_markdown, as_slack

__all__ = [
    "Digest",
    "as_csv",
    "as_html",
    "as_markdown",
    "as_slack",
    "make_digest",
    "parse_week",
    "week_id",
]
