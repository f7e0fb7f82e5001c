"""Faults in the rules about runs, and in the line between people and automation."""

from __future__ import annotations

from scripts.faults.fault import Fault

_RULES = "tests/test_rules_of_runs.py"
_ACTORS = "tests/test_actors.py"
_WEEKS = "tests/test_later_weeks.py"
_MATCHES = f"{_RULES}::test_a_rule_matches_exactly"
_EXCLUDED = f"{_RULES}::test_an_excluded_run_counts_nowhere"
_CHAINS = f"{_WEEKS}::test_the_week_of_a_chain_follows_its_last_launch"
_CHANGES = f"{_RULES}::test_changed_tags_are_derived_again_like_everything"

FAULTS = (
    Fault(
        "a rule matches runs that have another tag too",
        "store/run_rules",
        "rule.wanted = tagged.tag",
        "starts_with(tagged.tag, rule.wanted)",
        (_MATCHES,),
    ),
    Fault(
        "any value of a key",
        "store/run_rules",
        "WHERE live.config_hashes[place.place] = place.hash",
        "",
        (f"{_RULES}::test_a_rule_matches_exactly",),
    ),
    Fault(
        "a scholar's rule takes the runs of others",
        "store/run_rules",
        "AND (applied.scholar IS NULL OR owned.scholar IS NULL OR applied.scholar = owned.scholar)",
        "",
        (f"{_RULES}::test_a_rule_with_a_scholar_takes_no_run_of_another_one",),
    ),
    Fault(
        "the rules of an account match every run",
        "store/run_rules",
        "WHERE rule.account IS NULL OR rule.account = live.username",
        "",
        (f"{_RULES}::test_runs_of_a_shared_account_belong_to_whom_the_first_rule_says",),
    ),
    Fault(
        "the last rule of an account decides",
        "store/run_rules",
        "arg_min(applied.scholar, position) FILTER (purpose = 'shared')",
        "arg_max(applied.scholar, position) FILTER (purpose = 'shared')",
        (f"{_RULES}::test_runs_of_a_shared_account_belong_to_whom_the_first_rule_says",),
    ),
    Fault(
        "no tag excludes by itself",
        "store/run_rules",
        "'velocity:ignore'",
        "'velocity'",
        (_EXCLUDED,),
    ),
    Fault(
        "automation joins its owner",
        "store/run_rules",
        "CASE WHEN automated.run_key IS NULL THEN 'person' ELSE 'automation' END AS actor",
        "'person' AS actor",
        (_MATCHES,),
    ),
    Fault(
        "excluded runs count",
        "derive/010_run_base",
        "WHEN run.ignored THEN 'ignored'",
        "",
        (_EXCLUDED,),
    ),
    Fault(
        "an excluded copy hides the run",
        "derive/010_run_base",
        "    AND NOT other.ignored\n",
        "",
        (f"{_RULES}::test_an_excluded_copy_does_not_hide_the_run",),
    ),
    Fault(
        "excluded runs size their hosts",
        "derive/120_host_session",
        "WHERE run.excluded IS DISTINCT FROM 'ignored'",
        "",
        (_EXCLUDED,),
    ),
    Fault(
        "automation has no streams",
        "derive/070_experiment_core",
        "ON membership.scholar_key = actor.owner_key",
        "ON membership.scholar_key = judged.scholar_key",
        (f"{_ACTORS}::test_automation_has_the_figures_of_a_scholar_of_its_own",),
    ),
    Fault(
        "a run that changes hands stays with the first",
        "store/scope",
        "WHERE coalesce(raw.username, '') IN (FROM changed)\n  UNION\n  -- Which",
        "WHERE false\n  UNION\n  -- Which",
        (_CHANGES,),
    ),
    Fault(
        "figures about people count both actors",
        "macros/acting",
        "WHERE chosen IN ('all', actor)",
        "",
        (f"{_ACTORS}::test_automated_launches_move_no_figure_of_a_person",),
    ),
    Fault(
        "compute counts people only",
        "metrics/compute",
        "FROM gpu_charge AS charge\n  JOIN actor AS scholar USING (scholar_key)",
        "FROM gpu_charge AS charge\n  JOIN scholar USING (scholar_key)",
        (f"{_ACTORS}::test_both_actors_together_are_the_sum_of_each",),
    ),
    Fault(
        "automated counts are those of people",
        "metrics/automation",
        "acting('actor', 'automation')",
        "acting('actor', 'person')",
        (f"{_ACTORS}::test_automation_has_the_figures_of_a_scholar_of_its_own",),
    ),
    Fault(
        "the medians of both actors are two",
        "metrics/medians",
        "WHEN 'scholar' THEN owner_key",
        "WHEN 'scholar' THEN scholar_key",
        (f"{_ACTORS}::test_an_explanation_adds_up_to_the_figure_of_each_actor",),
    ),
    Fault(
        "a chain that grows changes no week",
        "store/touched_week",
        "WHERE head.scholar_key IN (FROM scope))\n    GROUP BY ALL HAVING count(*) = 1)",
        "WHERE head.scholar_key IN (FROM scope))\n    GROUP BY ALL HAVING count(*) = 9)",
        (_CHAINS,),
    ),
    Fault(
        "a decision that moves changes no week",
        "store/touched_week",
        "coalesce(abs(before.after_decision_us - after.after_decision_us) > 0.1, false)",
        "false",
        (f"{_WEEKS}::test_hours_after_a_decision_follow_it_into_later_weeks",),
    ),
    Fault(
        "excluded runs are in the count of runs",
        "reads/trust",
        "count(*) FILTER (NOT ignored) AS runs",
        "count(*) AS runs",
        (_EXCLUDED,),
    ),
    Fault(
        "every launch is outside the awake window",
        "reads/launches",
        "minutes BETWEEN awake_start_min AND awake_end_min - 1\n",
        "false\n",
        ("tests/test_agents_night.py::test_only_nights_are_outside_the_window",),
    ),
)
