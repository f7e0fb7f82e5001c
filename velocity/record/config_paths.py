"""The leaves of a config by path, so that equal paths and values mean equal configs.

A path is a JSON pointer, with indexes of lists in brackets: /train/layers/[0]/width. An object
without entries is a leaf, /train/{}. A list without objects is one leaf.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any

import orjson

_INTERNAL = "_wandb"
_SCALARS = frozenset({str, int, float, bool, type(None)})


def leaves(config: Mapping[str, Any]) -> tuple[tuple[str, ...], list[Any]]:
    """Paths and values of a config parsed from JSON, in the order of its keys.

    W&B's own `_wandb` is left out at every depth.
    """
    if _INTERNAL in config:
        config = {name: value for name, value in config.items() if name != _INTERNAL}
    names = _flat(tuple(config))
    if _SCALARS.issuperset(map(type, config.values())):
        return names, list(config.values())
    paths: list[str] = []
    values: list[Any] = []
    waiting = list(zip(names, config.values(), strict=True))[::-1]
    while waiting:  # no recursion: configs may be deep
        path, value = waiting.pop()
        inner = None if type(value) in _SCALARS else _inner(path, value)
        if inner is None:
            paths.append(path)
            values.append(value)
        else:
            waiting.extend(reversed(inner))
    return tuple(paths), values


def written_all(values: Sequence[Any]) -> list[bytes]:
    """Values as JSON: 1 and 1.0 are different."""
    with suppress(orjson.JSONEncodeError):
        texts = orjson.dumps(values)[1:-1].split(b",")
        if len(texts) == len(values):  # no value has a comma in it
            return texts
    try:
        return list(map(orjson.dumps, values))
    except orjson.JSONEncodeError:  # hundreds of nested lists
        return [json.dumps(value, separators=(",", ":")).encode() for value in values]


def path_of(names: Iterable[str]) -> str:
    """The path of nested names."""
    return "".join(f"/{_escaped(name)}" for name in names)


def _inner(path: str, value: Any) -> list[tuple[str, Any]] | None:
    """The values in a value, with their paths; None for a leaf."""
    if isinstance(value, dict):
        kept = [
            (f"{path}/{_escaped(name)}", inner)
            for name, inner in value.items()
            if name != _INTERNAL
        ]
        return kept or [(f"{path}/{{}}", 0)]
    is_plain = not isinstance(value, list) or _SCALARS.issuperset(map(type, value))
    # A list may contain an object only if its JSON has a brace; one in a text counts too.
    if is_plain or b"{" not in written_all([value])[0]:
        return None
    return [(f"{path}/[{place}]", inner) for place, inner in enumerate(value)]


@lru_cache(maxsize=10_000)
def _flat(names: tuple[str, ...]) -> tuple[str, ...]:
    """Caches the path of each name, because most runs have the same names."""
    return tuple(f"/{_escaped(name)}" for name in names)


@lru_cache(maxsize=100_000)
def _escaped(name: str) -> str:
    escaped = name.replace("~", "~0").replace("/", "~1")
    return f"~2{escaped}" if escaped.startswith(("[", "{")) else escaped
