"""Faults in latencies and their medians."""

from __future__ import annotations

from scripts.faults.fault import ACCESS, FIGURES, MEDIANS, NARROW, OUTSIDE, Fault

FAULTS = (
    Fault(
        "censored is ended",
        "macros/curve_of",
        "ln(n / remaining) - log_survival",
        "ln(n / remaining)",
        (MEDIANS,),
    ),
    Fault(
        "Greenwood's variance too large",
        "macros/curve_of",
        "1 / remaining - 1 / n - greenwood",
        "1 / remaining - 1 / n",
        (OUTSIDE,),
    ),
    Fault(
        "limits of 90 %",
        "macros/curve_of",
        "normal_95()",
        "1.6448536269514722",
        (OUTSIDE,),
    ),
    Fault(
        "half is not a half",
        "macros/kaplan_meier",
        "hazard >= -ln(0.5 + 1e-9)",
        "hazard > -ln(0.5 - 1e-9)",
        (MEDIANS,),
    ),
    Fault(
        "six events are too few",
        "macros/kaplan_meier",
        "n - censorings >= at_least().events",
        "n - censorings > at_least().events",
        (MEDIANS,),
    ),
    Fault(
        "gaps reach into the window",
        "metrics/lines",
        "previous_day >= $from_day::DATE",
        "start_day >= $from_day::DATE",
        (NARROW,),
    ),
    Fault(
        "open loops are not in the lines",
        "metrics/lines",
        "length_us IS NOT NULL AND",
        "status <> 'open' AND",
        ("tests/test_line_figures.py",),
    ),
    Fault(
        "gaps of other streams count",
        "metrics/lines",
        "may_see($scope, scholar.scholar, before.stream)\n"
        "    AND may_see($scope, scholar.scholar, after.stream)",
        "true",
        (f"{ACCESS}::test_work_in_another_stream_does_not_change_the_figures_of_a_line",),
    ),
    Fault(
        "awake reactions last the night",
        "macros/latency_of",
        "reaction_awake_us, closed_event",
        "reaction_us, closed_event",
        (FIGURES,),
    ),
    Fault(
        "waiting recoveries are over",
        "macros/latency_of",
        "recovery_us, recovered",
        "recovery_us, true",
        (FIGURES,),
    ),
    Fault(
        "first rows of excluded runs count",
        "macros/latency_of",
        "  WHERE excluded IS NULL\n",
        "",
        (FIGURES,),
    ),
)
