"""The digest as one HTML file: no scripts, nothing loaded, prints on a page of A4 or Letter."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from velocity import formats
from velocity.report.svg import share_bar, sparkline
from velocity.shapes.weeks import written
from velocity.theme import LIGHT

if TYPE_CHECKING:
    from velocity.report.digest import Digest, Line, Trend

#: Even a browser that found markup in a name would load and run nothing.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_STYLE = f"""
:root {{ color-scheme: light; }}
body {{ margin: 0 auto; max-width: 46rem; padding: 1.5rem; background: {LIGHT.bg};
  color: {LIGHT.text}; font: 14px/1.45 "Source Sans 3", "Helvetica Neue", Arial, sans-serif;
  overflow-wrap: anywhere; }}
h1 {{ font-size: 1.35rem; line-height: 1.25; margin: .2rem 0 .4rem; }}
h2 {{ font-size: 1rem; margin: .9rem 0 .2rem; break-after: avoid; }}
p {{ margin: .2rem 0; }}
ul {{ margin: 0; padding-left: 1.1rem; }}
li {{ break-inside: avoid; }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ text-align: left; font-weight: normal; padding: .15rem .6rem .15rem 0;
  border-bottom: 1px solid {LIGHT.border}; vertical-align: middle; }}
thead th, .muted {{ color: {LIGHT.muted}; }}
tr {{ break-inside: avoid; }}
svg {{ display: block; }}
.shares {{ display: flex; flex-wrap: wrap; gap: 0 2rem; }}
@page {{ margin: 12mm; }}
@media print {{ body {{ max-width: none; padding: 0; font-size: 10.5pt; line-height: 1.3;
  background: none; -webkit-print-color-adjust: exact; print-color-adjust: exact; }} }}
"""


def as_html(digest: Digest) -> str:
    """The digest as a whole HTML document."""
    title = f"Stand-up digest {digest.week}"
    changed, stuck, figures, *others = (
        f"<section><h2>{escape(section.title)}</h2><ul>"
        + "".join(f"<li>{_line(line)}</li>" for line in section.lines)
        + "</ul></section>"
        for section in digest.sections
    )
    bars = "".join(share_bar(share) for share in digest.shares)
    about = escape(formats.label(digest.about, 80))
    parts = (
        "<!DOCTYPE html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{title}</title><style>{_STYLE}</style></head><body><main>",
        f'<p class="muted">{title}: <bdi>{about}</bdi>, {digest.days}</p>',
        f"<h1>{escape(digest.headline)}</h1>",
        f"<p>{escape(digest.support)}</p>" if digest.support else "",
        changed,
        stuck,
        figures,
        f'<div class="shares">{bars}</div>',
        _trends(digest.trends),
        *others,
        f'<p class="muted">As of {escape(digest.as_of)}.</p>',
        "</main></body></html>",
    )
    return "\n".join(part for part in parts if part) + "\n"


def _line(line: Line) -> str:
    parts = (
        f"<bdi>{escape(formats.label(line.name, 80))}</bdi>" if line.name else "",
        f"<strong>{escape(line.strong)}</strong>" if line.strong else "",
        escape(line.text),
    )
    return " ".join(part for part in parts if part)


def _trends(trends: tuple[Trend, ...]) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(trend.title)}</th><td>{_last(trend)}</td>'
        f"<td>{_usual(trend)}</td><td>{sparkline(trend)}</td></tr>"
        for trend in trends
        if trend.values
    )
    if not rows:
        return ""
    head = "".join(
        f'<th scope="col">{text}</th>' for text in ("Measure", "Week", "Usual range", "Last weeks")
    )
    return (
        "<section><h2>Against its own usual range</h2>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></section>"
    )


def _last(trend: Trend) -> str:
    return written(trend.values[-1], trend.unit)


def _usual(trend: Trend) -> str:
    low, high = trend.low[-1], trend.high[-1]
    if low is None or high is None:
        return "from 8 weeks on"
    return f"{written(low, trend.unit)} to {written(high, trend.unit)}"
