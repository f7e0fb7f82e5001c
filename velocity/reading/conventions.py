"""The conventions and choices that all figures share, for the Definitions page and the docs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from velocity.settings import Experiments

#: Title -> Markdown, an item each; in braces what a setting decides.
_CONVENTIONS: dict[str, str] = {
    "Time": """\
- **Clock.** Times are UTC and reckoned in whole microseconds; hours are made at the end. A
  stretch of time holds its start and not its end, so a run that starts as another ends does not
  overlap it.
- **Days and weeks.** Days begin at 00:00 and weeks on Monday, in the programme's time zone. A day
  may have 23 or 25 hours.
- **As of.** The instant to which the data is complete: the start of the last successful sync; for
  an imported table the one that was named, or the largest time in it. Every project has its own,
  to which its runs and loops are counted; a page shows the oldest. Windows and their weeks are
  cut at the latest of all. No figure reads the clock on the wall: the same data gives the same
  figures tomorrow.
- **The last instant.** What happens at the very end of the data counts, in its day and in all the
  data.
- **Weeks of a window.** Its local days / 7, a partial day by its length. With no window, exposure
  begins at the local day of the first launch.
- **Restated.** Late syncs and runs that end after they were read change past weeks. Stand-up
  lists what moved since the week before, medians and shares too. A median of a week moves as well
  while its loops wait, as they are counted up to the data's instant: whoever read the week before
  read another figure. What reads the same at the precision shown is not listed.
""",
    "Figures": """\
- **Not known.** A ratio whose denominator is 0 is not known, and neither is a time that nobody
  reported. Neither is ever shown as 0; a week in which nothing happened is a week of zeros.
- **Adding up.** Hours and counts add up over days and scholars; ratios are formed after adding;
  of peaks the largest is taken. Medians do not add up, and there is no mean of medians.
- **Medians.** Kaplan-Meier: what has not ended yet counts as at least as long as it has lasted.
  Limits are 95 % limits. Fewer than 6 events make no median; one that the curve never comes down
  to is shown as more than the largest observed.
- **Signals.** From 8 complete weeks on, a group has a usual range: the mean of its own weeks,
  plus and minus 2.66 mean moving ranges, on the log scale for times. Only a complete week beyond
  it is a signal; the running week never is.
- **Comparison.** With one's own past, and with the middle half of at least 8 others. Nobody is
  ranked, and no figure is a target.
- **Streams.** An experiment belongs to the stream whose project rule matches first, else to the
  scholar's only stream on the day of its launch, else to none. A stream counts its own
  experiments only, overlaps among them included, so that the hours of streams do not add up to
  the programme's.
- **Unknown users.** With a roster, runs of W&B users whom it lacks count in programme totals
  only, flagged as unattributed; without one, every username is a scholar, flagged as unmapped.
""",
    "Runs": """\
- **Classes.** Finished, failed, crashed, killed and pre-empted are as W&B says. Running is a run
  with a heartbeat at most {stale} before the end of the data; with an older one it is stale:
  presumed dead, and alive again if a later sync says so. Pending runs have not begun and count
  nowhere. Any other state is unknown: over, and no success.
- **Failed compute.** Failed, crashed and stale runs. Killed runs stand apart, because killing a
  bad run early is good practice; pre-empted ones are never failures.
- **Start.** The earliest start that one of the run's processes wrote down, else when the run was
  created.
- **Queue.** From the creation of a run to its start, where a process wrote the start down; not
  known otherwise.
- **End.** Start plus runtime; without a runtime the last heartbeat, else the last logged row,
  else the start itself, which is flagged. A stale run ends at its last heartbeat; a running one
  is counted to the end of the data.
- **Resumed runs.** One session for each process. The last ends at its heartbeat; the earlier ones
  share what that leaves of the runtime, in order, and are flagged as estimated.
- **Early failure.** Failed compute of at most 2 minutes, its end known. It is compute time that
  counts: pauses between the sessions of a resumed run do not.
- **Clocks.** An end before its start, and a start or end more than 15 minutes after the end of
  the data, are flagged. A run that begins after the end of the data waits for the next sync.
  Experiments with a flagged clock are left out of latency.
""",
    "Experiments": """\
- **One decision.** Runs of a scholar and project with the same tag exp:NAME, else of the same
  sweep, are one experiment. Other runs are taken in order within their W&B group: a run joins the
  one before it when that is in flight and began at most {together} earlier or has the same config
  (ignored keys aside, such as seeds, ranks and paths), or when any earlier run, not killed, ended
  at most {script} before its start. A run that takes up a pre-empted one of the same config belongs
  to its experiment. Of a config that is empty, or has ignored keys alone, nothing is the same.
- **Scripts.** Relaunches within {script} are taken for scripts, so reactions are cut off below
  {script}. The {stale}, {together} and {script} are settings: compare figures only at equal
  settings.
- **Signal and outcome.** Of n runs, the signal is when half of them (rounded up) have finished: a
  success. Otherwise, once nothing runs any more, it is the last end: partial if any finished; a
  false start if all were early failures; a failure if any was failed compute; else killed, or
  other. Until then the experiment is open.
""",
    "Loops": """\
- **Parts.** Launch to signal is machine time, signal to the next launch of the same scholar and
  project is reaction time; the loop is both. A launch at the very instant of a signal is a
  reaction of 0.
- **Status.** Closed: launched again within 5 days of the signal. Abandoned: not. Awaiting: not
  yet, within 5 days. Open: no signal yet. A false start has no loop of its own, but its launch
  can close another's.
- **Awake window.** 09:00 to 21:00 in the scholar's time zone, every day, unless the roster says
  otherwise. Of whom it names no time zone, that of UTC, whatever the programme's is.
- **Window.** An experiment and its loop belong to the window of the launch; conclusions, failures
  and recoveries to that of the signal; runs count by their start or by their end.
""",
    "Compute": """\
- **Allocation.** A run reports the GPUs of its machine, not those that it uses: GPU-hours are
  allocation, not utilisation. Where the runs of a host ask for more than the most that it ever
  reported, what it has is shared out among them. A config key can be named that tells the true
  count; what is no number of GPUs there, such as the -1 that means all, or above a million,
  replaces nothing. Runs over several nodes are under-counted.
- **Unknown GPUs.** Hours of runs whose GPU count is not known stand apart and cost nothing.
- **Credits.** GPU-hours times the rate of the GPU type: of the rates that match and hold on that
  day, the latest. Burn is the spending of the last 14 days / 14.
""",
}


def conventions(experiments: Experiments) -> dict[str, str]:
    """Title -> Markdown, an item each, with the values of the settings."""
    values = {
        "stale": _written(experiments.stale_after_minutes, "minute"),
        "together": _written(experiments.together_minutes, "minute"),
        "script": _written(experiments.script_gap_seconds, "second"),
    }
    return {title: rules.format(**values) for title, rules in _CONVENTIONS.items()}


def _written(value: float, unit: str) -> str:
    """A setting to the last digit."""
    return f"{value:.15g} {unit}" + ("" if value == 1 else "s")
