"""A slow, independent calculation of every number, to check the product's SQL.

Nothing here imports the product. It is written for reading: plain loops over rows, whole
microseconds, and exact fractions wherever floating point could decide a comparison wrongly.

model.py          input and output; interval and local-time arithmetic
runs.py           one run: class, sessions, end, flags
experiments.py    derive(): from runs to experiments and loops
windows.py        local days, weeks and months; how many weeks a window holds
kaplan_meier.py   exact medians, Brookmeyer-Crowley limits
lines.py          blind_ratio, work in progress, results waiting
metrics.py        metrics(), metrics_by(): one value per group, window and id
streams.py        attribution to streams, and the part of the data within one
gpu.py            host-capped GPU-hours
credits.py        credits spent, granted and left, and how long the rest lasts
examples.py       a builder of runs and the worked example
strategies.py     Hypothesis: small nasty run lists

Where the definitions leave something open, a comment that begins with "Choice:" states the
decision.
"""
