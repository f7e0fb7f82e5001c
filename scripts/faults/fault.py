"""Definition of a fault, and the tests that are likely to notice one."""

from __future__ import annotations

from dataclasses import dataclass

EXAMPLE = "tests/test_worked_example.py"
ROWS = "tests/test_properties_figures.py::test_rows_match_the_oracle[Europe/Berlin-base1]"
# Few of its experiments begin at once: where many do, a fault can repeat rows without end.
FEW = "tests/test_properties_figures.py::test_rows_match_the_oracle[Pacific/Auckland-base5]"
FIGURES = "tests/test_properties_figures.py::test_figures_match_the_oracle[Europe/Berlin-base1]"
AZORES = "tests/test_properties_figures.py::test_figures_match_the_oracle[Atlantic/Azores-base10]"
SPRING = "tests/test_properties_figures.py::test_figures_match_the_oracle[America/New_York-base3]"
LONG = "tests/test_properties_figures.py::test_figures_of_long_lines_match_the_oracle"
NARROW = "tests/test_properties_figures.py::test_figures_of_any_window_match_the_oracle"
OUTSIDE = "tests/test_outside_oracles.py"
MEDIANS = f"{OUTSIDE}::test_medians_match_exact_fractions"
POISSON = f"{OUTSIDE}::test_poisson_limits_match_scipy"
AGES = f"{OUTSIDE}::test_the_usual_age_of_a_line_matches_scipys_quantile"
CREDITS = "tests/test_credits.py"
USUAL = "tests/test_usual_range.py"
LASTING = "tests/test_lasting_change.py"
ETA = "tests/test_eta.py"
KNOWN = "tests/test_known.py"
NOTES = "tests/test_notes.py"
INCREMENTAL = "tests/test_properties_incremental.py"
CHANGES = f"{INCREMENTAL}::test_an_incremental_derivation_equals_a_full_one"
EXPLAIN = "tests/test_explain_sums.py"
EXPLAIN_CREDITS = "tests/test_explain_beyond_sums.py"
ACCESS = "tests/test_access.py"
ATTACKS = "tests/test_attacks_on_groups.py"
EDGES = "tests/test_edges.py"
MERGE = "tests/test_record.py"
ATTENTION = "tests/test_attention.py"
READS = "tests/test_reads.py"
TO_DATE = "tests/test_to_date.py"
EVIDENCE = "tests/test_evidence.py"
DRAWN = "tests/test_evidence_drawn.py::test_the_product_decides_like_the_oracle"


@dataclass(frozen=True)
class Fault:
    """A fault: its name, its query, the old text, the new text, and its likely tests.

    Instead of a query, it may be in a module, such as "velocity/nudge/rules.py".
    """

    name: str
    query: str
    old: str
    new: str
    tests: tuple[str, ...]
