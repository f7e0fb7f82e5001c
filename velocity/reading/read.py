"""A read: the rows of one query in a snapshot, whose header declares its parameters."""

from collections.abc import Callable, Mapping
from functools import cached_property
from inspect import Parameter, Signature
from typing import Any

import polars as pl

from velocity.queries import load_query
from velocity.reading.access import EVERYTHING, Scope
from velocity.reading.periods import only_days
from velocity.state import ReadMark
from velocity.store.snapshot import Snapshot


class Read:
    """The rows of one query in a snapshot, as a viewer may see them.

    Parameters that its header says can be null are optional. Unless they are given, the scope is
    everything, and launches are those by people.
    """

    def __init__(
        self, query: str, then: Callable[..., pl.DataFrame] | None = None, **defaults: Any
    ) -> None:
        """`then` completes the rows: it gets the snapshot, the rows and the filters."""
        self.__name__ = query.rpartition("/")[2]
        self._query = query
        self._then = then
        self._defaults = {"actor": "person", "scope": EVERYTHING, **defaults}

    @cached_property
    def __signature__(self) -> Signature:
        """The parameters of the query."""
        params = load_query(self._query).params
        known = {it.name: None for it in params if "null =" in it.text} | self._defaults
        filters = (
            Parameter(it.name, Parameter.KEYWORD_ONLY, default=known.get(it.name, Parameter.empty))
            for it in params
        )
        return Signature([Parameter("snapshot", Parameter.POSITIONAL_ONLY), *filters])

    def __call__(
        self,
        snapshot: Snapshot,
        /,
        frames: Mapping[str, pl.DataFrame] | None = None,
        **filters: Any,
    ) -> pl.DataFrame:
        """Run the query, which may read `frames` by their names.

        Only the names of filters are checked here; their types are those of the header.

        Raises:
            TypeError: a filter is missing, or the query does not have it.
        """
        asked = self.__signature__.bind(snapshot, **filters)
        asked.apply_defaults()
        given = asked.kwargs
        params = {name: _param(it) for name, it in given.items()}
        found = snapshot.frame(load_query(self._query).body, params, frames)
        scope = given.get("scope")
        if scope is not None and scope.hours is not None and "scholar" in found.columns:
            known: pl.DataFrame = snapshot.kept.get((edge,), lambda: edge(snapshot))
            found = only_days(found, scope.hours, str(known["timezone"][0]))
        return self._then(snapshot, found, **given) if self._then else found


def _param(value: Any) -> Any:
    if isinstance(value, Scope):
        return value.params
    if isinstance(value, ReadMark):
        return value._asdict()
    return [_param(it) for it in value] if isinstance(value, tuple | list) else value


#: One row: as_of and newest (instants), timezone; see queries/reads/edge.sql.
edge = Read("reads/edge")
