"""A slow, independent statement of every number, to check the product's SQL against.

Nothing here imports the product. It is written for reading: plain loops over rows, whole
microseconds, and exact fractions wherever floating point could decide a comparison wrongly.

model.py          what goes in and what comes out; interval and local-time arithmetic
runs.py           one run: class, sessions, end, flags
experiments.py    derive(): from runs to experiments and loops
windows.py        local days, weeks and months; how many weeks a window holds
kaplan_meier.py   exact medians, Brookmeyer-Crowley limits
lines.py          blind_ratio, work in progress, results waiting
metrics.py        metrics(), metrics_by(): one value a group, window and id
streams.py        attribution to streams, and what is left within one
gpu.py            host-capped GPU-hours
credits.py        what they cost, what was granted, how long the rest lasts
examples.py       a builder of runs and the worked example
strategies.py     Hypothesis: small nasty run lists

Where the definitions leave something open, a comment that begins with "Choice:" says what was
taken.
"""
