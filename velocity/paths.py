"""Where the product's own files are: app.py, queries/ and .streamlit/config.toml."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def project_root() -> Path:
    """The folder that holds `app.py`, `queries/` and `.streamlit/`.

    A clone comes first: an editable install leaves a second copy of these files in
    site-packages, as old as the install. `pyproject.toml` tells a clone from a site-packages
    folder that happens to hold a package called "queries".
    """
    package = Path(__file__).resolve().parent
    clone = package.parent
    if (clone / "pyproject.toml").is_file() and (clone / "queries").is_dir():
        return clone
    return package / "_bundle"
