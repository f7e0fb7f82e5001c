-- title: Runs of a batch that did not change
-- Compares the runs of `incoming` that the record has with their rows there.
UPDATE incoming
SET unreadable = list_append(coalesce(incoming.unreadable, []), 'events')
FROM raw_run AS held
WHERE held.run_key = incoming.run_key AND list_contains(held.unreadable, 'events');

UPDATE incoming
SET outcome = 'unchanged'
FROM raw_run AS held
WHERE held.run_key = incoming.run_key AND outcome = 'changed'
  AND (
    incoming.username, incoming.display_name, incoming.state, incoming.created_at,
    incoming.submitted_at, incoming.same_as, incoming.writers, incoming.stamp,
    incoming.heartbeat_at, incoming.runtime_s, incoming.earlier_runtime_s, incoming.last_metric_at,
    incoming.first_metric_at, incoming.group_name, incoming.job_type, incoming.sweep, incoming.tags,
    incoming.config_hash, incoming.config_shape, incoming.config_hashes, incoming.named_values,
    false, incoming.commit, incoming.gpu_utilisation, incoming.notes, incoming.resumed,
    incoming.offline, incoming.shared, incoming.rewound, incoming.history_rows, incoming.wrote,
    incoming.relaunched, incoming.unreadable, incoming.source, incoming.trust, incoming.url,
    incoming.usage, incoming.attempt_of
  ) IS NOT DISTINCT FROM (
    held.username, held.display_name, held.state, held.created_at,
    held.submitted_at, held.same_as, held.writers, held.stamp,
    held.heartbeat_at, held.runtime_s, held.earlier_runtime_s, held.last_metric_at,
    held.first_metric_at, held.group_name, held.job_type, held.sweep, held.tags,
    held.config_hash, held.config_shape, held.config_hashes, held.named_values,
    held.config_earlier, held.commit, held.gpu_utilisation, held.notes, held.resumed,
    held.offline, held.shared, held.rewound, held.history_rows, held.wrote,
    held.relaunched, held.unreadable, held.source, held.trust, held.url,
    held.usage, held.attempt_of
  )
