"""A config key that replaces the machine's GPU count, with any value."""

import pytest

from tests.builders import run, store_of
from velocity.reading import reads
from velocity.settings import Compute, Settings

pytestmark = pytest.mark.thorough

SETTINGS = Settings(compute=Compute(gpu_count_key="num_gpus"))


def hours(*configs, **columns):
    """GPU-hours of each config's scholar: an hour on 4 GPUs with it, and an hour on 1 GPU."""
    rows = []
    for number, config in enumerate(configs):
        both = {"username": f"scholar{number}"}
        told = {"gpu_count": 4, "config": f'{{"num_gpus":{config}}}', **columns}
        rows += [
            run(f"told{number}", "09:00", "10:00", **told, **both),
            run(f"other{number}", "09:00", "10:00", gpu_count=1, project="q", **both),
        ]
    figures = reads.metrics(store_of(rows, "20:00", settings=SETTINGS), by="scholar")
    of = dict(figures.select("scholar", "gpu_hours").iter_rows())
    return [of[f"scholar{number}"] for number in range(len(configs))]


def test_the_key_replaces_the_count_of_the_machine():
    """Only with a count: in some trainers -1 means all GPUs of the machine."""
    configs = ["2", "0.5", "0", "-1", "1e7", "1e308", '"nan"', '"inf"', '"all"', "null", "[2]"]
    assert hours(*configs) == pytest.approx([2 + 1, 0.5 + 1, 0 + 1] + [4 + 1] * 8)


def test_a_value_that_is_not_a_number_does_not_reduce_the_capacity_of_a_host():
    assert hours("-1", host="node") == pytest.approx([4 + 1])
