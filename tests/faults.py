"""Faults of real W&B servers, for the demo's server to repeat at chosen calls.

    server.faults.append(status(503).at(after=2, times=3))  # the 3rd, 4th and 5th page

Rows with wrong content are changed in the world: `world.put(encode_config_twice(run))`.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from graphql import (
    REMOVE,
    FieldDefinitionNode,
    ObjectTypeDefinitionNode,
    Visitor,
    parse,
    print_ast,
    visit,
)

from tests.wandb_server import Call, Fault, Reply, World
from velocity.demo.wandb_server.protocol import schema_text
from velocity.demo.wandb_server.world import RunNode

_PROXY_PAGE = "<!doctype html><title>Sign in</title><p>Sign in to your network to go on.</p>"


def status(code: int, message: str = "try again", **headers: str) -> Fault:
    """An HTTP status, as from an overloaded server; `_` in the name of a header is a dash."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Fault(reply=Reply(code, json.dumps({"errors": [{"message": message}]}), headers=named))


def dropped() -> Fault:
    """The connection ends in the middle of the answer."""
    return Fault(reply=Reply(200, '{"data": {"project": {', dropped=True))


def html_page() -> Fault:
    """A web page with status 200, as from a proxy or a wrong base URL."""
    return Fault(reply=Reply(200, _PROXY_PAGE, "text/html"))


def refused(message: str) -> Fault:
    """Status 200 with GraphQL errors and no data, as for a missing permission."""
    return Fault(reply=Reply(200, json.dumps({"errors": [{"message": message}], "data": None})))


def slow(seconds: float) -> Fault:
    """The correct response, late."""
    return Fault(delay_s=seconds)


def nobody() -> Fault:
    """An accepted key that belongs to nobody: `viewer` is null."""
    return Fault(
        change_data=lambda data, _call: {
            key: None if key == "viewer" else value for key, value in data.items()
        }
    ).at(operation=None, times=None)


def hidden_rows(keep: int = 0) -> Fault:
    """A page with only its first `keep` rows and the page information of the whole page."""
    return _on_runs(lambda runs, _call: runs | {"edges": runs["edges"][:keep]})


def repeated_rows(count: int) -> Fault:
    """A page that repeats its first `count` rows at its end."""
    return _on_runs(lambda runs, _call: runs | {"edges": runs["edges"] + runs["edges"][:count]})


def stuck_cursor() -> Fault:
    """A page whose end cursor is the requested cursor, with more pages to come."""
    return _on_runs(
        lambda runs, call: (
            runs | {"pageInfo": {"endCursor": call.variables.get("cursor"), "hasNextPage": True}}
        )
    )


def changing(change: Callable[[World], None]) -> Fault:
    """A change of the world just before the response."""
    return Fault(change_world=change)


def schema_without(type_name: str, field: str) -> str:
    """Schema text for `ProtocolServer.schema` of a server that does not have a field."""

    class _Remove(Visitor):
        def enter_object_type_definition(self, node: ObjectTypeDefinitionNode, *_: Any) -> Any:
            return visit(node, _RemoveField()) if node.name.value == type_name else None

    class _RemoveField(Visitor):
        def enter_field_definition(self, node: FieldDefinitionNode, *_: Any) -> Any:
            return REMOVE if node.name.value == field else None

    return print_ast(visit(parse(schema_text()), _Remove()))


def cut_config(run: RunNode) -> RunNode:
    """The run with a config that is cut off in the middle."""
    return replace(run, config=run.config[: len(run.config) // 2])


def lose_creation(run: RunNode) -> RunNode:
    """The run without its creation time and all that tells its own start."""
    return replace(run, created_at=None, config="{}", summary_metrics="{}")


def encode_config_twice(run: RunNode) -> RunNode:
    """The run with its config as JSON text inside JSON text."""
    return replace(run, config=json.dumps(run.config))


def swell_summary(run: RunNode, size: int) -> RunNode:
    """The run with `size` more bytes of histogram in its summary."""
    summary = json.loads(run.summary_metrics)
    return replace(run, summary_metrics=json.dumps(summary | {"histogram": "x" * size}))


def _on_runs(change: Callable[[dict[str, Any], Call], dict[str, Any]]) -> Fault:
    def change_data(data: dict[str, Any], call: Call) -> dict[str, Any]:
        project = data["project"]
        return data | {"project": project | {"runs": change(project["runs"], call)}}

    return Fault(change_data=change_data)
