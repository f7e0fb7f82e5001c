"""All sentences of pages and the digest: answers, tiles, tables, shifts. No Streamlit.

Frames and values of `velocity.reading.reads` in, text out. Each page begins with its answer: a
sentence, and a line below it. Every answer keeps these rules:

- At most 110 characters as read (the line below: 170), in sentence case. Present tense for the
  current state, past tense for finished weeks.
- Nothing about a median or a share under 6 events. The text says how many there are instead ("4
  loops so far; medians start at 6 events.").
- Every share has its n beside it; a count is its own n.
- The subject is the loop, the line or the stream, never a person's effort. Nothing is best or
  worst. Only values beyond a group's own usual range are reported.
- The line below, or the end of the sentence, may offer one step.
- Other people's names are shortened and inert as Markdown. If a name is too long for a sentence,
  a shorter sentence is used.
"""
