"""Reads return no row outside the viewer's scope, and no figure about too few people."""

import inspect
import itertools
import re
from datetime import date, datetime, timedelta
from functools import cache

import polars as pl
import pytest
from polars import selectors
from polars.testing import assert_frame_equal

from tests import people
from tests.builders import at, run, store_of
from tests.people import canary, scholar
from tests.read_schemas import READ_SCHEMAS
from tests.roster_texts import ADA, parsed, stream
from tests.sampling import one_in
from tests.stores import built
from velocity.errors import VelocityError
from velocity.explain import explain
from velocity.reading import reads
from velocity.reading.access import EVERYTHING, Scope, viewer_of
from velocity.roster.models import load_roster
from velocity.store import latest_snapshot
from velocity.ui.asked import Asked

pytestmark = pytest.mark.sampled(6)

EVERYBODY = {canary(it) for it in (*people.PEOPLE, 99)} | {people.elsewhere()}
VISION = {canary(it) for it in people.STREAMS["vision"]} | {canary(99)}
#: Who signs in -> the people whose texts they may see.
SEEN = {
    people.email(0): {canary(0)},
    people.email(3): {canary(3), people.elsewhere()},
    people.MENTOR: VISION,
    people.MANAGER: {*map(canary, people.MANAGED), people.elsewhere()},
    people.LEAD: EVERYBODY,
}
WORDS = re.compile(r"zq\d\dkx|zz03elsewhere")


@pytest.fixture(scope="module")
def snapshot():
    return latest_snapshot(built(people.populate))


@pytest.fixture(scope="module")
def roster():
    return load_roster(built(people.populate) / "roster.toml")


def scope_of(roster, email, *, individuals=True):
    return viewer_of(roster, email, leads_see_individuals=individuals).scope


def forged(name):
    """Every argument that an attacker could try; reads must not trust any of them."""
    others = [scholar(it) for it in (0, 3, 5)]
    groups = [*others, *people.STREAMS, "programme"]
    choices = {
        "by": ["scholar", "stream", "programme"],
        "kinds": [["scholar", "stream", "programme"]],
        "period": ["all", "day"],
        "group_id": groups,
        "groups": [groups],
        "within": [None, "vision", "language"],
        "scholar": others,
        "scholars": [None, others],
        "streams": [None, list(people.STREAMS)],
        "min_hours": [0],
        "starts": [[date(2026, 1, 5)]],
        "lengths": [[7]],
        "at_day": [date(2026, 1, 11)],
        "at": [datetime.fromisoformat("2026-03-13T12:00Z")],
        "from_at": [datetime.fromisoformat("2026-01-05T00:00Z")],
        "to_at": [datetime.fromisoformat("2026-03-16T00:00Z")],
    }
    parameters = inspect.signature(getattr(reads, name)).parameters
    if "from_day" in parameters and parameters["from_day"].default is inspect.Parameter.empty:
        choices |= {"from_day": [date(2026, 1, 5)], "to_day": [date(2026, 3, 16)]}
    wanted = [it for it in parameters if it in choices]
    for values in itertools.product(*(choices[it] for it in wanted)):
        yield dict(zip(wanted, values, strict=True))


@pytest.fixture(scope="module")
def seen_by(snapshot, roster):
    """The frames that a viewer gets from a read, by the forged arguments; each is read once."""

    @cache
    def frames(name, email):
        read, scope = getattr(reads, name), scope_of(roster, email)
        return [(it, read(snapshot, **it, scope=scope)) for it in forged(name)]

    return frames


def words_of(frame):
    return set(WORDS.findall(repr(frame.rows())))


@pytest.mark.thorough
@pytest.mark.parametrize("name", sorted(READ_SCHEMAS))
def test_no_read_returns_text_of_people_outside_the_scope(name, snapshot, seen_by):
    read = getattr(reads, name)
    if "scope" not in inspect.signature(read).parameters:
        assert words_of(read(snapshot)) == set()
        return
    for email, seen in SEEN.items():
        for arguments, frame in seen_by(name, email):
            assert words_of(frame) <= seen, (email, arguments)


@pytest.mark.thorough
@pytest.mark.parametrize("name", sorted(set(READ_SCHEMAS) - {"group_weeks", "trust"}))
def test_a_lead_who_may_not_see_people_gets_only_groups(name, snapshot, roster):
    read = getattr(reads, name)
    scope = scope_of(roster, people.LEAD, individuals=False)
    if "scope" in inspect.signature(read).parameters:
        assert all(read(snapshot, **it, scope=scope).is_empty() for it in forged(name))
    assert words_of(reads.group_weeks(snapshot, scope=scope)) == set()


