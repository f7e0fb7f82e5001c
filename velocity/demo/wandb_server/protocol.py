"""GraphQL over plain dictionaries: graphql-core validates queries, and a small loop executes them.

graphql-core's executor takes about 5 microseconds per field, so a page of 500 runs would take
longer than the client needs to read it. Here graphql-core parses and validates each text once,
and the selection is then walked directly.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSyntaxError,
    InlineFragmentNode,
    SelectionSetNode,
    ValueNode,
    build_schema,
    get_operation_ast,
    parse,
    validate,
    value_from_ast_untyped,
)

_load_schema = lru_cache(maxsize=16)(build_schema)


class InvalidQueryError(Exception):
    """The query does not fit the schema; the message says where."""


@dataclass(frozen=True, eq=False)  # hashed by identity: selections are keys
class Field:
    """One selected field: its name in the response and in the schema, and its own selection."""

    key: str
    name: str
    arguments: tuple[tuple[str, ValueNode], ...]
    fields: tuple[Field, ...] | None  # None for a scalar

    def values(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Argument values, without missing ones."""
        return {
            name: value_from_ast_untyped(node, dict(variables)) for name, node in self.arguments
        }


@dataclass(frozen=True)
class Operation:
    """A validated query with its fragments spread."""

    name: str
    fields: tuple[Field, ...]
    defaults: tuple[tuple[str, Any], ...]  # for variables with a default


def schema_text() -> str:
    """The schema that the server validates against."""
    return (files(__package__) / "schema.graphql").read_text(encoding="utf-8")


@lru_cache(maxsize=256)
def load_operation(schema: str, query: str) -> Operation:
    """The single operation of `query`, validated against the schema text.

    Raises:
        InvalidQueryError: it is not GraphQL, not a single query, or does not fit the schema.
    """
    try:
        document = parse(query)
    except GraphQLSyntaxError as error:
        raise InvalidQueryError(error.message) from error
    if mistakes := validate(_load_schema(schema), document):
        raise InvalidQueryError("; ".join(mistake.message for mistake in mistakes))
    operation = get_operation_ast(document)
    if operation is None:
        raise InvalidQueryError("Expected exactly one operation.")
    fragments = {
        it.name.value: it for it in document.definitions if isinstance(it, FragmentDefinitionNode)
    }
    defaults = tuple(
        (variable.variable.name.value, value_from_ast_untyped(variable.default_value))
        for variable in operation.variable_definitions or ()
        if variable.default_value is not None
    )
    return Operation(
        name=operation.name.value if operation.name else "",
        fields=tuple(_flatten(operation.selection_set, fragments)),
        defaults=defaults,
    )


def select(
    value: Mapping[str, Any], fields: tuple[Field, ...], variables: Mapping[str, Any]
) -> dict[str, Any]:
    """The selected fields of an object, for `orjson.dumps`.

    An object is a mapping from a field of the schema to its value, which may be a function of the
    arguments (one mapping); a field that is absent is null. Or it has a method `select` of its own.
    """
    out = {}
    for field in fields:
        inner = value.get(field.name)
        if callable(inner):
            inner = inner(field.values(variables))
        if field.fields is None or inner is None:
            out[field.key] = inner
        elif isinstance(inner, list):
            out[field.key] = [select(each, field.fields, variables) for each in inner]
        elif isinstance(inner, Mapping):
            out[field.key] = select(inner, field.fields, variables)
        else:
            out[field.key] = inner.select(field.fields)
    return out


def _flatten(
    selection: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> Iterator[Field]:
    for node in selection.selections:
        if isinstance(node, FieldNode):
            inner = node.selection_set
            yield Field(
                key=node.alias.value if node.alias else node.name.value,
                name=node.name.value,
                arguments=tuple((each.name.value, each.value) for each in node.arguments or ()),
                fields=None if inner is None else tuple(_flatten(inner, fragments)),
            )
        elif isinstance(node, FragmentSpreadNode):
            yield from _flatten(fragments[node.name.value].selection_set, fragments)
        elif isinstance(node, InlineFragmentNode):
            yield from _flatten(node.selection_set, fragments)
