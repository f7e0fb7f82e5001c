"""The conventions that all figures share, for the Definitions page and the docs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from velocity.settings import Experiments

#: Title -> Markdown with one item per convention; settings stand in braces.
_CONVENTIONS: dict[str, str] = {
    "Time": """\
- **Clock.** Times are UTC and computed in whole microseconds; they become hours only at the end. An
  interval includes its start and excludes its end, so a run that starts when another ends does not
  overlap it.
- **Days and weeks.** Days begin at 00:00 and weeks on Monday, in the programme's time zone. A day
  may have 23 or 25 hours.
- **As of.** The instant up to which the data is complete: the start of the last successful sync.
  For an imported table it is the instant given, or else the largest time in the table, including
  the start + runtime of every run (under ten years). Every project has its own, up to which its
  runs and loops are counted; a page shows the oldest. Windows and their weeks end at the latest of
  all. No figure reads the current time: the same data gives the same figures tomorrow.
- **The last instant.** Events at the very end of the data count, in their day and in all data.
- **Weeks of a window.** Its local days / 7, with a partial day counted by its length. Without a
  window, exposure begins on the local day of the first launch.
- **Restated.** Late syncs, and runs that end after they were read, change past weeks. Stand-up
  lists what changed since the week before, including medians and shares. The median of a week also
  changes while its loops wait, because they are counted up to the end of the data. Changes that do
  not show at the precision displayed are not listed.
""",
    "Figures": """\
- **Not known.** A ratio whose denominator is 0 is not known, and neither is a time that nobody
  reported. Neither is ever shown as 0. A week in which nothing happened is a week of zeros.
- **Adding up.** Hours and counts are summed over days and scholars, ratios are computed from the
  sums, and of peaks the largest is taken. Medians are never summed or averaged.
- **Medians.** Kaplan-Meier: a time that has not ended yet counts as at least as long as it has
  lasted. Limits are 95 % limits. Fewer than 6 events give no median. A median that the curve does
  not reach is shown as more than the largest observed time.
- **Shifts.** From 8 complete weeks on, a group has a usual range: the mean of its own weeks, plus
  and minus 2.66 mean moving ranges, on the log scale for times. A complete week outside it is a
  shift; the current week never is.
- **Comparison.** Figures are compared with one's own past, and with the middle half of at least 8
  others. Nobody is ranked, and no figure is a target.
- **Streams.** An experiment belongs to the stream whose project rule matches first, else to the
  scholar's only stream on the day of its launch, else to none. A stream counts only its own
  experiments, including overlaps among them, so the hours of streams do not add up to the
  programme's.
- **Unknown users.** With a roster, runs of W&B users who are not in it count in programme totals
  only and are flagged as unattributed. Without a roster, every username is a scholar, flagged as
  unmapped.
""",
    "Runs": """\
- **Classes.** The first word of the state decides, regardless of case, as W&B and common schedulers
  write it. A running run whose last sign of life is more than {stale} before the end of the data is
  stale: presumed dead, and alive again if a later sync says so. Pending runs, and runs to which no
  client ever wrote, have not begun and are not counted. An unlisted word makes the run unknown:
  over, not a success, and flagged.
- **Failed compute.** Failed, crashed and stale runs. Killed runs are kept apart, because killing a
  bad run early is good practice. Pre-empted runs are never failures.
- **Clocks.** A run has the server's clock (created, last heartbeat), the client's (starts, rows)
  and a stopwatch (runtime). The client's clock is used as a whole or not at all. If its start is
  before 2015, after the last heartbeat, or before the creation of a run that the server saw from
  beginning to end, all its times are moved so that the start is the creation. A value that
  contradicts the others is not used, and a flag on the run says so: nothing is corrected silently.
- **Start.** The earliest start that a process of the run recorded; else the start that old clients
  recorded; else, for a run uploaded later, the runtime before its last row; else the creation.
- **Late uploads.** If the start is more than {stale} before the creation, the heartbeat belongs to
  the upload and is not a sign of life.
- **Queue.** The time from the creation of a run to its start, if a process recorded the start;
  otherwise not known.
- **End.** Start plus runtime; without a runtime the last heartbeat, else the last logged row, else
  the start itself, which is flagged. A runtime longer than the run existed is not used. A stale run
  ends at its last sign of life. A running one is counted to the end of the data.
- **Suspended runs.** If rows continue for more than {stale} after start plus runtime, the machine
  slept. The run is present until its last sign of life, because the scholar waits for it, but only
  the runtime is active: GPU-hours, credits and early failures count active time.
