"""Check that a response has every field that its GraphQL query requested.

A missing field would otherwise count as "not known" and silently change figures.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from graphql import (
    REMOVE,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    Visitor,
    parse,
    print_ast,
    separate_operations,
    visit,
)

Fields = dict[str, Any]

#: Fields of another type, or without a value, count as missing: a scan could end too early without
#: anybody noticing, or look like that of a missing project.
_TYPES: dict[str, type] = {"runCount": int, "edges": list, "pageInfo": dict, "hasNextPage": bool}
_KEPT_QUERIES = 64


@lru_cache(maxsize=_KEPT_QUERIES)
def without_fields(query: str, omitted: tuple[str, ...]) -> str:
    """A query with one operation, without some fields at any depth."""

    class Omit(Visitor):
        def enter_field(self, node: FieldNode, *_: Any) -> Any:
            return REMOVE if node.name.value in omitted else None

    document = visit(parse(query, no_location=True), Omit())
    # A server refuses a query with an unused fragment.
    (operation,) = separate_operations(document).values()
    return print_ast(operation)


def find_lacking(data: Any, query: str) -> str | None:
    """Path of the first field that a query with one operation requested and `data` does not have.

    Such as "project.runs.edges.node.heartbeatAt"; None if nothing is missing. A null is a value,
    except where the server's schema does not allow it.
    """
    return _lacking(data, _fields_of(query)) if isinstance(data, dict) else "data"


def _lacking(value: Any, fields: Fields) -> str | None:
    if value is None:
        return None
    for name, inner in fields.items():
        # Any other value in place of an object does not have its fields.
        if not isinstance(value, dict) or name not in value:
            return name
        found = value[name]
        if name in _TYPES and not isinstance(found, _TYPES[name]):
            return name
        if inner is None:
            continue
        if isinstance(found, list) and name not in _TYPES:
            return name
        for item in found if isinstance(found, list) else (found,):
            if lacking := _lacking(item, inner):
                return f"{name}.{lacking}"
    return None


@lru_cache(maxsize=_KEPT_QUERIES)
def _fields_of(query: str) -> Fields:
    definitions = parse(query, no_location=True).definitions
    fragments = {
        it.name.value: it.selection_set
        for it in definitions
        if isinstance(it, FragmentDefinitionNode)
    }
    (operation,) = (it for it in definitions if isinstance(it, OperationDefinitionNode))
    return _selected(operation.selection_set, fragments)


def _selected(selection: SelectionSetNode, fragments: Mapping[str, SelectionSetNode]) -> Fields:
    """The fields of a selection; names such as __typename belong to the protocol."""
    found: Fields = {}
    for part in selection.selections:
        if isinstance(part, FragmentSpreadNode):
            found |= _selected(fragments[part.name.value], fragments)
        elif isinstance(part, InlineFragmentNode):
            found |= _selected(part.selection_set, fragments)
        elif isinstance(part, FieldNode) and not part.name.value.startswith("__"):
            inner = part.selection_set and _selected(part.selection_set, fragments)
            found[(part.alias or part.name).value] = inner
    return found
