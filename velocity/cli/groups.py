"""velocity groups: published weeks of groups, of one programme or of several."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import typer

from velocity.cli.options import FORMAT, OUT, Format, Places, option
from velocity.cli.output import show
from velocity.reading.roll_up import roll_up
from velocity.sentences.groups import in_words
from velocity.settings import load_settings
from velocity.store.snapshot import Snapshot, current_snapshot


@dataclass(frozen=True)
class _Store:
    name: str
    folder: Path


def _store(text: str) -> _Store:
    name, _, folder = text.rpartition("=")
    if not name.strip() or not folder:
        raise typer.BadParameter(f"'{text}' is not NAME=DIR, such as vision=/srv/vision/data")
    return _Store(name.strip(), Path(folder))


def groups(
    places: Places,
    *,
    store: list[_Store] | None = option(
        "NAME=DIR",
        "A programme and its data folder; can be repeated. Default: the one of --data.",
        parser=_store,
    ),
    form: Format | None = FORMAT,
    out: Path | None = OUT,
) -> None:
    """Published weeks of groups of streams, of one or several programmes.

    They do not name anybody: leads who may not see individuals see the same.
    """
    given = store or [_Store(load_settings(places.config).programme.name, places.data)]
    programmes: dict[str, Snapshot] = {}
    with ExitStack() as opened:
        for it in given:
            if it.name in programmes:
                raise typer.BadParameter(f"two stores are called '{it.name}'")
            programmes[it.name] = Snapshot(current_snapshot(it.folder))
            opened.callback(programmes[it.name].close)
        weeks = roll_up(programmes)
    show(
        lambda: weeks,
        form=form,
        out=out,
        in_words=lambda frame: in_words(frame.filter("visible")).drop("visible"),
        keys=("programme", "group_name", "week_start"),
        nothing="No week of a group is published yet.",
    )