- **Several processes.** Processes that begin at most {together} after the first are one launch on
  several machines. Several launches take turns: the last ends at its heartbeat, and the earlier
  ones share the remaining runtime in order and are flagged as estimated. If the runtime covers
  only the last launch, a run that was not resumed consists of its last launch, and the earlier
  launches of a resumed run last until the next begins. In shared mode, or if rows continue past the
  runtime that the last process reported, the first launch lasts to the end and the others help it
  for as long as the runtime says. If a resumed run shows only its last process, an earlier session
  from the creation on is added.
- **Machines.** Each session is charged for its own machines, one per host.
- **Local directories.** They have no server clock: each directory is a session that ends by its own
  data, at the latest when the next begins.
- **One run twice.** If runs with one id are in several projects and start at most {together} apart,
  the one read last counts, and one from W&B before one from local files.
- **Early failure.** Failed compute with at most 2 minutes of active time and a known end.
- **Flagged clocks.** An end before the start, and a start or end more than {stale} after the end of
  the data, have the flag "clock". A run that begins after the end of the data waits for the next
  sync. Experiments with such a run are left out of latency.
- **Assumptions.** If the first session of a resumed run died at once and the client records only
  its own process, that session is stretched to the next start. An offline run shorter than {stale}
  with a longer upload looks like a slow clock, unless the client says that it was offline. Earlier
  launches of a reused id are lost: W&B does not store their ends.
""",
    "Experiments": """\
- **One decision.** Runs of a scholar and project with the same tag exp:NAME, or else of the same
  sweep, are one experiment. Other runs are taken in order within their W&B group. A run joins the
  one before it if that run is in flight and either began at most {together} earlier or has the same
  config (except for ignored keys such as seeds, ranks and paths). It also joins if an earlier run
  that was not killed ended at most {script} before its start. A run that continues a pre-empted one
  with the same config belongs to its experiment. A config that is empty or has only ignored keys
  is not the same as any other.
- **Scripts.** Relaunches within {script} count as scripts, so there are no reactions below
  {script}. The {stale}, {together} and {script} are settings: compare figures only at equal
  settings.
- **Result and outcome.** With n runs, the result comes when half of them (rounded up) have
  finished: a success. Otherwise it comes with the last end, once nothing runs any more: partial if
  any run finished; a false start if all were early failures; a failure if any was failed compute;
  else killed, or other. Until then the experiment is open.
""",
    "Loops": """\
- **Parts.** Launch to result is machine time; result to the next launch of the same scholar and
  project is reaction time; the loop is both. A launch at the very instant of a result is a reaction
  of 0.
- **Status.** Closed: the next launch came within 5 days of the result. Abandoned: it did not.
  Awaiting: not yet, within 5 days. Open: no result yet. A false start has no loop of its own, but
  its launch can close another loop.
- **Awake window.** 09:00 to 21:00 in the scholar's time zone, every day, unless the roster says
  otherwise. Scholars without a time zone in the roster use UTC.
- **Window.** An experiment and its loop belong to the window of the launch; conclusions, failures
  and recoveries belong to that of the result. Runs count by their start or by their end.
""",
    "Compute": """\
- **Allocation.** A run reports the GPUs of its machine, not those that it uses: GPU-hours are
  allocation, not utilisation. If the runs on a host request more than the most GPUs that it ever
  reported, its GPUs are shared among them. A setting can name a config key that holds the true
  count. Values that are not a number of GPUs, such as -1 for all, or that exceed a million are
  ignored. Runs over several nodes are under-counted.
- **Unknown GPUs.** Hours of runs with an unknown GPU count are kept apart and cost nothing.
- **Credits.** GPU-hours times the rate of the GPU type: of the rates that match and hold on that
  day, the latest. Burn is the spending of the last 14 days / 14.
""",
}


def conventions(experiments: Experiments) -> dict[str, str]:
    """Returns title -> Markdown, with the values of the settings."""
    values = {
        "stale": _written(experiments.stale_after_minutes, "minute"),
        "together": _written(experiments.together_minutes, "minute"),
        "script": _written(experiments.script_gap_seconds, "second"),
    }
    return {title: rules.format(**values) for title, rules in _CONVENTIONS.items()}


def _written(value: float, unit: str) -> str:
    """Returns a setting to the last digit."""
    return f"{value:.15g} {unit}" + ("" if value == 1 else "s")
