"""The state in a real Postgres: the same tests as for the file, and what differs."""

import pytest

from tests.scale.servers import closed_port
from tests.test_state import (  # noqa: F401 - run again here
    NOW,
    test_a_result_is_marked_as_read_once,
    test_a_sign_out_ends_that_sign_in_and_earlier_ones_of_the_same_person,
    test_a_sign_out_holds_in_other_processes,
    test_a_token_replaces_the_earlier_one_of_the_same_person,
    test_forgetting_a_person_leaves_no_trace,
    test_many_threads_may_write_at_once,
    test_marks_of_a_forgotten_person_are_removed,
    test_messages_and_posts_are_recorded_once,
    test_old_looks_are_removed,
    test_old_marks_are_removed,
    test_only_one_process_sends_at_a_time,
    test_reruns_of_one_visit_are_one_look,
)
from velocity import state
from velocity.errors import ConfigurationError, VelocityError
from velocity.settings import load_settings


@pytest.fixture
def where(database):
    return database


def test_no_bytes_of_a_forgotten_person_stay_in_the_tables(where, postgres_files):
    state.sign_out(where, "zq-ada@x.example", NOW)
    assert postgres_files(b"zq-ada@x.example")
    state.forget(where, scholars=[], emails=["zq-ada@x.example"])
    assert not postgres_files(b"zq-ada@x.example")


@pytest.mark.fault
def test_a_database_that_does_not_answer_is_named():
    where = f"postgresql://velocity@127.0.0.1:{closed_port()}/velocity"
    with pytest.raises(
        VelocityError, match=r"The state in postgresql://\S+ cannot be used: Postgres does"
    ):
        state.is_signed_out(where, "ada@x.example", NOW)


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://velocity:secret@host/velocity",
        "postgresql://host/velocity?password=secret",
        "mysql://host/velocity",
    ],
)
def test_the_setting_is_an_address_without_a_password(tmp_path, address):
    path = tmp_path / "velocity.toml"
    path.write_text(f'[store]\nstate = "{address}"\n')
    with pytest.raises(ConfigurationError, match="without a password"):
        load_settings(path)


def test_the_setting_decides_where_the_state_is(tmp_path):
    path = tmp_path / "velocity.toml"
    assert load_settings(path).state_of(tmp_path) == tmp_path
    path.write_text('[store]\nstate = "postgresql://v@h/d?sslmode=verify-full"\n')
    assert load_settings(path).state_of(tmp_path) == "postgresql://v@h/d?sslmode=verify-full"
