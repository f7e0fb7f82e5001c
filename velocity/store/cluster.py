"""Connects to the workers that derive shards: a Dask cluster, as a plain `Executor`."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

from velocity.database.failures import cause
from velocity.errors import ConfigurationError, StoreError
from velocity.extras import import_extra

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Executor

_VARIABLES = "DASK_DISTRIBUTED__COMM__TLS__CA_FILE, …__CLIENT__CERT and …__CLIENT__KEY"
#: Seconds until a scheduler counts as unreachable, and seconds in which it must have a worker.
_PATIENCE_S = 30
_WORKER_S = 60


@contextmanager
def connected(address: str) -> Iterator[Executor]:
    """Connect to a scheduler; the task of a worker that dies is given to another one.

    The certificates are those in Dask's own variables or settings.

    Args:
        address: the setting `derive.scheduler`.

    Raises:
        ConfigurationError: the extra is not installed, or there is no certificate.
        StoreError: the scheduler does not answer or has no worker.
    """
    distributed = import_extra("scale", "distributed", asker="The setting derive.scheduler")
    for name in ("client", "utils"):  # it logs a traceback beside the error
        logging.getLogger(f"distributed.{name}").setLevel(logging.CRITICAL)
    is_tls = address.startswith("tls:")
    security = distributed.Security(require_encryption=is_tls)
    if is_tls and security.tls_client_cert is None:
        raise ConfigurationError(
            f"There is no certificate for the Dask scheduler at {address}.",
            f"Set {_VARIABLES} (docs/scale.md).",
        )
    try:
        client = distributed.Client(
            address, security=security, timeout=_PATIENCE_S, set_as_default=False
        )
    except OSError as error:
        raise StoreError(
            f"The Dask scheduler at {address} cannot be reached: {cause(error)}.",
            f"Start it, or check {_VARIABLES}.",
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=_WORKER_S)
        except TimeoutError as error:
            raise StoreError(
                f"The Dask scheduler at {address} has no worker.",
                "Start a worker, or remove derive.scheduler to derive on this machine.",
            ) from error
        yield client.get_executor(pure=False)
