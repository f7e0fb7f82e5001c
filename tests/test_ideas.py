"""Which runs have the same idea: the config keys that count, and those that are ignored."""

import json
import random
from collections import defaultdict

import polars as pl
import pytest

from tests.builders import at, run
from tests.earlier_store import write_earlier_store
from tests.oracles import ideas as oracle
from tests.sampling import one_in
from velocity.queries import load_query
from velocity.records import config_text, run_frame
from velocity.roster.models import Roster
from velocity.settings import Experiments, Settings
from velocity.store.configuration import load_configuration
from velocity.store.live import open_live

SETTINGS = Settings()
_STEPS = {"config_idea": "004_config_idea", "idea": "005_idea"}
GLOBS = ("*_dir", "?x", "[ab]*", "[!c]z", "under_*", "a/b", "lr~", "[", "{}", "LR")


def derived_ideas(store, settings=SETTINGS):
    """(project, run id) -> the idea found by the first steps of the derivation."""
    with store.reading_record(), store.transaction():
        load_configuration(store, settings, Roster())
        for name in ("run_rules", "scholars"):
            store.run(load_query(f"store/{name}").body)
        store.run("CREATE OR REPLACE TEMP TABLE scope AS SELECT scholar_key FROM derived.scholar")
        for name in ("config_idea", "idea"):
            body = load_query(f"derive/{_STEPS[name]}").body
            store.run(f'CREATE TEMP TABLE "{name}" AS {body}')
        rows = store.run(
            "SELECT project, run_id, idea.config_hash FROM idea JOIN raw_run USING (run_key)"
        )
        store.run("DROP TABLE idea; DROP TABLE config_idea")
    return {(project, run_id): idea for project, run_id, idea in rows}


def short(number, **columns):
    return run(str(number), "09:00", "10:00", **columns)


def configured(projects):
    """Runs of projects: run n of a project has its n-th config."""
    rows = [
        short(number, project=project, config=None if config is None else config_text(config))
        for project, configs in projects.items()
        for number, config in enumerate(configs)
    ]
    return run_frame(rows)


def kept(store, projects, runs=None):
    store.record.merge_runs(configured(projects) if runs is None else runs)
    for project in projects:
        store.record.merge_project("e", project, rejected=(), as_of=at("20:00"))


def classes(ideas):
    """Numbers of runs by idea, those without a known idea separately; and these alone."""
    grouped = defaultdict(list)
    for number, idea in enumerate(ideas):
        grouped[("unknown", number) if idea is None else idea].append(number)
    return sorted(grouped.values()), [n for n, idea in enumerate(ideas) if idea is None]


def found_classes(found, project, count):
    return classes([found[project, str(number)] for number in range(count)])


