"""The person in each seat: zones, machines, habits and lines of work."""

from typing import Any

from velocity.demo.experiments import Kinds, Machine
from velocity.demo.lines import Habit, Line, Person
from velocity.demo.planned import Host
from velocity.demo.stories import (
    ALWAYS_PARALLEL,
    AMBIGUOUS,
    BLIND,
    CRASH_STORM,
    EVENING,
    FALSE_STARTS,
    GUEST_PROJECT,
    IDLE_WEEK,
    LONG_JOB,
    OLD_SDK,
    SLOW_STREAM,
    SPOT_MACHINES,
    TURNS_PARALLEL,
    TWO_STREAMS,
)
from velocity.demo.workdays import Hours

_H100 = "NVIDIA H100 80GB HBM3"
_A100 = "NVIDIA A100-SXM4-80GB"
_L40S = "NVIDIA L40S"
_CONSUMER = "NVIDIA GeForce RTX 4090"

_H100_NODE = Host("rookery-h100-01", _H100, 8)
_A100_BIG = Host("rookery-a100-01", _A100, 8)
_A100_SMALL = Host("rookery-a100-02", _A100, 4)
_L40S_ONE, _L40S_TWO, _L40S_THREE = (Host(f"rookery-l40s-0{n}", _L40S, 2) for n in (1, 2, 3))
_SPOT = tuple(Host(f"spot-{name}", _L40S, 1) for name in ("ash", "elm", "oak"))
#: A rented machine that is idle at the end.
RENTED_HOST = Host("spot-yew", _L40S, 1)
#: The machine of a coding agent.
AGENT_HOST = Host("rookery-agents-01", _L40S, 1)
_DESK = Host("under-the-desk", _CONSUMER, 1)
_LAPTOP = Host("localhost", _CONSUMER, 1)

_LONDON = "Europe/London"
_BERLIN = "Europe/Berlin"
_NEW_YORK = "America/New_York"
_PACIFIC = "America/Los_Angeles"
_KOLKATA = "Asia/Kolkata"
_SYDNEY = "Australia/Sydney"

_PATIENT = Habit(drift=0.01)
_LIVELY = Habit(more=0.2, drift=0.01)
_BASALT = Habit(react=2.5, react_spread=0.75, more=0.1, overlap=0.08, drift=0.006, pause=0.02)
_STEADY = Habit(react=2.0, more=0.05, overlap=0.05, impatience=0.0)
_PROMPT = Habit(react=1.0, react_spread=0.5, more=0.1, overlap=0.05)
_WAITING = Habit(react=0.5, react_spread=0.5, more=0, overlap=0, impatience=0, pause=0)
_SPLIT = Habit(react=8.0, pause=0.1, drift=0.01)
_ONE_AT_A_TIME = Habit(more=0.0, overlap=0.0, impatience=0.0)

_SINGLE = Kinds(1, 0, 0, 0, 0)
_NARROW = Machine(kinds=Kinds(single=65, seeds=15, ranks=3, script=12, sweep=5))
_WIDE = Machine(kinds=Kinds(single=35, seeds=25, ranks=8, script=8, sweep=18))
_OVERNIGHT = Machine(median=18.0, spread=0.5, long_share=0.0)

_FOUR_DAYS = Hours(days=4)
_FIVE_DAYS = Hours(days=5)
_ALL_DAYS = Hours(days=7)


def _seat(zone: str, hosts: tuple[Host, ...], *lines: Line, **habits: Any) -> Person:
    return Person(zone, hosts, lines, **habits)


def _basalt(zone: str, hosts: tuple[Host, ...], *lines: Line) -> Person:
    """A scholar of the stream that has one slow week and otherwise varies little."""
    return _seat(zone, hosts, *lines, hours=_FOUR_DAYS, slow_weeks={SLOW_STREAM.week: 3.2})


def _side_by_side(*projects: str, first: int = 0) -> tuple[Line, ...]:
    """Several lines at once, each with one long experiment after another."""
    return tuple(Line(project, _STEADY, _OVERNIGHT, first=first) for project in projects)