def test_each_role_sees_its_own_data_and_counts_it_alone(snapshot, roster):
    for email, seen in SEEN.items():
        scope = scope_of(roster, email)
        runs = reads.runs(snapshot, scope=scope)
        assert words_of(runs) == seen
        assert reads.trust(snapshot, scope=scope)["runs"].item() == runs.height
    # The last of them, a lead, sees everybody.
    assert reads.trust(snapshot)["runs"].item() == runs.height


@pytest.mark.parametrize(
    ("email", "arguments"),
    [
        (people.MENTOR, {"by": "stream", "groups": ["vision"]}),
        (people.MENTOR, {"by": "scholar", "within": "vision"}),
        (people.email(3), {"by": "scholar", "groups": [scholar(3)]}),
        (people.MANAGER, {"by": "scholar", "groups": [*map(scholar, people.MANAGED)]}),
        (people.MANAGER, {"by": "scholar", "groups": [scholar(6)], "within": "language"}),
    ],
)
def test_visible_figures_are_the_same_for_every_viewer(email, arguments, snapshot, roster):
    """Each figure uses all of its rows, and none is missing."""
    whole = reads.metrics(snapshot, **arguments)
    found = reads.metrics(snapshot, **arguments, scope=scope_of(roster, email))
    if email in {people.MENTOR, people.MANAGER} and arguments["by"] == "scholar":
        hours = selectors.contains("awake", "off_share", "loop_working_wait_share")
        whole, found = whole.select(~hours), found.select(~hours)
    assert found["loop_hours_n"].sum()
    assert found["gpu_hours"].sum()
    assert_frame_equal(found, whole)


@pytest.mark.thorough
def test_work_in_another_stream_does_not_change_the_figures_of_a_line():
    """Ada moves from one stream to another, and launches there twice as often."""
    before, after = (f'[{{ scholar = "ada", {it} = 2026-01-06 }}]' for it in ("to", "from"))
    roster = parsed(ADA + stream("s", members=before) + stream("t", members=after))
    rows = [
        run(f"{day}-{n}", start, start + timedelta(minutes=20))
        for day, pace in ((0, 1.5), (8, 0.75))
        for n in range(8)
        for start in [at("09:00", days=day) + timedelta(hours=n * pace)]
    ]
    as_of = at("00:00", days=20)
    whole, own = store_of(rows, as_of, roster=roster), store_of(rows[:8], as_of, roster=roster)
    scope = Scope(streams=("s",))
    found, alone = reads.lines(whole, scope=scope), reads.lines(own, scope=scope)
    assert alone["blind_ratio"].item() > 0
    assert found["blind_ratio"].item() == alone["blind_ratio"].item()
    assert found["blind_ratio"].item() != reads.lines(whole)["blind_ratio"].item()


@pytest.mark.thorough
def test_a_viewer_of_a_stream_does_not_see_the_scholar_with_its_id():
    roster = parsed(
        ADA.replace('id = "ada"', 'id = "vision"')
        + stream("vision", projects='["e/p"]')
        + '[[credits.grants]]\ndate = 2026-01-05\nscholar = "vision"\namount = 5\n'
    )
    rows = [run("r1", "09:00", "10:00"), run("r2", "11:00", "12:00", project="elsewhere")]
    snapshot = store_of(rows, "20:00", roster=roster)
    scope = Scope(streams=("vision",))
    for read in (reads.metrics, reads.weekly, reads.ledger, reads.balance):
        assert read(snapshot, by="scholar", scope=scope).is_empty()
        assert read(snapshot, by="scholar").height
    assert reads.metrics(snapshot, by="stream", scope=scope)["runs_started"].to_list() == [1]


@pytest.mark.parametrize("read", [reads.metrics, reads.weekly])
def test_totals_of_everybody_need_a_view_of_everybody(read, snapshot, roster):
    for email in SEEN:
        totals = read(snapshot, by="programme", scope=scope_of(roster, email))
        assert totals.is_empty() == (email != people.LEAD)


def test_a_cached_frame_is_not_given_to_another_viewer(snapshot, roster):
    for email in (*SEEN, *reversed(SEEN)):
        assert words_of(Asked(reads.runs, (), scope_of(roster, email)).of(snapshot)) == SEEN[email]


def test_a_cached_explanation_is_not_given_to_another_viewer(snapshot, roster):
    about = (("metric", "runs_started"), ("scholar", scholar(3)))
    for email in (people.LEAD, people.email(3)):
        assert Asked(explain, about, scope_of(roster, email)).of(snapshot).runs.height
    with pytest.raises(VelocityError):
        Asked(explain, about, scope_of(roster, people.email(0))).of(snapshot)


