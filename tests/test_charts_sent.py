"""Plotly does not check the charts that pages send, so this test does, page by page."""

import json

import plotly.graph_objects as go
import pytest

from tests.app_pages import open_page, ten_weeks
from tests.stores import built

pytestmark = pytest.mark.sampled(3)


@pytest.mark.parametrize("page", ["stand_up", "my_velocity", "streams"])
def test_plotly_knows_every_property_of_a_chart(page, monkeypatch):
    charts = open_page(page, built(ten_weeks), monkeypatch).get("plotly_chart")
    assert charts
    for chart in charts:
        sent = json.loads(chart.proto.spec)
        # Raises for unknown properties, and would turn "marker_color" into marker.color.
        checked = json.loads(go.Figure(sent).to_json())
        checked["layout"]["template"].pop("data", None)
        assert checked["data"] == sent["data"]
        assert checked["layout"] == {key: it for key, it in sent["layout"].items() if it != []}
