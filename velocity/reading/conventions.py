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
  an imported table the one that was named, or the largest time in it, where the start + runtime
  of every run (under ten years) counts too. Every project has its own, to which its runs and
  loops are counted; a page shows the oldest. Windows and their weeks are cut at the latest of
  all. No figure reads the clock on the wall: the same data gives the same figures tomorrow.
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
- **Classes.** The first word of the state decides, in any case, as W&B and common schedulers write
  it. A running run whose last sign of life is more than {stale} before the end of the data is
  stale: presumed dead, and alive again if a later sync says so. Pending runs, and runs to which no
  client ever wrote, have not begun and count nowhere. A word that is not in the list is unknown:
  over, not a success, and flagged.
- **Failed compute.** Failed, crashed and stale runs. Killed runs stand apart, because killing a
  bad run early is good practice; pre-empted ones are never failures.
- **Clocks.** A run has the server's clock (created, last heartbeat), the client's (starts, rows)
  and a stopwatch (runtime). The client's clock is believed as a whole or not at all. If its start
  lies before 2015, past the last heartbeat, or before the creation of a run that the server saw
  from end to end, all of its times are moved so that the start is the creation. What contradicts
  the rest is not used, and the run bears a flag that says so: nothing is corrected silently.
- **Start.** The earliest start that one of the run's processes wrote down, else the start that old
  clients wrote, else, of a run uploaded later, the runtime before its last row, else the creation.
- **Late uploads.** A start more than {stale} before the creation: the heartbeat is the upload's
  and no sign of life.
- **Queue.** From the creation of a run to its start, where a process wrote the start down; not
  known otherwise.
- **End.** Start plus runtime; without a runtime the last heartbeat, else the last logged row,
  else the start itself, which is flagged. A runtime that is longer than the run was there is not
  used. A stale run ends at its last sign of life; a running one is counted to the end of the data.
- **Suspended runs.** If rows go on for more than {stale} after start plus runtime, the machine
  slept. The run is present until its last sign of life, because the scholar waits for it, but
  only the runtime is active: GPU-hours, credits and early failures count active time.
- **Several processes.** Processes that begin at most {together} after the first are one launch on
  several machines. Several launches take turns: the last ends at its heartbeat, the earlier ones
  share what that leaves of the runtime, in order, and are flagged as estimated. If instead the
  runtime is only that of the last launch, a run that was not resumed is its last launch; of a
  resumed one the earlier launches last until the next begins. In shared mode, or if rows go on
  past the runtime that the last process left, the first launch lasts to the end and the others
  help it as long as the runtime says. If a resumed run shows only its last process, an earlier
  session from the creation on is added.
- **Machines.** Each session is charged for its own machines, one per host.
- **Local directories.** There is no server's clock: each directory is a session that ends by its
  own facts, at the latest where the next begins.
- **One run twice.** Of runs with one id in several projects, whose starts are at most {together}
  apart, the one that was read last counts, and one from W&B before one from local files.
- **Early failure.** Failed compute with at most 2 minutes of active time, its end known.
- **Flagged clocks.** An end before its start, and a start or end more than {stale} after the end
  of the data, have the flag "clock". A run that begins after the end of the data waits for the next
  sync. Experiments with such a run are left out of latency.
- **What is assumed.** A resumed run whose first session died at once, with a client that keeps
  only its own process, gets that session stretched to the next start. An offline run of less than
  {stale} with a longer upload reads as a clock that is behind, unless the client says it was
  offline. Earlier launches of an id that was used again are lost: W&B holds no ends for them.
""",
    "Experiments": """\
- **One decision.** Runs of a scholar and project with the same tag exp:NAME, else of the same
  sweep, are one experiment. Other runs are taken in order within their W&B group: a run joins the
  one before it when that is in flight and began at most {together} earlier or has the same config
  (ignored keys aside, such as seeds, ranks and paths), or when any earlier run, not killed, ended
  at most {script} before its start. A run that takes up a pre-empted one of the same config belongs
  to its experiment. Of a config that is empty, or has ignored keys alone, nothing is the same.
- **Repeats.** A run whose whole config (ignored keys too) and git commit equal those of a run of its
  scholar and project that had already finished when it began has the flag "repeat". Changes that
  were not committed are not seen.
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
