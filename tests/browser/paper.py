"""Measures a printed page: each sheet is a column, broken by the same rules."""

import re
from typing import Any

# Browsers do not report positions on printed sheets. Columns of the size of a Letter sheet are
# broken by the same code, and their content can be measured.
_MEASURE = """() => {
  dispatchEvent(new Event('beforeprint'));
  const { zoom, page } = getComputedStyle(document.documentElement);
  const [across, down] = page === 'upright' ? [740, 980] : [980, 740];
  const columns = document.createElement('style');
  columns.textContent = `@media print { [data-testid=stMainBlockContainer] {
    width: ${across / zoom}px !important; height: ${down / zoom}px !important;
    min-height: 0 !important; max-width: none !important; padding: 0 !important;
    column-width: ${across / zoom}px; column-gap: 0; column-fill: auto } }`;
  document.head.append(columns);
  const main = document.querySelector('[data-testid=stMainBlockContainer]');
  const origin = main.getBoundingClientRect();
  const marks = '[data-testid=stPlotlyChart], [data-testid=stDataFrame], [data-testid=stTable], '
    + '[data-testid=stMetric], .on-paper tr, h1, h2';
  const placed = [...main.querySelectorAll(marks)].flatMap((mark, number) =>
    [...mark.getClientRects()].filter(it => it.width * it.height > 0).map(box => {
      const left = box.left - origin.left, sheet = Math.floor((left + 1) / across);
      return {
        number, sheet, left: left - sheet * across, top: box.top - origin.top,
        width: box.width, height: box.height,
        name: `${mark.dataset.testid ?? ''} ${mark.innerText.slice(0, 40)}`.trim(),
      };
    }));
  const apart = (a, b, from, size) =>
    a[from] + a[size] <= b[from] + 1 || b[from] + b[size] <= a[from] + 1;
  const faults = placed
    .filter(it => it.left + it.width > across + 1 || it.top + it.height > down + 1)
    .map(it => `larger than its sheet: ${it.name}`);
  placed.forEach((a, place) => placed.slice(place + 1)
    .filter(b => b.number !== a.number && b.sheet === a.sheet
      && !apart(a, b, 'left', 'width') && !apart(a, b, 'top', 'height'))
    .forEach(b => faults.push(`${a.name} overlaps ${b.name}`)));
  columns.remove();
  return { sheets: 1 + Math.max(...placed.map(it => it.sheet)), faults };
}"""


def sheets_printed(page) -> int:
    """Return the number of sheets that the browser prints for the page."""
    return max(
        int(count) for count in re.findall(rb"/Count (\d+)", page.pdf(prefer_css_page_size=True))
    )


def measure(page) -> tuple[int, list[str]]:
    """Return the number of sheets, and the elements that overlap or are larger than a sheet."""
    page.emulate_media(media="print")
    found: dict[str, Any] = page.evaluate(_MEASURE)
    page.emulate_media(media="null")
    return found["sheets"], found["faults"]
