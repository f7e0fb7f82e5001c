"""The schema of every read: column -> type. A test compares each with its query's result."""

import re

import polars as pl

from velocity.queries import list_metric_queries

_COUNTED = ("runs", "experiments", "loops", "tokens")
UTC = pl.Datetime("us", "UTC")


def figures_of(*parts: str) -> dict[str, type[pl.DataType]]:
    """Every figure by group and period that a header declares; counts are integers.

    Only those of the queries `parts`, if there are any.
    """
    return {
        column: pl.Int64
        if column.endswith(("_n", "_events")) or (metric.is_sum and metric.unit in _COUNTED)
        else pl.Float64
        for query in list_metric_queries()
        if query.key and query.group in (parts or {query.group})
        for metric in query.metrics
        for column in metric.columns
    }


_KINDS = {
    "text": pl.String,
    "texts": pl.List(pl.String),
    "bool": pl.Boolean,
    "int": pl.Int64,
    "int32": pl.Int32,
    "float": pl.Float64,
    "floats": pl.List(pl.Float64),
    "date": pl.Date,
    "time": UTC,
    "wall_time": pl.Datetime("us"),
}
#: Read (function of `velocity.reading.reads`), then its columns in order, after the kind of each.
_READS = """
weekly: text group_id measure, date week_start, bool running away, float value, int n,
    float centre limit_low limit_high, bool signal, int phase
notes: text group_id, date day week_start, text text about target, bool new_phase
aims: text group_id measure direction
lasting_changes: text group_id measure, date since_week, text direction,
    int weeks_before weeks_since, date first_week last_week, float gap value_before value_since
runs: text scholar stream stream_name entity project run_id display_name username state class,
    time started_at, text start_source, time ended_at, text end_source,
    float active_hours queue_hours scheduler_queue_hours first_row_hours, text experiment_id
      experiment_name joined_by excluded flags group_name sweep tags host gpu_type, int gpu_count,
    float gpu_utilisation, text notes source url
run_counts: text scholar entity project class, int runs counted early_failures runs_rework
experiments: text scholar stream entity project experiment_id label, int32 runs,
    time started_at result_at ended_at, text outcome, float active_hours run_hours,
    bool overlapped clock, text loop_status
loops: text scholar stream entity project experiment_id label outcome status,
    time started_at result_at next_at, float machine_hours, bool machine_event,
    float reaction_hours reaction_awake_hours reaction_working_hours, bool reaction_event,
    float loop_hours, bool loop_event, text url
chains: text scholar scholar_name line, time started_at, texts experiments urls,
    float machine_hours longest_hours spare_hours
stuck: text scholar entity project stream stream_name what, time since_at, float waited_hours,
    int n, text experiment_id url
at_work: text scholar, date workday, time from_at to_at, bool at_work
needs_decision: text scholar name stream stream_name entity project experiment_id label url kind,
    time result_at, float waited_hours waited_working_hours usual_working_hours
      usual_median_working_hours, int usual_n, text usual_of,
    bool parked away marked_read needs_decision named, time met_rule_at
meanwhile: text scholar experiment_id status, int launches
weekdays: text scholar, int32 weekday, int launches
days_off: text scholar, date day, text what
concurrency: time start_at end_at, int32 experiments runs
lines: text scholar entity project, int loops loops_closed, float loop_hours_largest
      loop_hours_median reaction_awake_hours_median blind_ratio
open_work: text scholar entity project stream experiment_id, int32 runs, time started_at,
    float wip_age_hours usual_hours, bool older_than_usual, float eta_hours,
    time eta_at eta_low_at eta_high_at
waiting_results: text scholar entity project stream experiment_id outcome, time result_at,
    float waiting_hours
to_date: int32 days, text group_id measure, date week_start, bool running away, float value,
    int n, float centre limit_low limit_high, bool signal, int phase
concluded: text scholar stream entity project experiment_id label url, date start_day result_day
ledger: text group_id, float credits_granted credits_spent credits_left burn_per_day runway_days,
    date exhausted_on, float burn_per_day_7d runway_days_7d, date exhausted_on_7d,
    float unpriced_hours_so_far, int tokens_so_far, float token_dollars_so_far,
    int unpriced_tokens_so_far
balance: text group_id, date day, float granted spent balance
gpu_weeks: date week_start, text stream stream_name, float gpu_hours
active_people: text stream, int people
group_weeks: text group_id group_name, date week_start, bool visible,
    int experiments_started experiments_concluded runs_ended, float failure_share, int busy_hours,
    float serial_share, int gpu_hours
gpu_types: text gpu_type,
    float gpu_hours gpu_hours_failed credits gpu_utilisation gpu_measured_share
line_states: text scholar entity project stream stream_name state, float waited_hours,
    floats last_loops_hours, int experiments_started experiments_concluded runs_ended,
    float failure_share, text experiment_id url
timeline_experiments: text experiment_id label project, int32 runs,
    time started_at ended_at result_at next_at, text outcome loop_status
timeline_runs: text run_id experiment_id display_name class, time started_at ended_at, text url
bands: text measure, int others, float p25 p50 p75
restated: text group_id, date week_start, text measure, float value_before value_after,
    bool by_configuration by_people, time restated_at
edge: time as_of newest, text timezone
launches: text scholar, bool in_roster, text username project, texts tags, text job_type timezone,
    wall_time local_at, bool outside
trust: time as_of, text timezone, float stale_after_minutes,
    int projects scholars runs automated_runs ignored_runs, float attributed_share,
    int stale_runs clock_runs estimated_runs unknown_end_runs contradicted_runs rejected_rows,
    date first_day, float sync_every_hours
flags: text flag, int runs, float share, text held used, bool fault
unknown_states: text word, int runs
scholars: text scholar name, bool in_roster, text timezone, int32 awake_start_min awake_end_min,
    texts streams
streams: text stream name
projects: text entity project, time as_of pulled_from, int runs
usernames: text username gpu_type, int runs
hosts: text host, int runs
unattributed: text username, int runs, time first_at last_at
compute_table: text kind stream name scholar scholar_name, float finished_gpu_hours
      running_gpu_hours killed_gpu_hours failed_gpu_hours other_gpu_hours gpu_hours
      unpriced_run_hours credits, int tokens, float token_dollars,
    int unpriced_tokens experiments_concluded, float credits_per_concluded
idle_hosts: text entity host, int gpus, bool idle_now, time idle_since, float idle_for_hours,
    time first_at, float idle_hours idle_gpu_hours
one_setting: text scholar scholar_name stream entity project key, int experiments,
    texts experiment_ids labels urls, time started_at result_at, float machine_hours ready_share
key_differences: text key, int differing launches, float differing_share
ambiguous: text scholar entity project, int experiments, time first_at last_at
rejected: text entity project run_id reason
sync_log: text command entity project, time started_at finished_at,
    int runs_new runs_changed runs_unchanged runs_deleted runs_rejected requests, text note error
littles_law_residual: text programme, float littles_law_residual_hours
"""


def _schema(columns: str) -> dict[str, pl.DataType | type[pl.DataType]]:
    kinds = (part.split() for part in columns.split(","))
    return {name: _KINDS[kind] for kind, *names in kinds for name in names}


#: Read -> columns. `metrics` is that of scholars by period; by stream or programme the first column
#: has that name, and "all" has no `period_start`.
READ_SCHEMAS = {
    "metrics": {"scholar": pl.String, "period_start": pl.Date, **figures_of()},
    "overview": {"kind": pl.String, "group_id": pl.String, **figures_of()},
    **{
        read: _schema(columns)
        for line in re.sub(r"\n +", " ", _READS.strip()).splitlines()
        for read, columns in [line.split(":")]
    },
}
