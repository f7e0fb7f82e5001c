"""A config key that replaces the machine's GPU count, with any value."""

from __future__ import annotations

import pytest

from tests.builders import run, store_of
from velocity.reading import reads
from velocity.settings import Compute, Settings

pytestmark = pytest.mark.thorough

SETTINGS = Settings(compute=Compute(gpu_count_key="num_gpus"))


def hours(config, **columns):
    """GPU-hours of an hour on 4 GPUs with this `config`, and of an hour on 1 GPU."""
    told = run("told", "09:00", "10:00", gpu_count=4, config=f'{{"num_gpus":{config}}}', **columns)
    other = run("other", "09:00", "10:00", gpu_count=1, project="q")
    figures = reads.metrics(store_of([told, other], "20:00", settings=SETTINGS), by="scholar")
    return figures["gpu_hours"][0]


def test_the_key_replaces_the_count_of_the_machine():
    assert hours("2") == pytest.approx(2 + 1)
    assert hours("0.5") == pytest.approx(0.5 + 1)
    assert hours("0") == pytest.approx(0 + 1)


@pytest.mark.parametrize("config", ["-1", "1e7", "1e308", '"nan"', '"inf"', '"all"', "null", "[2]"])
def test_a_value_that_is_not_a_gpu_count_replaces_nothing(config: str):
    """For example -1, which means all GPUs of the machine in some trainers."""
    assert hours(config) == pytest.approx(4 + 1)


def test_a_value_that_is_not_a_number_does_not_reduce_the_capacity_of_a_host():
    assert hours("-1", host="node") == pytest.approx(4 + 1)
