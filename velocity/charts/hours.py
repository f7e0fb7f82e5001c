"""Hours as flat bars: what GPU-hours led to, and hours one by one beside hours as they ran."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from velocity import formats
from velocity.charts.base import Canvas, Chart, hidden
from velocity.charts.marks import bars, hatched, outline, solid
from velocity.charts.words import INK, Part, beside, bold, swatch
from velocity.theme import LIGHT


def draw_bought(frame: pl.DataFrame, *, title: str) -> Chart:
    """One stacked bar of GPU-hours by what they led to.

    - `frame`: one row per part, in order; `part` ("led", "killed", "failed" or "other"),
      `words` (str), `gpu_hours` (float), `per_cent` (int, the parts add up to 100).
    """
    canvas = Canvas(title, 34, (1, 1, 2, 2))
    rows = frame.filter(frame["gpu_hours"] > 0).to_dicts()
    if not rows:
        return canvas.blank("No GPU-hours in these days")
    traces, said = [], []
    looks = {
        "led": solid(LIGHT.series),
        "killed": outline(LIGHT.killed),
        "failed": hatched(LIGHT.failed),
        "other": outline(LIGHT.muted),
    }
    for row in rows:
        hours = row["gpu_hours"]
        part = f"{row['words']} {formats.part(row['per_cent'], hours)}"
        said.append(f"{part}, {formats.count(hours)} GPU-hours")
        traces.append(_flat(hours, 0, looks[row["part"]], said[-1], 0.9))
    layout = _stacked(sum(row["gpu_hours"] for row in rows), (-0.5, 0.5))
    return canvas.chart(traces, layout, f": {', '.join(said)}.")


def draw_side_by_side(row: Mapping[str, Any], *, title: str) -> Chart:
    """An outline of the hours one after another, and below it the hours as they ran.

    - `row`: `experiment_hours` in flight, summed over experiments; `serial_hours` with one
      experiment in flight, and `parallel_hours` with two or more.
    """
    experiment_hours, serial_hours, parallel_hours = (
        row[it] for it in ("experiment_hours", "serial_hours", "parallel_hours")
    )
    canvas = Canvas(title, 96, (1, 1, 18, 2))
    busy = serial_hours + parallel_hours
    if not busy:
        return canvas.blank("Nothing was in flight in these days")
    # The last two add up to the second as printed.
    ran, serial = round(busy), min(round(serial_hours), round(busy))
    hours = round(experiment_hours), ran, serial, ran - serial
    whole, busy_words, one, more = map(formats.hours_sum, hours)
    traces = [
        _flat(experiment_hours, 1, outline(LIGHT.muted), f"one after another {whole}", 0.42),
        _flat(serial_hours, 0, solid(LIGHT.serial), f"one in flight {one}", 0.42),
        _flat(parallel_hours, 0, solid(LIGHT.parallel), f"two or more {more}", 0.42),
    ]
    serially = swatch("■", LIGHT.serial, f"{one} one in flight")
    at_once = swatch("■", LIGHT.parallel, f"{more} two or more")
    ink: Part = {"font": INK, "yanchor": "bottom", "yshift": 1}
    layout = _stacked(max(experiment_hours, busy), (-0.24, 1.24)) | {
        "annotations": [
            beside(f"one after another {bold(whole)}", 1.23, 0, **ink),
            beside(f"as they ran {bold(busy_words)} = {serially} + {at_once}", 0.23, 0, **ink),
        ],
    }
    alt = f": one after another {whole}, as they ran {busy_words}: "
    return canvas.chart(traces, layout, f"{alt}{one} one in flight, {more} parallel.")


def _flat(hours: float, at: float, look: Part, words: str, width: float) -> Part:
    return bars([hours], [at], look, [words], orientation="h", width=[width])


def _stacked(hours: float, rows: tuple[float, float]) -> Part:
    return {"barmode": "stack", "xaxis": hidden(0, hours), "yaxis": hidden(*rows)}
