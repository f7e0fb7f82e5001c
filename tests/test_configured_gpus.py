"""A config key that replaces the machine's GPU count, whatever people wrote there."""

from __future__ import annotations

import pytest

from tests.builders import run, store_of
from velocity.reading import reads
from velocity.settings import Compute, Settings

pytestmark = pytest.mark.thorough

SETTINGS = Settings(compute=Compute(gpu_count_key="num_gpus"))


def hours(config, **columns):
    """GPU-hours of an hour on 4 GPUs whose config says `config` of them, and of one on 1 GPU."""
    told = run("told", "09:00", "10:00", gpu_count=4, config=f'{{"num_gpus":{config}}}', **columns)
    other = run("other", "09:00", "10:00", gpu_count=1, project="q")
    figures = reads.metrics(store_of([told, other], "20:00", settings=SETTINGS), by="scholar")
    return figures["gpu_hours"][0]


def test_the_key_replaces_the_count_of_the_machine():
    assert hours("2") == pytest.approx(2 + 1)
    assert hours("0.5") == pytest.approx(0.5 + 1)
    assert hours("0") == pytest.approx(0 + 1)


@pytest.mark.parametrize("config", ["-1", "1e7", "1e308", '"nan"', '"inf"', '"all"', "null", "[2]"])
def test_what_is_no_number_of_gpus_replaces_nothing(config: str):
    """Such as the -1 by which trainers mean all GPUs of the machine."""
    assert hours(config) == pytest.approx(4 + 1)


def test_a_host_does_not_lose_capacity_to_what_is_no_number():
    assert hours("-1", host="node") == pytest.approx(4 + 1)