SAME = [
    # Ignored at every depth, in lists too, by the last dotted part, in any case.
    ({"lr": 1, "seed": 1}, {"lr": 1, "seed": 2}),
    ({"lr": 1, "Seed": 1}, {"lr": 1, "SEED": 2}),
    ({"lr": 1, "train.seed": 1}, {"lr": 1, "train.seed": 2}),
    ({"lr": 1, "a": {"b": {"logging_dir": "x"}}}, {"lr": 1, "a": {"b": {"logging_dir": "y"}}}),
    ({"l": [{"seed": 1, "w": 3}, 2]}, {"l": [{"seed": 2, "w": 3}, 2]}),
    ({"lr": 1, "slurm_job": {"deep": 1}}, {"lr": 1, "slurm_job": {"deep": 2, "deeper": [{}]}}),
    ({"lr": 1}, {"lr": 1, "output_dir": "x", "SLURM_NODEID": 3, "tb_port": 1}),
    ({"lr": 1, "my.port": 80}, {"lr": 1, "eval_timestamp": 1, "run_name": "x"}),
    # The order of names does not matter; W&B's own keys are not config.
    ({"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"d": 3, "c": 2}, "a": 1}),
    ({"a": 1, "_wandb": 1}, {"a": 1, "_wandb": {"x": 2}}),
    ({"a": {"_wandb": 1}, "b": 1}, {"a": {}, "b": 1}),
    # An object with only ignored keys is an empty object.
    ({"a": {"seed": 1}, "b": 1}, {"a": {}, "b": 1}),
    ({"a": {"s": {"rank": 1}}, "b": 1}, {"a": {"s": {"rank": 1, "seed": 0}}, "b": 1}),
    ({"a": {"seed": 1, "x": 0}, "b": 1}, {"a": {"x": 0}, "b": 1}),
]
OTHER = [
    ({"lr": 1}, {"lr": 1.0}),
    ({"lr": 1}, {"lr": True}),
    ({"lr": 1}, {"lr": "1"}),
    ({"lr": None}, {"lr": "null"}),
    ({"lr": None, "a": 1}, {"a": 1}),
    ({"lora_rank": 8}, {"lora_rank": 16}),
    ({"seeds": 1}, {"seeds": 2}),
    ({"seed.value": 1}, {"seed.value": 2}),
    ({"a.b": 1}, {"a": {"b": 1}}),
    ({"a/b": 1}, {"a": {"b": 1}}),
    ({"a": [{"b": 1}]}, {"a": {"[0]": {"b": 1}}}),
    ({"a": [{"b": 1}]}, {"a": {"0": {"b": 1}}}),
    ({"a": [1, 2]}, {"a": [2, 1]}),
    ({"a": [[{"b": 1}]]}, {"a": [{"b": 1}]}),
    ({"a": {}, "b": 1}, {"b": 1}),
    ({"a": {"seed": 1}, "b": 1}, {"b": 1}),
    ({"a": {"{}": 0}, "b": 1}, {"a": {}, "b": 1}),
    ({"a": 1, "b": 2}, {"a": 2, "b": 1}),
    ({"hf_token": "one"}, {"hf_token": "two"}),
    ({"x": 2**80}, {"x": 2**80 + 1}),
]
UNKNOWN = [
    None,
    {},
    {"seed": 1},
    {"_wandb": {"e": 1}, "hostname": "n1", "master_port": 1},
    {"a": {"seed": 1}},
    {"a": {}, "b": {"c": {}}},
    {"a": [{"rank": 0}, {}]},
]


PAIRS = {f"same{n}": pair for n, pair in enumerate(SAME)}
PAIRS |= {f"other{n}": pair for n, pair in enumerate(OTHER)}
PAIRS |= {f"unknown{n}": (config, config) for n, config in enumerate(UNKNOWN)}


@pytest.fixture(scope="module")
def by_rule(tmp_path_factory):
    """The ideas of the pairs above, all in one store."""
    with open_live(tmp_path_factory.mktemp("ideas")) as store:
        kept(store, PAIRS)
        return derived_ideas(store)


@pytest.mark.parametrize("pair", PAIRS)
def test_only_keys_that_are_not_ignored_make_the_idea(by_rule, pair):
    ideas = {by_rule[pair, it] for it in "01"}
    kind = pair.rstrip("0123456789")
    assert len(ideas - {None}) == {"same": 1, "other": 2, "unknown": 0}[kind], PAIRS[pair]
    assert (None in ideas) == (kind == "unknown"), PAIRS[pair]


NAMES = (
    *("lr", "LR", "layers", "seed", "train.seed", "Run_Dir", "port", "x_port", "ax", "a/x", "bz"),
    *("cz", "under_", "a/b", "a.b", "a~b", "lr~", "[0]", "[", "{}", "0", "_wandb", "hf_token"),
    *("key", "a.key.seed", "", ".", "é", "\n", "tokenizer"),
)
VALUES = (0, 1, 1.0, True, False, None, "1", "", "{", [], {}, [1], [[1], [2]], ["{"], [["{"]])


def drawn(chance, depth=0):
    """A value of a config: small, so that equal ones are frequent."""
    kind = chance.random()
    if depth == 0 or (kind < 0.25 and depth < 3):
        names = chance.sample(NAMES, chance.choice((0, 1, 1, 2, 2, 3)))
        return {name: drawn(chance, depth + 1) for name in names}
    if kind < 0.4 and depth < 3:
        return [drawn(chance, depth + 1) for _ in range(chance.choice((0, 1, 2)))]
    return chance.choice(VALUES)


def variant(chance, config):
    """The config with one thing changed, in another order."""
    made = json.loads(json.dumps(config))
    place = made
    while True:
        inner = [it for it in place.values() if isinstance(it, dict) and it]
        if not inner or chance.random() < 0.5:
            break
        place = chance.choice(inner)
    place[chance.choice(NAMES)] = chance.choice(VALUES)
    if chance.random() < 0.3:
        place.pop(chance.choice(list(place)))
    return dict(chance.sample(list(made.items()), len(made)))


def drawn_projects(chance, projects, runs):
    found = {}
    for number in range(projects):
        configs = [drawn(chance)]
        while len(configs) < runs:
            configs.append(variant(chance, chance.choice(configs)))
        found[f"p{number}"] = configs
    return found


@pytest.mark.thorough
@pytest.mark.parametrize("globs", [oracle.DEFAULT, GLOBS, ()])
def test_equal_ideas_agree_with_the_oracle_for_any_salt(globs, tmp_path):
    projects = drawn_projects(random.Random(len(globs)), 60, 8)  # noqa: S311
    settings = Settings(experiments=Experiments(same_idea_ignore=globs))
    for folder in ("one", "other"):
        with open_live(tmp_path / folder) as store:
            kept(store, projects)
            found = derived_ideas(store, settings)
        for project, configs in projects.items():
            ideas = [oracle.idea(config, globs) for config in configs]
            assert found_classes(found, project, len(configs)) == classes(ideas), configs
    salts = {(tmp_path / folder / "config.salt").read_text() for folder in ("one", "other")}
    assert len(salts) == 2


@pytest.mark.thorough
def test_names_left_out_by_the_previous_version_are_ignored_beside_its_runs(tmp_path):
    chance = random.Random(5)  # noqa: S311
    projects = drawn_projects(chance, 60, 8)
    earlier = {name: configs[: chance.choice((0, 1, 3))] for name, configs in projects.items()}
    rows = [
        short(n, project=project, config=config)
        for project, configs in earlier.items()
        for n, config in enumerate(configs)
    ]
    write_earlier_store(tmp_path, rows, at("20:00"))
    with open_live(tmp_path, SETTINGS) as store:
        ids = ["project", "run_id"]
        old = pl.DataFrame([[row[it] for it in ids] for row in rows], schema=ids, orient="row")
        kept(store, projects, configured(projects).join(old, on=ids, how="anti"))
        found = derived_ideas(store)
    for project, configs in projects.items():
        runs = [(config, n < len(earlier[project])) for n, config in enumerate(configs)]
        assert found_classes(found, project, len(configs)) == classes(oracle.ideas(runs)), runs


@pytest.mark.thorough
def test_a_new_list_of_ignored_keys_does_not_need_a_pull(tmp_path):
    with open_live(tmp_path) as store:
        kept(store, {"p": [{"lr": 1, "note": "a"}, {"lr": 1, "note": "b"}, {"lr": 2, "note": "a"}]})
        for ignored, expected in (
            (None, ([[0], [1], [2]], [])),
            (("note",), ([[0, 1], [2]], [])),
            (("note", "l*"), ([[0], [1], [2]], [0, 1, 2])),
            (None, ([[0], [1], [2]], [])),
        ):
            experiments = Experiments(**({} if ignored is None else {"same_idea_ignore": ignored}))
            found = derived_ideas(store, Settings(experiments=experiments))
            assert found_classes(found, "p", 3) == expected, ignored


def test_a_hash_in_a_table_is_the_idea(tmp_path):
    hashed = ("a", '{"x":1}'), ("a", '{"x":2}'), ("b", None), (None, '{"x":1}')
    rows = [short(at, config_hash=it, config=text) for at, (it, text) in enumerate(hashed)]
    with open_live(tmp_path) as store:
        kept(store, ["p"], run_frame(rows))
        assert found_classes(derived_ideas(store), "p", 4) == ([[0, 1], [2], [3]], [])


@pytest.mark.parametrize("depth", one_in(2, [300, 700]))
def test_a_deep_config_is_compared_too(depth, tmp_path):
    def deep(value):
        for _ in range(depth):
            value = [value]
        return {"a": value}

    with open_live(tmp_path) as store:
        kept(store, {"p": [deep(1), deep(2), deep(1), deep({"b": 1, "seed": 1}), deep({"b": 1})]})
        assert found_classes(derived_ideas(store), "p", 5) == ([[0, 2], [1], [3, 4]], [])
