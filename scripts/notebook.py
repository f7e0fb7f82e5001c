"""Run docs/api.ipynb on the data of the demo and store what its cells show.

    python -m scripts.notebook

Run it in a folder with the demo's data in data/demo, where `make demo` leaves it.
"""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

NOTEBOOK = Path(__file__).resolve().parent.parent / "docs" / "api.ipynb"


def code_cells(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    """The cells with code, in order."""
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def results(notebook: dict[str, Any]) -> Iterator[str | None]:
    """Run the code cells in order; yield the text of each one's last expression, None without one.

    Raises:
        Exception: whatever a cell raises.
    """
    names: dict[str, Any] = {}
    for cell in code_cells(notebook):
        *steps, last = ast.parse("".join(cell["source"])).body
        if not isinstance(last, ast.Expr):
            steps.append(last)
        exec(compile(ast.Module(steps, []), NOTEBOOK.name, "exec"), names)  # noqa: S102 - our own file
        if not isinstance(last, ast.Expr):
            yield None
            continue
        shown = eval(compile(ast.Expression(last.value), NOTEBOOK.name, "eval"), names)  # noqa: S307 - as above
        yield None if shown is None else repr(shown)


def text_of(cell: dict[str, Any]) -> str | None:
    """What a code cell shows, as it is stored in the notebook."""
    return "".join(cell["outputs"][0]["data"]["text/plain"]) if cell["outputs"] else None


def _main() -> None:
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    cells = code_cells(notebook)
    for number, (cell, text) in enumerate(zip(cells, results(notebook), strict=True), start=1):
        cell["execution_count"] = number
        cell["outputs"] = [] if text is None else [_output(number, text)]
    content = json.dumps(notebook, ensure_ascii=False, indent=1)
    NOTEBOOK.write_text(f"{content}\n", encoding="utf-8")


def _output(number: int, text: str) -> dict[str, Any]:
    return {
        "output_type": "execute_result",
        "execution_count": number,
        "metadata": {},
        "data": {"text/plain": text.splitlines(keepends=True)},
    }


if __name__ == "__main__":
    _main()
