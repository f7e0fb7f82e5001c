-- title: How a project was last pulled
-- From where the next pull goes on, when its runs were last compared with all of the server's, and
-- whether the server's filter by heartbeat can be relied on; null keeps what is known.
-- param: entity | VARCHAR | W&B entity
-- param: project | VARCHAR | W&B project
-- param: pulled_from | TIMESTAMPTZ | start of the last pull that missed nothing
-- param: reconciled_at | TIMESTAMPTZ | start of the pull that compared all of its runs
-- param: filter_trusted | BOOLEAN | the filter gave what a full scan says it must
UPDATE project SET
  pulled_from = $pulled_from::TIMESTAMPTZ,
  reconciled_at = coalesce($reconciled_at::TIMESTAMPTZ, reconciled_at),
  filter_trusted = coalesce($filter_trusted::BOOLEAN, filter_trusted)
WHERE entity = $entity AND project = $project
