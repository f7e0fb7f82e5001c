"""How to launch together what ran one setting at a time: a W&B sweep, or a Slurm array."""

import shlex

#: What the reader replaces.
_PROGRAM = "train.py"
_NO_NAME = "KEY"
_SEED = "seed"
#: Characters; a name in YAML may take 1,024, and one character up to ten of them.
_LONGEST = 80


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
        return _SEED
    return key if key.isprintable() and len(key) <= _LONGEST else _NO_NAME


def _in_yaml(text: str) -> str:
    """Text in double quotes of YAML, in plain ASCII."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(it if it.isascii() else f"\\U{ord(it):08X}" for it in escaped) + '"'
