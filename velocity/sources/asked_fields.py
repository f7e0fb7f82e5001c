"""Check that an answer has every field that its GraphQL query asked for.

A missing field would otherwise read as "not known" and change figures without a word.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from graphql import (
    REMOVE,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    Visitor,
    parse,
    print_ast,
    separate_operations,
    visit,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphql import SelectionSetNode

    #: Name in the answer -> the fields inside it; None for a plain value.
    Fields = dict[str, Any]

#: Without a value in these, a scan would end too early without anybody noticing.
_NEVER_NULL = frozenset({"runCount", "edges", "pageInfo", "hasNextPage"})
#: The lists; everything else with fields is an object.
_LISTS = frozenset({"edges"})
_KEPT_QUERIES = 64


@lru_cache(maxsize=_KEPT_QUERIES)
def without_fields(query: str, omitted: tuple[str, ...]) -> str:
    """A query with one operation that does not ask for some fields, wherever they stand."""

    class Omit(Visitor):
        def enter_field(self, node: FieldNode, *_: Any) -> Any:
            return REMOVE if node.name.value in omitted else None

    document = visit(parse(query, no_location=True), Omit())
    # A server refuses a query with a fragment that nothing uses any more.
    (operation,) = separate_operations(document).values()
    return print_ast(operation)


def find_lacking(data: Any, query: str, omitted: tuple[str, ...] = ()) -> str | None:
    """Path of the first field that a query asked for and its answer does not have.

    Args:
        data: the `data` of the answer.
        query: GraphQL text with one operation.
        omitted: names of fields that were taken out of the query before it was sent.

    Returns:
        A path such as "project.runs.edges.node.heartbeatAt"; None where nothing is missing. A null
        is a value, except where the server's schema never allows one.
    """
    return _lacking(data, _fields_of(query, omitted)) if isinstance(data, dict) else "data"


def _lacking(value: Any, fields: Fields) -> str | None:
    if value is None:
        return None
    for name, inner in fields.items():
        # Something else in place of an object has none of its fields.
        if not isinstance(value, dict) or name not in value:
            return name
        found = value[name]
        if found is None and name in _NEVER_NULL:
            return name
        if inner is None:
            continue
        if isinstance(found, list) != (name in _LISTS) and found is not None:
            return name
        for item in found if isinstance(found, list) else (found,):
            if lacking := _lacking(item, inner):
                return f"{name}.{lacking}"
    return None


@lru_cache(maxsize=_KEPT_QUERIES)
def _fields_of(query: str, omitted: tuple[str, ...]) -> Fields:
    definitions = parse(query, no_location=True).definitions
    fragments = {it.name.value: it for it in definitions if isinstance(it, FragmentDefinitionNode)}
    (operation,) = (it for it in definitions if isinstance(it, OperationDefinitionNode))
    return _selected(operation.selection_set, fragments, frozenset(omitted))


def _selected(
    selection: SelectionSetNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    omitted: frozenset[str],
) -> Fields:
    """The fields of a selection; __typename and its like are the protocol's own."""
    found: Fields = {}
    for part in selection.selections:
        if isinstance(part, FieldNode):
            if part.name.value in omitted or part.name.value.startswith("__"):
                continue
            inner = part.selection_set and _selected(part.selection_set, fragments, omitted)
            found[(part.alias or part.name).value] = inner
        elif isinstance(part, FragmentSpreadNode):
            found |= _selected(fragments[part.name.value].selection_set, fragments, omitted)
        elif isinstance(part, InlineFragmentNode):
            found |= _selected(part.selection_set, fragments, omitted)
    return found
