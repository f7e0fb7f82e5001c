-- title: How far a project is complete, and how it was pulled
-- Only a pull moves a pulled project. A project from tables or local files never moves back. A pull
-- replaces the facts about the pull before it.
-- param: entity | VARCHAR | W&B entity
-- param: project | VARCHAR | W&B project
-- param: as_of | TIMESTAMPTZ | the data is complete up to this instant
-- param: app_url | VARCHAR | the address where its runs can be opened, null if not known
-- param: pulled_from | TIMESTAMPTZ | the next pull requests changes since this instant; null for an import
-- param: reconciled_at | TIMESTAMPTZ | start of the last pull that compared all of its runs
-- param: filter_trusted | BOOLEAN | the filter returned what a full scan says it must
-- param: uncollected | BIGINT | runs that the server counts and the record does not have
MERGE INTO project AS held
USING (
  SELECT
    $entity::VARCHAR AS entity, $project::VARCHAR AS project, $as_of::TIMESTAMPTZ AS as_of,
    rtrim($app_url::VARCHAR, '/') AS app_url, $pulled_from::TIMESTAMPTZ AS pulled_from,
    $reconciled_at::TIMESTAMPTZ AS reconciled_at, $filter_trusted::BOOLEAN AS filter_trusted,
    $uncollected::BIGINT AS uncollected
) AS given
ON held.entity = given.entity AND held.project = given.project
WHEN MATCHED AND (given.pulled_from IS NOT NULL OR held.pulled_from IS NULL) THEN UPDATE SET
  as_of = CASE
    WHEN given.pulled_from IS NULL THEN greatest(held.as_of, given.as_of) ELSE given.as_of END,
  app_url = coalesce(given.app_url, held.app_url),
  pulled_from = given.pulled_from,
  reconciled_at = given.reconciled_at,
  filter_trusted = given.filter_trusted,
  uncollected = given.uncollected
WHEN NOT MATCHED THEN INSERT (
  project_key, entity, project, app_url, as_of, pulled_from, reconciled_at, filter_trusted,
  uncollected
) VALUES (
  (SELECT coalesce(max(project_key), 0) + 1 FROM project),
  given.entity, given.project, given.app_url, given.as_of, given.pulled_from, given.reconciled_at,
  given.filter_trusted, given.uncollected)
