"""An explanation in the terminal and as JSON."""

import json
import sys

import pytest

from tests.builders import run, store_of
from tests.explained_stores import MONDAY, WORKED, only, rich, weeks, worked
from tests.sampling import one_in
from velocity.cli import main
from velocity.cli.explain import as_json, render_text
from velocity.cli.output import draw_table
from velocity.explain import explain, meanings, ways
from velocity.reading.periods import whole_week

pytestmark = pytest.mark.sampled(2)


@pytest.mark.thorough
@pytest.mark.parametrize(
    "metric", one_in(3, ["serial_share", "loop_hours_median", "throughput_per_week_low"])
)
def test_the_text_ends_with_the_headline(metric: str):
    told = explain(rich(), scholar="ada", metric=metric)
    text = render_text(told, 200)
    assert text.splitlines()[-1].startswith(f"Headline: {metric} = ")
    assert text.splitlines()[-2] == only(told).steps[-1]
    assert told.metric.text in text
    unwrapped = text.replace("\n    ", " ")
    for words in meanings().values():
        for word, meaning in words.items():
            assert unwrapped.count(f"  {word}: {meaning}\n") == 1


@pytest.fixture(scope="module")
def _each_table_is_drawn_once():
    """Remember tables: most figures of a scholar stand below the same ones."""
    known: dict[str, str] = {}

    def draw(frame, keys, *, width, shown):
        table = repr((frame.schema, frame.rows(), keys, width))
        if table not in known:
            known[table] = draw_table(frame, keys, width=width, shown=shown)
        return known[table]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("velocity.cli.explain.draw_table", draw)
        yield


@pytest.mark.thorough
@pytest.mark.usefixtures("_each_table_is_drawn_once")
@pytest.mark.parametrize("metric", one_in(20, sorted(ways())))
def test_the_text_fits_the_width_with_every_column(metric: str):
    # A week has fewer rows than all the data, in the same columns.
    week = None if ways()[metric].windows == "end" else weeks()[0]
    whose = {"scholar": "ada"} if "scholar" in ways()[metric].kinds else {}
    told = explain(rich(), **whose, metric=metric, window=week and whole_week(week))
    wide = {word for word in render_text(told, 1000).split() if not word.startswith("─")}
    for width in (80, 132):
        text = render_text(told, width)
        assert max(map(len, text.splitlines())) <= width
        assert wide <= set(text.split())


@pytest.mark.thorough
def test_a_wide_terminal_shows_each_table_undivided():
    told = explain(worked(), scholar="ada", metric="busy_hours")
    rows = [it for it in render_text(told, 300).splitlines() if it.startswith("  r4 ")]
    assert len(rows) == 4  # of runs, sessions, experiments and loops
    words = ["environment", "5", "Jan", "2026", "11:35:00", "runtime", "r4", "first"]
    assert rows[0].split()[-8:] == words


@pytest.mark.thorough
def test_the_text_has_one_headline_per_line_or_says_that_there_is_no_value():
    told = explain(rich(), scholar="ada", metric="blind_ratio")
    assert len(told.results) > 1
    lines = render_text(told, 100).splitlines()
    for result in told.results:
        assert any(it.startswith(f"Headline: blind_ratio of {result.of} = ") for it in lines)
    nothing = explain(worked(), scholar="ada", metric="wip_age_hours")
    assert nothing.results == ()
    assert render_text(nothing, 100).splitlines()[-1] == "No experiment is in flight."


def of_run_hours(scholar: str) -> str:
    """The text about somebody with many runs, with a run of an odd name, or with long ids."""
    hour = ("09:00", "10:00")
    rows = [
        *(run(f"r{n}", *hour, username="many", project=f"p{n}") for n in range(60)),
        run("r\x1b[2J\n1", *hour, username="odd"),
        *(run("n" * 300 + n, *hour, username="long", group_name=n) for n in "01"),
    ]
    return render_text(explain(store_of(rows, "20:00"), scholar=scholar, metric="run_hours"), 100)


@pytest.mark.parametrize(
    ("scholar", "shown", "never"),
    [
        ("odd", ["[2J"], "\x1b"),
        ("long", ["nnn0\n", "nnn1\n"], "n" * 80),
        ("many", ["and 20 more; --format json has all of them"], "\x1b"),
    ],
)
def test_names_are_inert_long_ids_are_whole_and_rows_left_out_are_counted(scholar, shown, never):
    text = of_run_hours(scholar)
    assert never not in text
    assert [it for it in shown if it not in text] == []


@pytest.mark.thorough
def test_json_has_every_row_and_the_same_values():
    told = explain(rich(), scholar="ada", metric="loop_hours_median", window=whole_week(weeks()[0]))
    found = json.loads(as_json(told))
    (result,) = found["results"]
    assert result["headline"] == only(told).headline
    assert found["window"]["first"] == weeks()[0].isoformat()
    assert len(found["runs"]) == told.runs.height
    assert len(result["latencies"]) == only(told).latencies.height
    assert found["metric"]["id"] == "loop_hours_median"
    assert found["runs"][0]["created_at"].endswith("Z")
    share = json.loads(as_json(explain(worked(), scholar="ada", metric="serial_share")))
    totals = share["results"][0]["totals"]
    assert [total["value"] for total in totals] == pytest.approx([4.075, 4.4916666666])
    assert len(totals[1]["addends"]) == 9


@pytest.fixture
def command(capfdbinary, monkeypatch, tmp_path):
    """`velocity explain` in this process: its exit code, standard output and standard error."""
    store_of(WORKED, "20:00", data=tmp_path)

    def run_command(*arguments):
        line = ["velocity", "explain", "--data", str(tmp_path), *arguments]
        monkeypatch.setattr(sys, "argv", line)
        with pytest.raises(SystemExit) as end:
            main()
        return end.value.code or 0, *capfdbinary.readouterr()

    return run_command


@pytest.mark.parametrize(
    ("week", "said"),
    [("2026-01-06", b"its week begins on 2026-01-05"), ("9999-12-27", b"is too late")],
)
def test_a_week_begins_on_a_monday(command, week, said):
    code, _, told = command("--scholar", "ada", "--metric", "serial_share", "--week", week)
    assert code == 2
    assert said in told


def test_the_command_prints_the_explanation(command, tmp_path):
    asked = ("--scholar", "ada", "--metric", "serial_share", "--week", "2026-01-05")
    told = explain(worked(), scholar="ada", metric="serial_share", window=whole_week(MONDAY))
    assert command(*asked) == (0, render_text(told, 100).encode(), b"")
    code, out, _ = command(*asked, "--format", "json")
    assert (code, out.decode()) == (0, as_json(told))
    file = tmp_path / "told.json"
    assert command(*asked, "--out", str(file)) == (0, b"", b"")
    assert file.read_text(encoding="utf-8") == as_json(told)


def test_the_command_suggests_a_known_metric(command):
    code, out, err = command("--scholar", "ada", "--metric", "serial_shar")
    assert (code, out) == (1, b"")
    assert b"Did you mean serial_share" in err
    assert command("--scholar", "ada", "--metric", "weeks", "--week", "soon")[0] == 2
