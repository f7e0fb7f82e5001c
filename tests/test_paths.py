"""The app and the command line look for data and settings in the same places."""

import pytest

from velocity.paths import config_file, data_folder


@pytest.mark.parametrize(
    ("variable", "place", "default"),
    [("VELOCITY_DATA", data_folder, "data"), ("VELOCITY_CONFIG", config_file, "velocity.toml")],
)
def test_an_empty_variable_counts_as_unset(monkeypatch, variable, place, default):
    monkeypatch.setenv(variable, "elsewhere")
    assert str(place()) == "elsewhere"
    monkeypatch.setenv(variable, "")
    assert str(place()) == default
    monkeypatch.delenv(variable)
    assert str(place()) == default
