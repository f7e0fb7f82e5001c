"""Servers that the tests of a process share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.scale import servers

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Variables with which a bucket named "velocity" is reached."""
    with servers.bucket(tmp_path_factory.mktemp("s3")) as there:
        yield there


@pytest.fixture
def place(s3, monkeypatch, request) -> str:
    """A prefix for one test, which this process can reach."""
    for name, value in s3.items():
        monkeypatch.setenv(name, value)
    return f"s3://velocity/{abs(hash(request.node.nodeid)):x}"
