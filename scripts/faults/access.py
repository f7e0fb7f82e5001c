"""Faults in access: who may see which rows."""

from __future__ import annotations

from scripts.faults.fault import ACCESS, ATTACKS, Fault

FAULTS = (
    Fault(
        "bands that leave out different people can be compared",
        "metrics/bands",
        "(may_see_hours($scope, $scholar::VARCHAR)",
        "(true",
        (
            f"{ACCESS}::test_a_research_manager_cannot_compare_bands_that_leave_out_different_people",
        ),
    ),
    Fault(
        "people seen by name are in the bands",
        "metrics/bands",
        "AND NOT list_contains(as_viewer($scope).scholars, scholar)",
        "",
        (
            f"{ACCESS}::test_a_research_manager_cannot_compare_bands_that_leave_out_different_people",
        ),
    ),
    Fault(
        "a stream shows all its scholars",
        "macros/may_see",
        "list_contains(as_viewer(viewer).streams, stream)",
        "len(as_viewer(viewer).streams) > 0",
        (f"{ACCESS}::test_no_read_returns_text_of_people_outside_the_scope",),
    ),
    Fault(
        "everybody sees hours of the day",
        "macros/may_see_hours",
        "as_viewer(viewer).hours IS NULL OR",
        "true OR",
        (f"{ACCESS}::test_nobody_else_sees_hours_of_the_day_nights_or_weekends",),
    ),
    Fault(
        "everybody sees the programme",
        "macros/may_see_group",
        "ELSE may_see(viewer, NULL, NULL)",
        "ELSE true",
        (f"{ACCESS}::test_totals_of_everybody_need_a_view_of_everybody",),
    ),
    Fault(
        "three people are enough",
        "reads/group_weeks",
        "coalesce(unnamed.people >= at_least().active, false)",
        "coalesce(unnamed.people >= 3, false)",
        (f"{ACCESS}::test_a_group_is_shown_if_four_active_people_are_not_visible_by_name",),
    ),
    Fault(
        "the named protect the others",
        "reads/group_weeks",
        "as_viewer($scope).everything OR NOT (",
        "true OR NOT (",
        (f"{ACCESS}::test_a_group_is_shown_if_four_active_people_are_not_visible_by_name",),
    ),
    Fault(
        "four make a group",
        "store/group_weeks",
        "reached.people >= at_least().members",
        "reached.people >= 4",
        (f"{ACCESS}::test_small_streams_merge_smallest_first_until_they_are_five",),
    ),
    Fault(
        "small figures count as they are",
        "macros/small_by_chance",
        "WHEN value >= 5 THEN value",
        "WHEN value >= 0 THEN value",
        (f"{ATTACKS}::test_no_count_or_hours_of_a_person_are_narrowed_to_less_than_5",),
    ),
    Fault(
        "a week is published when it ends",
        "store/group_weeks",
        "+ 2 * 86400000000",
        "+ 0 * 86400000000",
        ("tests/test_groups.py::test_a_week_is_published_by_the_first_sync_48_hours_after_it",),
    ),
    Fault(
        "a stream's people see what they did elsewhere",
        "macros/may_see_group",
        "WHEN 'scholar' THEN may_see(viewer, scholar, within_stream)",
        "WHEN 'scholar' THEN may_see(viewer, scholar, stream)",
        (f"{ACCESS}::test_a_viewer_of_a_stream_does_not_see_the_scholar_with_its_id",),
    ),
    Fault(
        "any stream is within",
        "macros/may_see_group",
        "WHEN 'stream' THEN may_see(viewer, NULL, stream)",
        "WHEN 'stream' THEN may_see(viewer, NULL, within_stream)",
        (f"{ACCESS}::test_visible_figures_are_the_same_for_every_viewer",),
    ),
)
