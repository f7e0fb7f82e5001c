"""Rosters for tests: a full roster, entries for faulty rosters, and their findings."""

import tomllib
from functools import partial
from pathlib import Path

from velocity.roster.models import Roster, check_roster

ADA = '[[scholars]]\nid = "ada"\nname = "Ada"\nusernames = ["ada"]\n'
BEN = '[[scholars]]\nid = "ben"\nname = "Ben"\nusernames = ["ben"]\n'
FULL = """\
leads = ["Lead@Example.org"]
rented = ["h*"]

[[scholars]]
id = "ada"
name = "Ada"
emails = ["Ada@example.org", "a@example.org"]
usernames = ["ada", "ada-cluster"]
timezone = "Europe/London"
awake = "22:00-06:30"

[[scholars]]
id = "ben"
name = "Ben"
usernames = ["Ben"]
disabled = true

[[streams]]
id = "vision"
name = "Vision"
mentors = ["Mentor@example.org"]
projects = ["team/vision-eval", "team/vision*"]
members = [
  { scholar = "ada", from = 2026-01-05, to = 2026-03-02 },
  { scholar = "ben" },
]

[[streams]]
id = "language"
name = "Language"
projects = ["*/lm-[ab]"]
members = [{ scholar = "ada", from = 2026-03-02 }]

[[credits.rates]]
gpu = "*H100*"
from = 2026-01-01
credits_per_gpu_hour = 3

[[credits.rates]]
gpu = "*"
from = 2026-01-01
credits_per_gpu_hour = 0.5

[[credits.grants]]
date = 2026-01-05
stream = "vision"
amount = 5000

[[credits.grants]]
date = 2026-02-01
scholar = "ben"
amount = 250.5
"""


def stream(name: str, *, projects: str = "[]", members: str = "[]") -> str:
    text = f'[[streams]]\nid = "{name}"\nname = "{name}"\n'
    return f"{text}projects = {projects}\nmembers = {members}\n"


def grant(to: str, *, date: str = "2026-01-01", amount: float = 1) -> str:
    """A grant to `to`, such as `stream = 's'`."""
    return f"[[credits.grants]]\ndate = {date}\namount = {amount}\n{to}\n"


def rate(gpu: str, day: str, price: float = 1) -> str:
    return f'[[credits.rates]]\ngpu = "{gpu}"\nfrom = {day}\ncredits_per_gpu_hour = {price}\n'


def token_rate(model: str, day: str) -> str:
    text = f'[[credits.token_rates]]\nmodel = "{model}"\nfrom = {day}\n'
    return text + "".join(f"dollars_per_million_{it} = 1\n" for it in ("input", "output"))


def parsed(text: str) -> Roster:
    return Roster.model_validate(tomllib.loads(text))


def findings(folder: Path, text: str, severity: str) -> list[str]:
    path = folder / "roster.toml"
    path.write_text(text, encoding="utf-8")
    return [str(finding) for finding in check_roster(path) if finding.severity == severity]


errors = partial(findings, severity="error")
warnings = partial(findings, severity="warning")
