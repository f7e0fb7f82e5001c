"""Side by side: what could have run together, and how to launch it as a sweep or an array."""

import shlex

import polars as pl

from velocity import formats
from velocity.sentences.answer import Row, defined, linked, name, number, on_day
from velocity.sentences.facts import Facts, Setting
from velocity.sentences.headline import varied_alone

SPARED_HELP = defined(
    "How much longer the same experiments would have taken one after another.", "spared_hours"
)
COULD_HELP = defined(
    "Launches that were ready before the result was in. Up to: a short look may have been the "
    "point.",
    "side_by_side_hours",
)
#: Launches that follow a result, from which on their readiness is given.
_FOLLOWED = 3

#: What the reader replaces.
_PROGRAM = "train.py"
#: Characters; a name in YAML may take 1,024, and one character up to ten of them.
_LONGEST = 80


def figures(now: Row, chains: pl.DataFrame) -> tuple[str, str]:
    """Hours spared, as the difference of the printed hours, and hours that could have been."""
    whole, busy = round(number(now, "experiment_hours")), round(number(now, "busy_hours"))
    could = number(now, "side_by_side_hours")
    up_to = f"up to {formats.hours_in_all(could)}" if chains.height else "none found"
    return formats.hours_sum(max(whole - busy, 0)), up_to


def advice(facts: Facts) -> str:
    """Whether work could have run side by side."""
    columns = ("experiments_following", "ready_launches")
    followed, ready = (int(number(facts.now, it)) for it in columns)
    minutes = formats.with_unit(facts.ready_minutes, "minutes")
    launches = (
        f"of {formats.plural(followed, 'launch')} after a result came within {minutes} of one "
        f"that had taken {minutes} or more"
    )
    if ready:
        look = "A short look may have been the point."
        look = look if facts.chains else "These belong to chains that began earlier."
        return f"{formats.count(ready)} {launches}: ready before the result was in. {look}"
    if followed < _FOLLOWED:
        return "Too few launches followed a result to say more."
    return f"None {launches}."


def chain(row: Row, zone: str) -> str:
    """A chain of ready launches, as Markdown.

    Such as "a → b · sae-stitch · Tue 24 Nov · up to 5 h 13 m".
    """
    names = " → ".join(
        linked({"label": label, "url": url}, 20)
        for label, url in zip(row["experiments"], row["urls"], strict=True)
    )
    spare = formats.hours_in_all(row["spare_hours"])
    line = name(row["line"].rpartition("/")[2])
    day = on_day(row["started_at"], zone)
    return f"{names} :small[{line} · {day} · up to {spare}]"


def one_setting(found: Setting) -> str:
    """That a single setting was varied one by one, as Markdown."""
    return f"{name(found.key)} {varied_alone(found)}. One sweep runs them together:"


def sweep_stub(key: str | None, launches: int) -> str:
    """A W&B sweep configuration in YAML, with placeholders for the program and the values.

    `key` is the name of the config key that changed, None for seeds; each launch has a value.
    """
    return f"""\
# Fill in the program and the values, then run: wandb sweep sweep.yaml
program: {_PROGRAM}
method: grid
parameters:
  {_in_yaml(_name(key))}:
    values: [{", ".join(_values(launches))}]"""


def array_line(key: str | None, launches: int) -> str:
    """One shell line that launches a Slurm array, with the same placeholders.

    Slurm runs the wrapped text with a plain `sh`, which does not have arrays.
    """
    option = shlex.quote(f"--{_name(key)}=")
    task = (
        f'set -- {" ".join(_values(launches))}; shift "$SLURM_ARRAY_TASK_ID"; '
        f'python {_PROGRAM} {option}"$1"'
    )
    return f"sbatch --array=0-{launches - 1} --wrap={shlex.quote(task)}"


def _values(launches: int) -> list[str]:
    return [f"VALUE_{number}" for number in range(1, launches + 1)]


def _name(key: str | None) -> str:
    """The key, unless it is too long for YAML or could hide what a reader copies."""
    if key is None:
        return "seed"
    return key if key.isprintable() and len(key) <= _LONGEST else "KEY"


def _in_yaml(text: str) -> str:
    """Text in double quotes of YAML, in plain ASCII."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(it if it.isascii() else f"\\U{ord(it):08X}" for it in escaped) + '"'
