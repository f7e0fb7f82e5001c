-- title: The class of a run state
-- Classifies the first word of a run's state, regardless of case, as W&B, Slurm, MLflow and others
-- write it. An unlisted word has the class "unknown": over, and not a success.
CREATE OR REPLACE MACRO class_of(state) AS
CASE
  WHEN lower(regexp_extract(state, '\S+')) IN (
    'finished', 'completed', 'cd', 'succeeded', 'success', 'done', 'terminated', 'published')
    THEN 'finished'
  WHEN lower(regexp_extract(state, '\S+')) IN (
    'failed', 'f', 'timeout', 'to', 'out_of_memory', 'oom', 'deadline', 'dl', 'boot_fail', 'bf',
    'error', 'exit')
    THEN 'failed'
  WHEN lower(regexp_extract(state, '\S+')) IN ('crashed', 'node_fail', 'nf', 'lost') THEN 'crashed'
  WHEN lower(regexp_extract(state, '\S+')) IN (
    'killed', 'cancelled', 'canceled', 'ca', 'aborted', 'stopped', 'revoked')
    THEN 'killed'
  WHEN lower(regexp_extract(state, '\S+')) IN (
    'preempted', 'preempting', 'pr', 'evicted')
    THEN 'preempted'
  WHEN lower(regexp_extract(state, '\S+')) IN (
    'running', 'r', 'run', 'completing', 'cg', 'suspended', 's', 'in_progress', 'active')
    THEN 'running'
  WHEN lower(regexp_extract(state, '\S+')) IN (
    'pending', 'pd', 'pend', 'queued', 'scheduled', 'requeued', 'rq', 'configuring', 'cf', 'created',
    'submitted', 'special_exit')
    THEN 'pending'
  ELSE 'unknown'
END
