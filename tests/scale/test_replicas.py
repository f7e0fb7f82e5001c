"""Two replicas behind the proxy of deploy/: sign-outs, files, and the end of one of them."""

import asyncio
import re
import shutil
import subprocess
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, replace

import psycopg
import pytest
import requests
from websockets.exceptions import ConnectionClosed

from scripts.browsing import free_port
from scripts.waiting import PATIENCE_S, wait_until
from tests import people
from tests.commands import VELOCITY
from tests.conftest import ROOT
from tests.coroutines import run
from tests.forgery import Tab, said
from tests.identity import App, cookies
from tests.scale.replicas import COOKIE, Replica, proxy, signed_in_replicas
from tests.stores import copied
from velocity.store import open_live
from velocity.store.publish import publish

pytestmark = pytest.mark.thorough

SESSIONS = 100
_SETTINGS = """
[access]
mode = "oidc"
[store]
snapshots = "{place}"
state = "{state}"
"""


@dataclass(frozen=True)
class Lab:
    """Two replicas, the snapshot that they show, and how they answered without one."""

    replicas: list[Replica]
    port: int  # of the proxy: sign-ins count only at the address that they come back to
    snapshot: str
    before: list[tuple[int | None, int | None]]


@pytest.fixture(scope="module")
def lab(s3, postgres, tmp_path_factory):
    folder = tmp_path_factory.mktemp("replicas")
    place, port = "s3://velocity/replicas", free_port()
    with psycopg.connect(postgres.get_uri(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE replicas")
    state = postgres.get_uri(database="replicas").replace(":@", "@")
    publisher = copied(people.populate, folder / "publisher")
    shutil.copy(publisher / "roster.toml", folder)
    (folder / "velocity.toml").write_text(_SETTINGS.format(place=place, state=state), "utf-8")
    known = {it: {"email": it, "email_verified": True} for it in (people.LEAD, people.MENTOR)}
    with signed_in_replicas(folder, known, s3, port) as replicas:
        before = [(it.status("/healthz"), it.status("/readyz")) for it in replicas]
        with pytest.MonkeyPatch.context() as patch, open_live(publisher) as store:
            for name, value in s3.items():
                patch.setenv(name, value)
            snapshot = publish(store, place)
        wait_until(lambda: all(it.status("/readyz") == requests.codes.ok for it in replicas))
        yield Lab(replicas, port, snapshot, before)


@pytest.fixture
def proxied(lab, tmp_path):
    with proxy(lab.replicas, tmp_path, lab.port) as address:
        yield App(address, tmp_path / "log", tmp_path)


def _signed_in(app: App, person: str) -> dict[str, str]:
    """The cookies of a sign-in, without the one of the proxy."""
    return {name: it for name, it in cookies(app, person).items() if name != COOKIE}


def _of_browser(app: App, signed_in: dict[str, str]) -> dict[str, str]:
    """The cookies of a browser that opens its first page."""
    first = requests.get(f"{app.address}/_stcore/health", cookies=signed_in, timeout=PATIENCE_S)
    return signed_in | {name: it for name, it in first.cookies.items() if name == COOKIE}


def test_a_replica_is_ready_once_it_has_a_snapshot_and_names_it(lab):
    assert lab.before == [(200, 503), (200, 503)]
    assert _ready(lab.replicas) == [lab.snapshot] * 2


def test_a_sign_out_on_one_replica_holds_on_the_other(proxied):
    signed_in = _signed_in(proxied, people.MENTOR)
    here, there = (signed_in | {COOKIE: name} for name in ("a", "b"))

    async def sign_out():
        async with Tab(proxied, there) as tab:
            await tab.show("definitions")
            assert tab.named("sign-out")
        async with Tab(proxied, here) as tab:
            await tab.show("definitions")
            await tab.rerun(said(tab.named("sign-out"), True))
        async with Tab(proxied, there) as tab:
            await tab.show("definitions")
            return tab.received()

    assert "You have signed out" in run(sign_out())


async def _status_of_a_file(app: App, theirs: dict[str, str]) -> int:
    """Make a file with one request, as a page does, and get it with the next."""
    async with Tab(app, theirs) as tab:
        await tab.show("", {"period": "Programme"})
        share = tab.named("share")
        await tab.rerun(said(share, "CSV"), fragment=share.fragment)
        offer = next(it.file for it in tab.drawn.values() if it.file)
        return (await tab.get(await tab.file(offer))).status_code


def test_files_come_from_the_replica_that_made_them(proxied):
    theirs = _of_browser(proxied, _signed_in(proxied, people.LEAD))
    assert COOKIE in theirs
    assert run(_status_of_a_file(proxied, theirs)) == 200


def test_without_the_cookie_of_the_proxy_files_are_lost(lab, tmp_path):
    """The socket keeps one replica busy, so that the next request goes to the other one."""
    with proxy(lab.replicas, tmp_path, lab.port) as address:
        signed_in = _signed_in(App(address, tmp_path / "log", tmp_path), people.LEAD)
    with proxy(lab.replicas, tmp_path, lab.port, _without_cookie) as address:
        app = App(address, tmp_path / "log", tmp_path)
        theirs = _of_browser(app, signed_in)
        assert COOKIE not in theirs
        assert run(_status_of_a_file(app, theirs)) == 404


def _without_cookie(configuration: str) -> str:
    return re.sub(r"(\n    | )cookie (a|b|velocity_replica .*)", "", configuration)


@pytest.mark.fault
def test_nobody_sees_an_error_after_a_replica_was_killed(lab, proxied):
    signed_in = _signed_in(proxied, people.LEAD)
    browsers = [_of_browser(proxied, signed_in) for _ in range(SESSIONS)]
    assert len({it[COOKIE] for it in browsers}) == 2

    async def again(tab: Tab, theirs: dict[str, str]) -> tuple[bool, list[str]]:
        """Rerun the page, in a new socket if the old one was closed, as a browser does."""
        try:
            return False, (await tab.rerun()).errors
        except ConnectionClosed:
            async with Tab(proxied, theirs) as new:
                answer = await new.show("definitions")
                assert "Your sign-in" not in new.received()
                return True, answer.errors

    async def crowd() -> list[tuple[bool, list[str]]]:
        async with AsyncExitStack() as opened:
            tabs = [await opened.enter_async_context(Tab(proxied, it)) for it in browsers]
            first = await asyncio.gather(*(tab.show("definitions") for tab in tabs))
            assert [it.errors for it in first] == [[]] * SESSIONS
            await asyncio.to_thread(lab.replicas[0].end)
            return await asyncio.gather(*map(again, tabs, browsers))

    try:
        after = run(crowd())
    finally:
        lab.replicas[0].start()
    assert sum(lost for lost, _ in after) == sum(it[COOKIE] == "a" for it in browsers)
    assert [errors for _, errors in after] == [[]] * SESSIONS


def _ready(replicas):
    """The snapshot that each replica shows."""
    answers = (requests.get(f"{it.app.address}/readyz", timeout=PATIENCE_S) for it in replicas)
    return [it.json()["snapshot"] for it in answers]


def _next_version(tree):
    """A copy of the code with another query: it cannot read snapshots of this version."""
    for name in ("velocity", "queries", ".streamlit"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("app.py", "pyproject.toml"):
        shutil.copy(ROOT / name, tree)
    with (tree / "queries" / "reads" / "sync_log.sql").open("a", encoding="utf-8") as query:
        query.write("-- of the next version\n")
    return tree


def test_replicas_are_upgraded_one_by_one_while_people_use_them(lab, proxied, tmp_path):
    # The working folder is that of this version.
    code = {"PYTHONPATH": str(_next_version(tmp_path / "code")), "PYTHONSAFEPATH": "1"}
    signed_in = _signed_in(proxied, people.LEAD)

    async def errors(name: str) -> list[str]:
        async with Tab(proxied, signed_in | {COOKIE: name}) as tab:
            answer = await tab.show("definitions")
            assert "Your sign-in" not in tab.received()
            return answer.errors

    serving, known = list(lab.replicas), []
    folder = serving[0].data.parent
    with ExitStack() as upgraded:
        publish_next = [*VELOCITY, "--data", folder / "publisher"]
        publish_next += ["--config", folder / "velocity.toml", "publish"]
        subprocess.run(publish_next, env={**serving[0].env, **code}, cwd=tmp_path, check=True)
        for place, old in enumerate(lab.replicas):
            known.append(_ready(serving))
            new = replace(old, env={**old.env, **code})
            old.end()
            assert run(errors(old.data.name)) == [], "the other replica answers meanwhile"
            upgraded.callback(old.start)
            new.start()
            upgraded.callback(new.end)
            wait_until(lambda it=new: it.status("/readyz") == requests.codes.ok)
            serving[place] = new
            assert [run(errors(name)) for name in ("a", "b")] == [[], []]
        known.append(_ready(serving))
    old_name, new_name = known[0][0], known[2][0]
    assert known == [[old_name] * 2, [new_name, old_name], [new_name] * 2]
    assert old_name != new_name