@pytest.mark.parametrize("email", [people.LEAD, people.MENTOR, people.MANAGER])
def test_nobody_else_sees_hours_of_the_day_nights_or_weekends(email, snapshot, roster):
    scope = scope_of(roster, email)
    for read, column in (
        (reads.scholars, "awake_start_min"),
        (reads.loops, "reaction_awake_hours"),
        (reads.lines, "reaction_awake_hours_median"),
    ):
        assert read(snapshot, scope=scope)[column].drop_nulls().is_empty()
    of_vision = {"by": "scholar", "within": "vision", "scope": scope}
    figures = reads.metrics(snapshot, **of_vision)
    assert figures.height
    hidden = figures.select(selectors.matches("awake|off_share|loop_working_wait").fill_null(0))
    assert hidden.select(pl.sum_horizontal(pl.all()).sum()).item() == 0
    assert reads.metrics(snapshot, period="day", **of_vision).is_empty()
    own = scope_of(roster, people.email(0))
    shares = reads.metrics(snapshot, by="scholar", groups=[scholar(0)], scope=own)
    assert None not in shares.select("reaction_off_share", "loop_off_share").row(0)


#: Reads of one person's hours, which only the page of that person asks for.
OF_HOURS = {"concurrency", "timeline_experiments", "timeline_runs"}
#: Other reads about scholars; those with a dozen queries for each of many arguments are thorough.
NAMES = [
    pytest.param(name, marks=pytest.mark.thorough) if name.startswith("metrics") else name
    for name, schema in sorted(READ_SCHEMAS.items())
    if "scholar" in schema and name not in OF_HOURS
]


def times_of_day(frame):
    """The instants of a frame that are not the beginning of a day; its zone is UTC."""
    instants = frame.select(
        selectors.datetime(time_zone="*") - selectors.by_name("as_of", require_all=False)
    )
    later = pl.all() != pl.all().dt.truncate("1d")
    return sum(instants.select(later.sum()).row(0)) if instants.width else 0


def test_a_stream_read_with_its_scholars_has_its_own_figures(snapshot, roster):
    alone = reads.metrics(snapshot, by="stream", groups=["vision"]).rename({"stream": "group_id"})
    for email in (people.LEAD, people.MENTOR):
        asked = {"kinds": ["scholar", "stream"], "within": "vision"}
        both = reads.overview(snapshot, **asked, scope=scope_of(roster, email))
        assert both.filter(kind="stream").drop("kind").equals(alone)


@pytest.mark.parametrize("email", [people.LEAD, people.MENTOR, people.MANAGER])
@pytest.mark.parametrize("name", NAMES)
def test_nobody_else_sees_times_of_day(name, email, seen_by):
    for _, frame in seen_by(name, email):
        assert not times_of_day(frame)


@pytest.mark.parametrize("name", NAMES)
def test_the_column_scholar_holds_ids_by_which_hours_are_kept(name, seen_by):
    """A name there would cut the scholar's own instants to days, and show others' days twice."""
    known = {scholar(it) for it in people.PEOPLE} | {None, f"user-{canary(99)}"}
    by_scholar = [it for _, it in seen_by(name, people.LEAD) if "scholar" in it.columns]
    assert by_scholar
    assert all(set(it["scholar"]) <= known for it in by_scholar)


def test_a_chain_begins_when_its_scholar_launched_it_and_for_others_on_a_day():
    """The scholar's zone is west of the programme's: midnight there is the day before here."""
    roster = parsed(ADA.replace('"Ada"', '"Ada"\ntimezone = "America/Los_Angeles"'))
    rows = [run(f"r{n}", f"{n:02}:00", f"{n:02}:55") for n in (9, 10, 11)]
    snapshot = store_of(rows, "20:00", roster=roster)
    asked = {"by": "scholar", "group_id": "ada"}
    for hours, begun in ((("ada",), "09:00"), ((), "00:00")):
        scope = Scope(scholars=("ada",), hours=hours)
        (row,) = reads.chains(snapshot, **asked, scope=scope).to_dicts()
        assert row["started_at"] == at(begun)
        assert (row["scholar"], row["scholar_name"]) == ("ada", "Ada")


def test_scholars_see_their_own_times_of_day(snapshot, roster):
    own = scope_of(roster, people.email(0))
    assert times_of_day(reads.runs(snapshot, scope=own))
    assert times_of_day(explain(snapshot, metric="busy_hours", scholar=scholar(0), scope=own).runs)


@pytest.mark.parametrize(
    "metric", ["busy_hours", "loop_hours_median", "wip_age_hours", "gpu_hours"]
)
def test_explanations_have_no_times_of_day_of_others(metric, snapshot, roster):
    scope = scope_of(roster, people.LEAD)
    for group in ({"scholar": scholar(0)}, {"stream": "vision"}, {}):
        found = explain(snapshot, metric=metric, **group, scope=scope)
        assert sum(times_of_day(it) for it in found.frames) == 0
        for result in found.results:
            assert result.value == pytest.approx(result.headline)


