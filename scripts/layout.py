"""Draws the rooms of velocity/ into CONTRIBUTING.md from the import contracts: `make docs`."""

from __future__ import annotations

import ast
import tomllib
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
GUIDE = ROOT / "CONTRIBUTING.md"
_START = "<!-- Written by `make docs` from the import contracts in pyproject.toml. -->\n"
_END = "<!-- End of what `make docs` writes. -->\n"


def layers() -> list[list[str]]:
    """Modules and packages of velocity/ by layer, the uppermost layer first."""
    (rooms,) = (it for it in _contracts() if it["type"] == "layers")
    return [[name.strip() for name in layer.split("|")] for layer in rooms["layers"]]


def drawn(guide: str) -> str:
    """Return the guide with the current picture and table of rooms.

    Raises:
        ValueError: the guide does not have both comments that enclose them.
    """
    before, start, rest = guide.partition(_START)
    _, end, after = rest.partition(_END)
    if not (start and end):
        raise ValueError(f"{GUIDE.name} does not say where the picture of the layout goes")
    return "".join((before, start, "\n", *(f"{line}\n" for line in _lines()), "\n", end, after))


def _contracts() -> list[dict[str, Any]]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = settings["tool"]["importlinter"]["contracts"]
    return found


def _lines() -> Iterator[str]:
    yield "```mermaid"
    yield "flowchart TB"
    yield from _picture()
    yield "```"
    yield ""
    yield "| package or module | what it holds |"
    yield "|---|---|"
    for layer in layers():
        for name in layer:
            yield f"| `{_file(name)}` | {_about(name)} |"


def _picture() -> Iterator[str]:
    """Layers one above the other; rooms of one layer share a box."""
    boxes = []
    for layer in layers():
        box = "_".join(layer)
        boxes.append(box)
        if len(layer) == 1:
            yield f"  {_node(box)}"
            continue
        yield f'  subgraph {box}[" "]'
        yield "    direction TB"  # rooms without an arrow between them: side by side
        yield from (f"    {_node(name)}" for name in layer)
        yield "  end"
    yield from (f"  {above} --> {below}" for above, below in pairwise(boxes))


def _node(name: str) -> str:
    """A room, with the libraries that only a few rooms may import."""
    libraries = [
        library
        for contract in _contracts()
        if contract["type"] == "protected" and f"velocity.{name}" in contract["allowed_importers"]
        for library in contract["protected_modules"]
        if not library.startswith("velocity.")
    ]
    return f'{name}["{"<br>".join((_file(name), *libraries))}"]'


def _path(name: str) -> Path:
    package = ROOT / "velocity" / name
    return package / "__init__.py" if package.is_dir() else package.with_suffix(".py")


def _file(name: str) -> str:
    return f"{name}/" if _path(name).name == "__init__.py" else f"{name}.py"


def _about(name: str) -> str:
    """The first line of the docstring."""
    docstring = ast.get_docstring(ast.parse(_path(name).read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n")[0].replace("|", r"\|")


def main() -> None:
    """Write the guide if it does not agree with the contracts."""
    before = GUIDE.read_text(encoding="utf-8")
    after = drawn(before)
    if after != before:
        GUIDE.write_text(after, encoding="utf-8")
        print(f"{GUIDE.name} written")


if __name__ == "__main__":
    main()
