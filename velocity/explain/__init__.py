"""Why this number: the rows behind one figure of one scholar, and how they add up to it.

The rows come from the tables that the figure itself is read from. What is added up here is what is
shown, row by row; the headline beside it is what the query of the metric says, and the two agree.
"""

from velocity.explain.arithmetic import exact, with_unit
from velocity.explain.catalogue import WAYS, explained
from velocity.explain.explanation import Explanation, Result, Total
from velocity.explain.made import explain, weeks
from velocity.explain.sections import Section, common_folder, sections, without
from velocity.explain.words import MEANINGS

__all__ = [
    "MEANINGS",
    "WAYS",
    "Explanation",
    "Result",
    "Section",
    "Total",
    "common_folder",
    "exact",
    "explain",
    "explained",
    "sections",
    "weeks",
    "with_unit",
    "without",
]
