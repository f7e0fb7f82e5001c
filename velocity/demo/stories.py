"""Facts about the demo cohort, which its pages must show.

A story belongs to a *seat*, a scholar's position in the list of usernames: permuting the names
moves the stories with them. Weeks count from 0, the first week of the term; week 11 is the last
complete one and week 12 is the current one. A story with `ago` is placed backwards from as_of, all
others forwards from the first Monday, so that starting the demo on another day of the same week
changes neither.
"""

from dataclasses import dataclass
from datetime import timedelta

#: Usernames by seat.
BIRDS: tuple[str, ...] = (
    *("heron", "gannet", "jackdaw", "tern", "avocet", "quail", "lapwing", "siskin"),
    *("fulmar", "plover", "ibis", "osprey", "redwing", "curlew", "dunlin", "knot"),
    *("godwit", "whimbrel", "petrel", "shrike", "wigeon", "pipit", "swift", "dotterel"),
)

#: With this seed, no shift in the last complete week is due to chance.
SEED = 41

#: Complete weeks before the current one.
WEEKS = 12
LAST_WEEK = WEEKS - 1

#: W&B entity that owns every project.
ENTITY = "aviary"

#: A W&B user who is not in the roster; works in `GUEST_PROJECT`.
GUEST = "cuckoo"
GUEST_PROJECT = "sae-wide"
#: Project of the service account, whose runs have no user.
SERVICE_PROJECT = "evals-nightly"
#: A research manager, and the seats of the scholars whom they see, each in another stream.
MANAGER, MANAGED = "wren@example.org", (5, 13, 17)
#: A W&B account that two scholars share.
SHARED_ACCOUNT = "workbench"
#: What the roster tells the runs of the two by.
EARLY_TAG, LATE_SHIFT = "early-shift", {"shift": "late"}


def agent_of(name: str) -> str:
    """Username of a scholar's coding agent."""
    return f"{name}-agent"


@dataclass(frozen=True)
class Story:
    """One fact about one seat."""

    seat: int  # position in the list of usernames
    project: str  # where it happens
    week: int = 0  # week of the term in which it happens or begins
    ago: timedelta = timedelta()  # how long before as_of it happened


TURNS_PARALLEL = Story(13, "sae-scaling", week=4)
"""Launches one experiment at a time for four weeks; from the fifth on, two or more are in flight
for most of the busy hours."""

ALWAYS_PARALLEL = Story(11, "judge-v2")
"""Has two or more experiments in flight for most of the busy hours, every week."""

CRASH_STORM = Story(16, "evals-agents", week=8)
"""More than thirty runs die within two minutes in one week, and hardly any in other weeks."""

LONG_JOB = Story(17, "vision-pretrain")
"""Waits for one long job after another: the machine is most of the loop, the serial share near 1,
and the next launch follows soon after each result."""

BLIND = Story(18, "evals-persona")
"""Launches at times that are unrelated to results: the blind ratio is near 1."""

IDLE_WEEK = Story(15, "sae-circuits", week=6)
"""Launches nothing in one week, with nothing left in flight: a week of zeros, not a gap."""

EVENING = Story(6, "vision-probe")
"""Results arrive in the evening and wait until morning: most of the reaction time is outside the
awake window."""

FALSE_STARTS = Story(12, "monitor", week=9)
"""On the Wednesday of one week every launch is a false start, and nothing else is launched."""

SLOW_STREAM = Story(0, "probe-sweep", week=LAST_WEEK)
"""All of Basalt reacts far later than usual in the last complete week, beyond the stream's own
limits; its machine time does not change. The seat belongs to one of its scholars."""

RESULT_WAITING = Story(0, "probe-sweep", ago=timedelta(days=2, hours=3, minutes=20))
"""A success came 2 d 3 h before as_of and nothing was launched on the line since: the oldest
waiting result."""

RESULT_WAITING_TOO = Story(2, "steer-2", ago=timedelta(days=1, hours=8, minutes=20))
"""The same, 1 d 8 h before as_of, in the same stream."""

FAILURE_UNRECOVERED = Story(1, "probe-base", ago=timedelta(days=1, hours=19, minutes=20))
"""The last experiment failed 1 d 19 h before as_of; no run has been started since."""

FAILURE_UNRECOVERED_TOO = Story(4, "sae-wide", ago=timedelta(days=1, hours=2, minutes=20))
"""The same, 1 d 2 h before as_of, in another stream."""

