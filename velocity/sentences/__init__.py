"""All words that pages and the digest compose: answers, tiles, tables, signals. No Streamlit.

Frames and values of `velocity.reading.reads` in, text out. Each page is headed by its answer: a
sentence, and a line below it. The rules that every answer keeps:

- At most 110 characters as read (the line below: 170), sentence case, present tense for what
  holds, past for what a finished week did.
- It is computed, and only from enough: nothing about a median or a share under 6 events; what is
  missing is said instead ("4 loops so far; medians start at 6 events.").
- n stands beside every share; a count is its own n.
- The subject is the loop, the line or the stream, never a person's effort, and nothing is best or
  worst. Signals are points beyond a group's own usual range; everything else is left unsaid.
- A second half, or the line below, may offer one step.
- Names that others wrote are cut short and inert as Markdown; a sentence that a long name would
  burst says less instead.

Thresholds are the constants of each module.
"""

from velocity.sentences.answer import Answer
from velocity.sentences.compute import compute
from velocity.sentences.evidence import data_health, runs
from velocity.sentences.groups import groups
from velocity.sentences.mine import launches_look_unrelated, my_velocity
from velocity.sentences.standup import stand_up
from velocity.sentences.streams import streams
from velocity.sentences.why import why_this_number

__all__ = [
    "Answer",
    "compute",
    "data_health",
    "groups",
    "launches_look_unrelated",
    "my_velocity",
    "runs",
    "stand_up",
    "streams",
    "why_this_number",
]