@pytest.mark.parametrize("individuals", [True, False])
def test_a_research_manager_sees_people_and_no_figure_of_a_group(individuals, snapshot, roster):
    scope = scope_of(roster, people.MANAGER, individuals=individuals)
    assert words_of(reads.runs(snapshot, scope=scope)) == SEEN[people.MANAGER]
    assert reads.group_weeks(snapshot, scope=scope).is_empty()
    assert reads.metrics(snapshot, by="stream", groups=[*people.STREAMS], scope=scope).is_empty()


def test_a_research_manager_cannot_compare_bands_that_leave_out_different_people(snapshot):
    seen = tuple(map(scholar, people.MANAGED))
    for it in people.MANAGED:
        assert reads.bands(snapshot, scholar=scholar(it), scope=Scope(scholars=seen)).is_empty()
    # A scholar who manages others has a band of those whom they do not see by name.
    own = Scope(scholars=(scholar(0), *seen), hours=(scholar(0),))
    band = reads.bands(snapshot, scholar=scholar(0), scope=own)
    everybody = reads.bands(snapshot, scholar=scholar(0))
    assert band["others"].max() == everybody["others"].max() - len(seen)
    assert reads.bands(snapshot, scholar=seen[0], scope=own).is_empty()


def test_bands_can_leave_out_only_a_visible_scholar(snapshot, roster):
    scope = scope_of(roster, people.email(0))
    assert reads.bands(snapshot, scholar=scholar(0), scope=scope)["p50"].drop_nulls().len()
    assert reads.bands(snapshot, scholar=scholar(1), scope=scope).is_empty()


@pytest.mark.parametrize(
    ("mentored", "managed"),
    [
        ((), ()),
        (("vision",), ()),
        (("probes",), ()),
        (("language",), ()),
        (("vision", "probes"), ()),
        ((), (5, 6)),
        ((), (3, 5, 6)),
        (("vision",), (10, 11)),
    ],
    ids=str,
)
def test_a_group_is_shown_if_four_active_people_are_not_visible_by_name(
    mentored, managed, snapshot
):
    scope = Scope(fixed_groups=True, streams=mentored, scholars=tuple(map(scholar, managed)))
    weeks = reads.group_weeks(snapshot, scope=scope)
    cells = weeks.filter(pl.col("group_id") != "all groups")
    streams = {"language": ("language",), "other streams": ("probes", "vision")}
    assert set(cells["group_id"]) == set(streams)
    named = {scholar(it) for stream in mentored for it in people.STREAMS[stream]}
    named |= set(scope.scholars)
    runs = reads.runs(snapshot).filter(
        pl.col("excluded").is_null(), ~pl.col("flags").str.contains("unattributed")
    )
    started = pl.col("started_at").dt.date().dt.truncate("1w")
    for row in cells.iter_rows(named=True):
        inside = pl.col("stream").is_in(streams[row["group_id"]])
        active = set(runs.filter(inside, started == row["week_start"])["scholar"])
        enough = len(active - named) >= 4
        assert row["visible"] == (row["experiments_started"] is not None) == enough, row
    # The total reveals no more than the shown groups.
    total = weeks.filter(pl.col("group_id") == "all groups")
    for column in ("experiments_started", "runs_ended", "busy_hours", "gpu_hours"):
        assert total[column].sum() == cells.filter("visible")[column].sum()
    # The last complete week ended 6 hours before the end of the data.
    assert max(cells["week_start"]) == date(2026, 3, 2)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("sizes", "groups"),
    one_in(
        3,
        [
            ((5, 5), ["s0", "s1"]),
            ((5, 4), ["other streams"]),
            ((6, 3, 2), ["other streams", "s0"]),
            ((6, 7, 1), ["other streams", "s1"]),
            ((2, 2), []),
        ],
    ),
)
def test_small_streams_merge_smallest_first_until_they_are_five(sizes, groups):
    ids = iter(range(99))
    members = [[f"p{next(ids)}" for _ in range(size)] for size in sizes]
    known = [it for group in members for it in group]
    roster = "".join(ADA.replace("ada", it) for it in known) + "".join(
        stream(f"s{n}", members=f"[{', '.join(f'{{ scholar = {it!r} }}' for it in group)}]")
        for n, group in enumerate(members)
    )
    rows = [run(f"r{it}", "09:00", "10:00", username=it) for it in known]
    snapshot = store_of(rows, "2026-01-20 00:00", roster=parsed(roster))
    shown = reads.group_weeks(snapshot, scope=EVERYTHING)
    assert sorted(set(shown["group_id"]) - {"all groups"}) == groups


def test_a_role_ends_when_the_roster_says_so(roster):
    for gone in (people.email(people.DISABLED), "stranger@people.example"):
        assert viewer_of(roster, gone, leads_see_individuals=True) is None
    known = viewer_of(roster, people.email(0).upper(), leads_see_individuals=True)
    assert known.scholar == scholar(0)