#: By seat.
PEOPLE: tuple[Person, ...] = (
    _basalt(_LONDON, (_A100_BIG,), Line("probe-sweep", _BASALT, _WIDE)),
    _basalt(_BERLIN, (_A100_BIG, _DESK), Line("probe-base", _BASALT)),
    _basalt(
        _NEW_YORK, (_A100_BIG,), Line("steer-1", _BASALT, last=5), Line("steer-2", _BASALT, first=5)
    ),
    _seat(_LONDON, (_A100_SMALL,), Line("evals-long", _LIVELY, _WIDE)),
    _seat(
        _PACIFIC,
        (_H100_NODE,),
        Line("sae-narrow", _LIVELY, last=4),
        Line("sae-wide", _LIVELY, first=4),
    ),
    _seat(
        _LONDON,
        (_L40S_ONE, _A100_SMALL),
        Line("judge-v1", _PATIENT, last=4),
        Line("judge-v3", _LIVELY, first=4),
    ),
    _seat(
        _LONDON,
        (_L40S_TWO,),
        Line(EVENING.project, _PROMPT, Machine(median=5.0, spread=0.3, long_share=0.0)),
        hours=Hours(begins=9.1, ends=20.8, days=6, varies=0.15),
    ),
    _seat(_BERLIN, (_H100_NODE, _LAPTOP), Line("sae-transfer", _PATIENT)),
    _basalt(_LONDON, (_A100_BIG,), Line("probe-arch", _BASALT)),
    _seat(
        _KOLKATA, (_L40S_ONE,), Line("redteam-a", _LIVELY, Machine(kinds=Kinds(tagged=25)), first=2)
    ),
    _basalt(_NEW_YORK, (_A100_BIG, _DESK), Line("steer-eval", _BASALT)),
    _seat(
        _PACIFIC,
        (_L40S_THREE, _A100_SMALL),
        *_side_by_side(ALWAYS_PARALLEL.project, "judge-v4", "redteam-b"),
        hours=_FIVE_DAYS,
    ),
    _seat(_LONDON, (_L40S_THREE,), Line(FALSE_STARTS.project, _PATIENT, _NARROW)),
    _seat(
        _BERLIN,
        (_H100_NODE,),
        Line(TURNS_PARALLEL.project, _ONE_AT_A_TIME, _NARROW, last=TURNS_PARALLEL.week),
        *_side_by_side(
            TURNS_PARALLEL.project, "sae-merge", "sae-stitch", first=TURNS_PARALLEL.week
        ),
        hours=_FIVE_DAYS,
    ),
    _seat(_SYDNEY, (_L40S_TWO, _DESK), Line(TWO_STREAMS.project, _LIVELY)),
    _seat(_LONDON, (_H100_NODE,), Line(IDLE_WEEK.project, _PATIENT), idle_weeks=(IDLE_WEEK.week,)),
    _seat(_NEW_YORK, (_A100_SMALL,), Line(CRASH_STORM.project, _PATIENT, _WIDE)),
    _seat(
        _LONDON,
        (_H100_NODE, _L40S_TWO),
        Line(LONG_JOB.project, _WAITING, Machine(20, 0.25, long_share=0, kinds=_SINGLE)),
        hours=_ALL_DAYS,
    ),
    _seat(
        _PACIFIC,
        (_A100_SMALL, _LAPTOP),
        Line(BLIND.project, Habit(blind_gap=8.5), Machine(1.0, 0.5, long_share=0.02)),
    ),
    _seat(
        _KOLKATA,
        (_L40S_TWO,),
        Line(OLD_SDK.project, _PATIENT, Machine(queue=0, environment=False), first=2),
        awake=(8, 20),
    ),
    _seat(
        _BERLIN,
        _SPOT,
        Line(SPOT_MACHINES.project, _LIVELY, Machine(preempt=0.3, resume=0.5), first=1),
        hours=Hours(begins=10.5, ends=25.0),
        awake=(11, 1),
    ),
    _seat(
        _LONDON,
        (_L40S_TWO, _A100_SMALL),
        Line("vision-depth", _SPLIT),
        Line("evals-short", _SPLIT, _NARROW),
        Line(AMBIGUOUS.project, Habit(react=24.0), _NARROW, first=3, last=8),
    ),
    _seat(_NEW_YORK, (_L40S_ONE,), hours=_ALL_DAYS),
    _seat(_LONDON, ()),
)

#: Where the service account works.
SERVICE_HOSTS = (_A100_SMALL,)

#: Somebody who is not in the roster.
GUEST_PERSON = _seat(_BERLIN, (_LAPTOP,), Line(GUEST_PROJECT, Habit(react=7.0), _NARROW, first=5))
