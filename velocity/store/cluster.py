"""Connects to the workers that derive shards: a Dask cluster, as a plain `Executor`."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from velocity.errors import StoreError
from velocity.extras import import_extra

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Executor

#: Seconds until a scheduler counts as unreachable, and until it must have a worker.
_PATIENCE_S = 30


@contextmanager
def connected(address: str) -> Iterator[Executor]:
    """Connect to a scheduler; what a worker does not finish, because it died, another one does again.

    The certificates are those of Dask's own settings or variables
    (`DASK_DISTRIBUTED__COMM__TLS__CA_FILE` and so on).

    Args:
        address: the setting `derive.scheduler`.

    Raises:
        ConfigurationError: the extra is not installed.
        StoreError: the scheduler does not answer or has no worker.
    """
    distributed = import_extra("scale", "distributed", asker="The setting derive.scheduler")
    try:
        security = distributed.Security(require_encryption=address.startswith("tls:"))
        client = distributed.Client(
            address, security=security, timeout=_PATIENCE_S, set_as_default=False
        )
    except (OSError, TimeoutError, TypeError, RuntimeError) as error:
        raise StoreError(
            f"The Dask scheduler at {address} cannot be reached: {str(error).splitlines()[0]}.",
            "Start it, or check the certificates in DASK_DISTRIBUTED__COMM__TLS__… (docs/scale.md).",
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=_PATIENCE_S)
        except TimeoutError as error:
            raise StoreError(
                f"The Dask scheduler at {address} has no worker.",
                "Start a worker, or remove derive.scheduler to derive on this machine.",
            ) from error
        yield client.get_executor(pure=False)
