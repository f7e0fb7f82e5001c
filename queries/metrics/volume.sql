-- title: Parallelism, throughput and failures
-- One row per kind of group, group and period: hours in flight and how they divide, launches,
-- conclusions and failures. Each group has a row for every period up to the end of the data, with
-- zeros if nothing happened. Hours and counts are sums of daily facts, ratios are computed from the
-- sums, and a peak is the largest daily peak. Only the scholar can see their single days (and so
-- their weekends).
-- param: kinds | VARCHAR[] | kinds of group: scholar, stream, programme
-- param: period | VARCHAR | all, month, week or day
-- param: from_day | DATE | first local day, null = from the beginning
-- param: to_day | DATE | day after the last, null = to the end
-- param: periods | DATE[] | only periods with these first days, null = all
-- param: groups | VARCHAR[] | only these ids, null = all
-- param: groups_until | DATE | from this period on, all ids; null = never
-- param: within | VARCHAR | for scholars: only their work in this stream, null = everything
-- param: actor | VARCHAR | whose launches: person, automation or all
-- param: scope | STRUCT | what the viewer may see
-- key: kind, group_id, period_start
-- order: 1
-- metric: busy_hours | hours | Busy hours | Hours with at least one run in flight.
--   adds: hours_inside from stretches
--   restated
-- metric: experiment_hours | hours | Experiment hours | Hours in flight, summed over experiments.
--   adds: hours_inside from experiments where hours_inside > 0
-- metric: run_hours | hours | Run hours | Hours in flight, summed over runs.
--   adds: hours_inside from sessions where hours_inside > 0
-- metric: serial_hours | hours | Serial hours | Hours with exactly one experiment in flight.
--   adds: hours_inside from stretches where experiments = 1
-- metric: parallel_hours | hours | Parallel hours | Hours with two or more experiments in flight.
--   adds: hours_inside from stretches where experiments > 1
-- metric: spared_hours | hours | Hours saved by working in parallel | Experiment hours - busy hours: how much longer the same experiments would have taken one after another.
--   adds: hours_inside * (experiments - 1) from stretches
-- metric: serial_share | share | Serial share of busy hours | Serial hours / busy hours; 1 means that a second experiment was never in flight.
--   formula: serial_hours / busy_hours
--   weekly: 5 | was serial for more of its busy hours than usual | was serial for less of its busy hours than usual
--   lasting
--   compared
-- metric: serial_parallel_ratio | ratio | Serial-to-parallel ratio | Serial hours / parallel hours.
--   formula: serial_hours / parallel_hours
-- metric: experiment_parallelism | experiments | Experiments at once (P) | Experiment hours / busy hours: the mean number of experiments in flight during busy hours.
--   formula: experiment_hours / busy_hours
--   weekly: 6 | had more experiments in flight than usual | had fewer experiments in flight than usual
--   compared
-- metric: sweep_width | runs | Sweep width (W) | Run hours / experiment hours: the mean number of runs in flight per experiment.
--   formula: run_hours / experiment_hours
-- metric: run_concurrency | runs | Run concurrency | Run hours / busy hours: the mean number of runs in flight; exactly P times W.
--   formula: run_hours / busy_hours
-- metric: run_serial_share | share | Serial share of runs | Time with exactly one run in flight / busy hours.
--   formula: run_serial_hours / busy_hours
-- metric: peak_runs | runs | Peak runs | The most runs in flight at once; for several scholars, the largest of their peaks.
--   largest: runs from stretches
-- metric: peak_experiments | experiments | Peak experiments | The most experiments in flight at once; for several scholars, the largest of their peaks.
--   largest: experiments from stretches
-- metric: experiments_started | experiments | Experiments started | Experiments whose first run started in the window.
--   adds: 1 from experiments where starts_inside
--   weekly: 8 | launched more experiments than usual | launched fewer experiments than usual
-- metric: experiments_concluded | experiments | Experiments concluded | Experiments with a result in the window and the outcome success or partial.
--   adds: 1 from experiments where result_inside and outcome in ('success', 'partial')
--   weekly: 3 | concluded more experiments than usual | concluded fewer experiments than usual
--   lasting
-- metric: overlap_launch_share | share | Overlapped launches | Experiments launched while another experiment of the scholar was in flight / experiments launched.
--   formula: overlapped_launches / experiments_started
-- metric: throughput_per_week | experiments per week | Concluded experiments a week | Concluded experiments / weeks of the window, counting partial weeks by their exact length. The limits are exact Poisson (Garwood) 95 % limits.
--   formula: experiments_concluded / weeks
--   low: concluded_low / weeks
--   high: concluded_high / weeks
--   compared
-- metric: weeks | weeks | Weeks of the window | Local days of the window / 7, up to the end of the data; without a window, from the group's first launch, so 0 before it.
--   adds: covered / 7 from days
-- metric: runs_started | runs | Runs started | Runs by the day they started.
--   adds: 1 from runs where starts_inside
--   restated
-- metric: runs_finished | runs | Runs finished | Runs that finished, by the day they ended.
--   adds: 1 from runs where ends_inside and class = 'finished'
-- metric: runs_failed | runs | Runs failed | Failed, crashed and stale (presumed dead) runs, by the day they ended.
--   adds: 1 from runs where ends_inside and failed_compute
--   restated
-- metric: runs_killed | runs | Runs killed | Runs stopped by a person, by the day they ended; stopping a bad run early is good practice.
--   adds: 1 from runs where ends_inside and class = 'killed'
-- metric: runs_preempted | runs | Runs pre-empted | Runs that the cluster took away, by the day they ended; never a failure.
--   adds: 1 from runs where ends_inside and class = 'preempted'
-- metric: failure_share | share | Share of runs failed | Failed runs / all runs that ended.
--   formula: runs_failed / runs_ended
--   weekly: 4 | saw a larger share of its runs fail than usual | saw a smaller share of its runs fail than usual
--   lasting
--   compared
-- metric: early_failures | runs | Early failures | Failed compute with a known end and at most 2 minutes of active time, by the day it ended.
--   adds: 1 from runs where ends_inside and early_failure
-- metric: false_starts | experiments | False starts | Experiments in which every run was an early failure, by the day they started.
--   adds: 1 from experiments where starts_inside and outcome = 'false_start'
-- metric: rework_share | share | Rework | Runs with the same config as an earlier failed run of their line / runs with a known config.
--   formula: runs_rework / runs_known_config
-- metric: repeat_share | share | Repeats | Runs with the whole config (seeds included) and the commit of a run of their line that had already finished / runs whose config and commit are known.
--   formula: runs_repeated / runs_known_repeat
-- sum: run_serial_hours | hours | Serial hours of runs | Hours with exactly one run in flight.
--   adds: hours_inside from stretches where runs = 1
-- sum: overlapped_launches | experiments | Overlapped launches | Experiments launched while another experiment of the scholar was in flight.
--   adds: 1 from experiments where starts_inside and overlapped
-- sum: concluded_low | experiments | Lower limit of conclusions | Lower exact Poisson (Garwood) 95 % limit of the experiments concluded.
--   formula: poisson_low(experiments_concluded)
-- sum: concluded_high | experiments | Upper limit of conclusions | Upper exact Poisson (Garwood) 95 % limit of the experiments concluded.
--   formula: poisson_high(experiments_concluded)
-- sum: runs_ended | runs | Runs ended | Runs by the day they ended.
--   adds: 1 from runs where ends_inside
-- sum: runs_rework | runs | Rework runs | Runs with the same config as an earlier failed run of their line.
--   adds: 1 from runs where starts_inside and rework
-- sum: runs_repeated | runs | Repeated runs | Runs with the whole config and the commit of a run of their line that had already finished.
--   adds: 1 from runs where starts_inside and repeat
-- sum: runs_known_repeat | runs | Runs with a known config and commit | Runs started whose config and commit are known.
--   adds: 1 from runs where starts_inside and repeat is not null
-- sum: runs_known_config | runs | Runs with a known config | Runs started whose config is known.
--   adds: 1 from runs where starts_inside and rework is not null
WITH bound AS (
  SELECT
    setting.timezone,
    epoch_us(edge.as_of) AS as_of_us,
    -- The first month or week is whole, even if the data begins during it.
    coalesce(
      $from_day::DATE,
      CASE WHEN $period = 'all' THEN edge.first_day ELSE period_of($period, edge.first_day) END
    )::TIMESTAMP AS first_at,
    least(
      timezone(setting.timezone, edge.as_of)::DATE,
      coalesce($to_day::DATE - 1, 'infinity'::DATE))::TIMESTAMP AS last_at
  FROM setting, (
    SELECT (SELECT max(as_of) FROM project) AS as_of, (SELECT min(day) FROM day_fact) AS first_day
  ) AS edge
),
calendar AS (
  -- Each local day of the window, and how much of it the data covers.
  SELECT
    period_of($period, day) AS period_start,
    day::DATE AS day,
    covered(timezone, day, as_of_us) AS covered
  FROM (
    SELECT timezone, as_of_us, unnest(generate_series(first_at, last_at, INTERVAL 1 DAY)) AS day
    FROM bound
  )
  WHERE $periods::DATE[] IS NULL OR list_contains($periods::DATE[], period_of($period, day))
),
kind AS (
  SELECT unnest($kinds::VARCHAR[]) AS kind
),
cell AS NOT MATERIALIZED (
  SELECT
    kind,
    group_of(kind, scholar.scholar, stream.stream) AS group_id,
    fact.*
  FROM day_fact AS fact
  JOIN acting('actor', $actor) AS scholar USING (scholar_key)
  LEFT JOIN stream USING (stream_key),
  kind
  WHERE CASE
      WHEN $within::VARCHAR IS NOT NULL THEN stream.stream = $within::VARCHAR
      WHEN kind = 'stream' THEN fact.stream_key <> 0
      ELSE fact.stream_key = 0
    END
    -- Users who are not in the roster count in programme totals only.
    AND (kind = 'programme' OR scholar.attributed)
    AND ($groups::VARCHAR[] IS NULL
      OR list_contains($groups::VARCHAR[], group_of(kind, scholar.scholar, stream.stream))
      OR period_of($period, fact.day) >= $groups_until::DATE)
),
first_day AS (
  SELECT kind, group_id, min(day) AS day FROM cell GROUP BY ALL
),
known_group AS (
  SELECT 'scholar' AS kind, scholar.scholar AS group_id
  FROM scholar
  LEFT JOIN membership USING (scholar_key)
  LEFT JOIN stream USING (stream_key)
  WHERE attributed
    AND ($within::VARCHAR IS NULL OR stream.stream = $within::VARCHAR)
    AND may_see($scope, scholar.scholar, $within::VARCHAR)
    AND ($period <> 'day' OR may_see_hours($scope, scholar.scholar))
  UNION
  SELECT kind, group_id FROM first_day
  WHERE kind = 'scholar'
    AND may_see($scope, group_id, $within::VARCHAR)
    AND ($period <> 'day' OR may_see_hours($scope, group_id))
  UNION ALL
  SELECT 'stream', stream FROM stream
  WHERE may_see($scope, NULL, stream) AND ($within::VARCHAR IS NULL OR stream = $within::VARCHAR)
  UNION ALL
  SELECT 'programme', 'programme' WHERE EXISTS (FROM scholar) AND may_see($scope, NULL, NULL)
),
exposure AS (
  SELECT
    kind, group_id, calendar.period_start,
    coalesce(
      sum(calendar.covered) FILTER (
        $period <> 'all' OR $from_day::DATE IS NOT NULL OR calendar.day >= first_day.day),
      0) / 7 AS weeks
  FROM known_group
  JOIN kind USING (kind)
  LEFT JOIN first_day USING (kind, group_id),
  calendar
  WHERE $groups::VARCHAR[] IS NULL
    OR list_contains($groups::VARCHAR[], group_id)
    OR calendar.period_start >= $groups_until::DATE
  GROUP BY ALL
),
total AS (
  SELECT
    kind, group_id, calendar.period_start,
    sum(busy_us)::BIGINT AS busy_us,
    sum(experiment_us)::BIGINT AS experiment_us,
    sum(experiment_us - busy_us)::BIGINT AS spared_us,
    sum(run_us)::BIGINT AS run_us,
    sum(serial_us)::BIGINT AS serial_us,
    sum(parallel_us)::BIGINT AS parallel_us,
    sum(run_serial_us)::BIGINT AS run_serial_us,
    max(peak_runs)::BIGINT AS peak_runs,
    max(peak_experiments)::BIGINT AS peak_experiments,
    sum(runs_started)::BIGINT AS runs_started,
    sum(runs_known_config)::BIGINT AS runs_known_config,
    sum(runs_rework)::BIGINT AS runs_rework,
    sum(runs_known_repeat)::BIGINT AS runs_known_repeat,
    sum(runs_repeated)::BIGINT AS runs_repeated,
    sum(runs_finished)::BIGINT AS runs_finished,
    sum(runs_failed)::BIGINT AS runs_failed,
    sum(runs_killed)::BIGINT AS runs_killed,
    sum(runs_preempted)::BIGINT AS runs_preempted,
    sum(runs_finished + runs_failed + runs_killed + runs_preempted + runs_unknown)::BIGINT
      AS runs_ended,
    sum(early_failures)::BIGINT AS early_failures,
    sum(experiments_started)::BIGINT AS experiments_started,
    sum(overlapped_launches)::BIGINT AS overlapped_launches,
    sum(false_starts)::BIGINT AS false_starts,
    sum(experiments_concluded)::BIGINT AS experiments_concluded
  FROM cell
  JOIN calendar USING (day)
  GROUP BY ALL
),
limited AS (
  SELECT n, poisson_low(n) AS low, poisson_high(n) AS high
  FROM (SELECT 0::BIGINT AS n UNION SELECT experiments_concluded FROM total)
)
SELECT
  kind, group_id, period_start, weeks,
  coalesce(COLUMNS(total.* EXCLUDE (kind, group_id, period_start)), 0),
  limited.low AS concluded_low,
  limited.high AS concluded_high
FROM exposure
LEFT JOIN total USING (kind, group_id, period_start)
JOIN limited ON limited.n = coalesce(experiments_concluded, 0)
