"""The digest as one HTML file: no scripts, nothing loaded, prints on a page of A4 or Letter."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from velocity import formats
from velocity.report.svg import share_bar, sparkline
from velocity.sentences.weeks import written
from velocity.theme import FONT, LIGHT

if TYPE_CHECKING:
    from velocity.report.parts import Digest, Line, Section, Trend

#: Even a browser that found markup in a name would load and run nothing.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_STYLE = f"""
:root {{ color-scheme: light; }}
body {{ margin: 0 auto; max-width: 50rem; padding: 1.5rem; background: {LIGHT.bg};
  color: {LIGHT.text}; font: 14px/1.4 {FONT.replace('"', "'")}; overflow-wrap: anywhere;
  font-variant-numeric: tabular-nums; }}
h1 {{ font-size: 21px; font-weight: 600; line-height: 1.25; margin: .3em 0; }}
h2 {{ font-size: 15px; font-weight: 600; margin: 1.1em 0 .35em; break-after: avoid; }}
p {{ margin: .2em 0; }}
strong {{ font-weight: 600; }}
ul {{ list-style: none; margin: 0; padding: 0; }}
section li {{ padding: .25em 0; border-bottom: 1px solid {LIGHT.grid}; break-inside: avoid; }}
.pair, .tiles {{ display: grid; gap: 0 2em;
  grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr)); }}
.tiles {{ gap: 10px; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr));
  margin-bottom: 10px; }}
.tiles li {{ border: 1px solid {LIGHT.border}; border-radius: 6px; padding: .6em .8em; }}
.tiles .value {{ display: block; font-size: 24.5px; font-weight: 600; line-height: 1.3; }}
.tiles span {{ display: block; }}
.small {{ font-size: 12.25px; }}
.muted, thead th {{ color: {LIGHT.muted}; }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ text-align: left; font-weight: normal; padding: .15em .6em .15em 0;
  border-bottom: 1px solid {LIGHT.grid}; vertical-align: middle; }}
tr {{ break-inside: avoid; }}
svg {{ display: block; font-family: inherit; max-width: 100%; }}
.shares {{ display: flex; flex-wrap: wrap; gap: 0 2em; }}
@page {{ margin: 10mm; }}
@media print {{ body {{ max-width: none; padding: 0; font-size: 12px; line-height: 1.25;
  background: none; -webkit-print-color-adjust: exact; print-color-adjust: exact; }}
  .pair {{ grid-template-columns: 1fr 1fr; }}
  .tiles {{ grid-template-columns: repeat(4, 1fr); }}
  .tiles .value {{ font-size: 20px; }}
  h1 {{ font-size: 18px; }} h2 {{ font-size: 13px; margin: .8em 0 .2em; }}
  .small {{ font-size: 10.5px; }} section li {{ padding: .1em 0; }}
  th, td {{ padding-block: 0; }} td svg {{ height: 22px; width: auto; }} }}
"""


def as_html(digest: Digest) -> str:
    """The digest as a whole HTML document."""
    title = f"Stand-up digest {digest.week}"
    about = escape(formats.label(digest.about, 80))
    parts = (
        "<!DOCTYPE html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{title}</title><style>{_STYLE}</style></head><body><main>",
        f'<p class="muted">{title} · {digest.days} · <bdi>{about}</bdi></p>',
        f"<h1>{escape(digest.headline)}</h1>",
        f"<p>{escape(digest.support)}</p>" if digest.support else "",
        f'<p class="small muted">As of {escape(digest.as_of)}</p>',
        _pair(digest.news),
        _figures(digest),
        _trends(digest.trends),
        _pair(digest.footing),
        "</main></body></html>",
    )
    return "\n".join(part for part in parts if part) + "\n"


def _pair(sections: tuple[Section, ...]) -> str:
    """Sections side by side where there is room."""
    whole = (
        f"<section><h2>{escape(section.title)}</h2><ul>"
        + "".join(f"<li>{_line(line)}</li>" for line in section.lines)
        + "</ul></section>"
        for section in sections
    )
    return f'<div class="pair">{"".join(whole)}</div>'


def _figures(digest: Digest) -> str:
    """The headline figures as tiles, and how two wholes divide."""
    if not digest.figures:
        return ""
    tiles = "".join(
        f'<li><span class="small">{escape(it.label)}</span>'
        f'<span class="value">{escape(it.value)}</span>'
        + "".join(f'<span class="small muted">{escape(note)}</span>' for note in it.notes)
        + "</li>"
        for it in digest.figures
    )
    bars = "".join(share_bar(share) for share in digest.shares)
    return (
        f'<section><h2>The week in figures</h2><ul class="tiles">{tiles}</ul>'
        f'<div class="shares">{bars}</div></section>'
    )


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
    weeks = max(len(trend.weeks) for trend in trends)
    titles = (
        "Measure",
        "Week",
        "Usual range",
        f"Last {formats.plural(weeks, 'week')}, range in grey",
    )
    head = "".join(f'<th scope="col">{text}</th>' for text in titles)
    return (
        '<section><h2>Against its own usual range</h2><table class="small">'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></section>"
    )


def _last(trend: Trend) -> str:
    return written(trend.values[-1], trend.unit)


def _usual(trend: Trend) -> str:
    low, high = trend.low[-1], trend.high[-1]
    if low is None or high is None:
        return "from 8 weeks on"
    return f"{written(low, trend.unit)} to {written(high, trend.unit)}"