STALE_RUN = Story(3, "evals-long", ago=timedelta(days=1, hours=6, minutes=20))
"""A run says "running" but its last heartbeat is 1 d 6 h old; the line continued without it."""

STALE_RUN_TOO = Story(5, "judge-v3", ago=timedelta(days=1, hours=1, minutes=20))
"""The same with 1 d 1 h."""

OPEN_TOO_LONG = Story(14, "field-notes", ago=timedelta(days=2, hours=5))
"""A run launched 2 d 5 h before as_of is still in progress: older than usual for its line, which
continues beside it."""

UNDER_WAY = Story(12, "monitor", ago=timedelta(minutes=50))
"""Three seeds launched 50 min before as_of are in progress at any hour: no older than usual."""

ZOMBIE = Story(-1, SERVICE_PROJECT, ago=timedelta(days=9))
"""A run of the service account has said "running" for 9 days. It is on no scholar's line, so only
the data-health page shows it."""

OFFLINE_SYNC = Story(7, "sae-transfer", week=9, ago=timedelta(hours=20))
"""Two runs of an earlier week were synced from an offline directory 20 h before as_of: created and
last seen then, weeks after they started."""

NEWCOMER = Story(22, "evals-recall", ago=timedelta(days=4))
"""Arrived 4 days before as_of: fewer than six loops, so dots and no median."""

TWO_STREAMS = Story(14, "field-notes", week=6)
"""Moves from Cirrus to Aurora at the start of a week and takes the project along; no rule names
the project, so membership on the day decides."""

AMBIGUOUS = Story(21, "sandbox")
"""Belongs to two streams at once; the stream of the runs in the sandbox is ambiguous."""

NOTHING = Story(23, "monitor")
"""In the roster, but has never launched a run. The project is the intended one."""

OLD_SDK = Story(19, "vision-clip")
"""Uses an SDK that did not write an environment: start from creation, no host, no GPUs."""

SPOT_MACHINES = Story(20, "evals-math")
"""Works on preemptible machines: preempted runs continue with the same config, and several writers
resume the long ones. One of the machines has a clock that runs 3 h fast."""

BAD_CLOCKS = Story(9, "redteam-a")
"""Two runs report a negative runtime; with the three of the fast machine, five flagged runs."""

AGENT = Story(9, "redteam-agent", week=10)
"""A coding agent with an account of its own launches around the clock from this week on; a rule in
the roster counts it apart from its scholar."""

SWEEP_BY_HAND = Story(3, "evals-depth", week=8)
"""Five experiments one after another that differ in `layer` alone, each launched some minutes after
the result of the one before: they could have been one sweep."""

ADAPTIVE_SEARCH = Story(7, "sae-tune", week=8)
"""Six experiments that differ in `lr` alone, each chosen from the result of the one before, so that
they could not have been one sweep."""

AWAY = Story(7, "sae-transfer", week=10)
"""Away for one week, as the roster says: no launches, and results do not wait on anyone."""

HOLIDAY = Story(8, "probe-arch", week=7)
"""The Wednesday of one week is a holiday, for everybody: results do not wait in working hours."""

NEW_PHASE = Story(5, "judge-v3", week=4)
"""Begins a new project; a note of the roster starts the usual ranges of the scholar afresh."""

AIM = Story(13, "sae-scaling")
"""Wants a smaller serial share, as the roster says; the stream wants more conclusions."""

REPEAT = Story(5, "judge-v3", week=9)
"""Runs the same config twice on the same commit, although the first run had finished."""

DEBUGGING = Story(10, "scratch", week=5)
"""Debugs in a project that the roster excludes: its runs count nowhere."""

IGNORED = Story(10, "steer-eval", week=9)
"""One run with the tag `velocity:ignore`, which counts nowhere."""

SHARED = Story(5, "redteam-bench", week=9)
"""Two scholars use one account; a tag says which runs are the first one's. Nobody's: one run."""

SHARED_TOO = Story(9, "redteam-bench", week=9)
"""The other scholar of the shared account, whose runs a config key tells."""

IDLE_HOST = Story(20, "evals-math", ago=timedelta(hours=5, minutes=30))
"""The last run on a rented machine ended 5 h 30 min before as_of; it has cost money since then."""

CHEAPER = Story(4, "sae-wide", week=6)
"""The price of an H100 falls at the start of a week; earlier hours keep the old one."""

SECOND_GRANT = Story(4, "sae-wide", week=6)
"""The scholar's stream, Aurora, receives credits for the second time."""
