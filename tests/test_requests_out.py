"""Only requests listed in docs/security.md leave the machine; test_wheel.py watches the demo."""

import subprocess
import sys

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from benchmarks.browser_session import BrowserSession
from scripts import browsing
from tests import people
from tests.commands import velocity
from tests.coroutines import run
from tests.identity import served, sign_in
from tests.outward import watched
from tests.people import email
from tests.stores import copied
from tests.wandb_server import ProtocolServer, World
from tests.worlds import node

pytestmark = pytest.mark.thorough

FOREIGN = "http://10.1.2.3:8080"


async def come_from_elsewhere(address):
    """Open a socket to a port of this machine, as any page in a browser can."""
    url = f"{address.replace('http', 'ws', 1)}/_stcore/stream"
    with pytest.raises(InvalidStatus):
        async with connect(url, origin=FOREIGN):
            pass


async def look_around(address, cookies):
    async with BrowserSession(address, cookies=cookies) as tab:
        answers = [await tab.open(page) for page in ("", "runs", "data-health")]
    return [error for answer in answers for error in answer.errors]


def test_the_watch_sees_every_request(tmp_path):
    code = (
        "import socket, urllib.request\n"
        "try: urllib.request.urlopen('http://evil.example/x')\n"
        "except OSError: pass\n"
        "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect(('192.0.2.1', 9))"
    )
    with watched(tmp_path) as watch:
        subprocess.run([sys.executable, "-c", code], env=watch.env, check=True)
        assert watch.elsewhere() == ["192.0.2.1", "GET http://evil.example/x HTTP/1.1"]


def test_the_open_app_sends_no_requests(tmp_path):
    data = copied(people.populate, tmp_path / "store")
    with watched(tmp_path) as watch:
        with browsing.served(
            data, data / "velocity.toml", log=tmp_path / "log", env=watch.env
        ) as printed:
            address, cookies = browsing.origin(printed), browsing.cookies(printed)
            run(come_from_elsewhere(address))
            assert run(look_around(address, cookies)) == []
        assert watch.elsewhere() == []


def test_the_app_with_sign_in_sends_requests_only_to_its_provider(tmp_path):
    data = copied(people.populate, tmp_path / "store")
    (data / "velocity.toml").write_text('[access]\nmode = "oidc"\n', encoding="utf-8")
    claims = {email(0): {"email": email(0), "email_verified": True}}
    with watched(tmp_path) as watch:
        with served(data, claims, **watch.env) as app:
            run(come_from_elsewhere(app.address))
            browser, _ = sign_in(app, email(0))
            assert "_streamlit_user" in browser.cookies
        # The provider of this test is on this machine.
        assert watch.elsewhere() == []
        assert watch.hosts() >= {"localhost"}


def test_a_sync_and_doctor_send_requests_only_to_the_wandb_server(tmp_path):
    with watched(tmp_path) as watch, ProtocolServer(World([node(0)])) as server:
        env = watch.env | {"WANDB_BASE_URL": server.url, "WANDB_API_KEY": server.api_key}
        for command in (("sync", "--project", "lab/vision"), ("doctor",), ("metrics",)):
            done = velocity(*command, cwd=tmp_path, env=env)
            assert done.returncode == 0, done.stderr.decode()
        assert watch.elsewhere() == []
