"""docs/metrics.md and its pictures match the current query headers and figures."""

import re
from xml.etree import ElementTree as ET

import pytest

from scripts.metrics_doc import DOCS, document
from scripts.metrics_pictures import pictures
from tests.conftest import ROOT
from tests.read_schemas import READ_SCHEMAS
from velocity.errors import VelocityError
from velocity.queries import list_metric_queries, list_queries
from velocity.reading.definitions import conventions, definition, words
from velocity.settings import Experiments, Settings
from velocity.theme import LIGHT

METRICS = [metric for query in list_queries() for metric in query.metrics]
FIGURES = [name for name in READ_SCHEMAS["metrics"] if name not in {"scholar", "period_start"}]
RULES = " ".join(" ".join(conventions(Experiments()).values()).split())


def test_generated_files_are_up_to_date():
    for name, text in document().items():
        path = DOCS / name
        assert path.is_file(), f"{name}: run `make docs`"
        assert path.read_text(encoding="utf-8") == text, f"{name}: run `make docs`"
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "\ndocs: " in makefile
    assert "-m scripts.metrics_doc\n" in makefile


def test_every_metric_is_in_the_document_and_in_a_group_once():
    groups = list_metric_queries()
    rows = re.findall(r"^\| `(\w+)` \|", document()["metrics.md"], re.MULTILINE)
    ids = [metric.id for group in groups for metric in group.metrics]
    assert sorted(rows) == sorted(ids) == sorted(metric.id for metric in METRICS)
    assert len({group.name for group in groups}) == len(groups)


def test_meanings_of_terms_come_from_query_headers():
    steps = {query.table: query.text for query in list_queries("derive")}
    assert {word.table: word.text for word in words()}.items() <= steps.items()


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_that_is_read_has_a_definition(name: str):
    found = definition(name)
    assert found.id == name
    assert found.unit
    assert found.title
    assert found.text.endswith(".")


def test_columns_beside_a_figure_refer_to_it():
    median, low = definition("loop_hours_median"), definition("loop_hours_low")
    assert low.unit == median.unit == "hours"
    assert low.title == f"{median.title}: lower 95 % limit"
    assert definition("loop_hours_n").unit == "observations"
    assert definition("throughput_per_week_high").unit == definition("throughput_per_week").unit


@pytest.mark.parametrize(
    "name",
    [
        *("pooled_rate_low", "loop_hour_median", "busy_hours_n", "busy_hours_low"),
        *("low", "", "loop_hours_mean"),
    ],
)
def test_other_columns_do_not_have_a_definition(name: str):
    with pytest.raises(VelocityError, match="There is no metric"):
        definition(name)


def test_every_picture_has_a_background_and_an_alternative_text_and_its_texts_fit():
    for picture in pictures():
        root = ET.fromstring(picture.svg)  # noqa: S314 - our own
        assert root.attrib["role"] == "img"
        assert root.attrib["aria-label"] == picture.alt
        assert f"![{picture.alt}]({picture.name}.svg)" in document()["metrics.md"]
        # A background of its own makes it readable on light and dark pages.
        ground = next(iter(root.iter("{http://www.w3.org/2000/svg}rect"))).attrib
        assert (ground["fill"], ground["width"]) == (LIGHT.bg, root.attrib["width"])

        for text in root.iter("{http://www.w3.org/2000/svg}text"):
            room = float(root.attrib["width"]) - float(text.attrib["x"])
            if text.attrib["text-anchor"] == "start":
                assert len(text.text) * 6.2 <= room, text.text
        for family in set(re.findall(r'font-family="([^"]+)"', picture.svg)):
            for name in family.split(", "):
                assert re.fullmatch(r"'[^']+'|[A-Za-z-]+", name), name


def test_the_conventions_name_the_default_settings():
    experiments = Settings().experiments
    for said in (
        f"{experiments.stale_after_minutes:g} minutes before the end of the data",
        f"at most {experiments.together_minutes:g} minutes earlier",
        f"at most {experiments.script_gap_seconds:g} seconds before its start",
    ):
        assert said in RULES
