"""The state in a real Postgres: the same tests as for the file, and what differs."""

import pytest

from tests.scale.servers import closed_port
from tests.test_state import (  # noqa: F401 - run again here
    NOW,
    test_a_result_is_marked_as_read_once_and_old_marks_are_removed,
    test_a_sign_out_in_any_process_ends_that_sign_in_and_earlier_ones_of_the_same_person,
    test_a_token_replaces_the_earlier_one_of_the_same_person,
    test_forgetting_a_person_leaves_no_trace,
    test_many_threads_may_write_at_once,
    test_messages_and_posts_are_recorded_once,
    test_old_looks_are_removed,
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
    said = r"The state in postgresql://\S+ cannot be used: Postgres does"
    with pytest.raises(VelocityError, match=said):
        state.is_signed_out(where, "ada@x.example", NOW)


def state_by(folder, address):
    """Where the state is with the setting."""
    (folder / "velocity.toml").write_text(f'[store]\nstate = "{address}"\n')
    return load_settings(folder / "velocity.toml").state_of(folder)


@pytest.mark.parametrize(
    "address", ["postgresql://v:secret@h/d", "postgresql://h/d?password=secret", "mysql://h/d"]
)
def test_the_setting_is_an_address_without_a_password(tmp_path, address):
    with pytest.raises(ConfigurationError, match="without a password"):
        state_by(tmp_path, address)


def test_the_setting_decides_where_the_state_is(tmp_path):
    assert load_settings(tmp_path / "velocity.toml").state_of(tmp_path) == tmp_path
    address = "postgresql://v@h/d?sslmode=verify-full"
    assert state_by(tmp_path, address) == address
