"""Why this number: the rows behind one figure, and how they add up to it.

A figure is a scholar's, a stream's or the programme's. Its metric's header says what is added up;
the headline beside the sum is the value that the query of the metric gives, and the two agree.
"""

from velocity.explain.explanation import Explanation, Result, Section, Total, meanings, sections
from velocity.explain.made import explain, explained, ways

__all__ = [
    "Explanation",
    "Result",
    "Section",
    "Total",
    "explain",
    "explained",
    "meanings",
    "sections",
    "ways",
]
