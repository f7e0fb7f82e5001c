"""Why this number: the rows behind one figure of one scholar, and how they add up to it.

The rows come from the tables that the figure itself is read from. What is added up here is what is
shown, row by row; the headline beside it is what `velocity.reads.metrics` says, and the two agree.
"""

from velocity.explain.explanation import RULES, Explanation, Total
from velocity.explain.made import explain
from velocity.explain.text import as_json, render_text

__all__ = ["RULES", "Explanation", "Total", "as_json", "explain", "render_text"]
