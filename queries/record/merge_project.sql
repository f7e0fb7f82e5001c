-- title: To which instant a project is complete
-- A pulled project is moved by pulls only; one of tables or local files never back.
-- param: entity | VARCHAR | W&B entity
-- param: project | VARCHAR | W&B project
-- param: as_of | TIMESTAMPTZ | the data is complete to this instant
-- param: app_url | VARCHAR | where its runs can be opened, null where not known
-- param: pulled | BOOLEAN | the instant is the start of a successful pull
MERGE INTO project AS held
USING (
  SELECT
    $entity::VARCHAR AS entity, $project::VARCHAR AS project, $as_of::TIMESTAMPTZ AS as_of,
    rtrim($app_url::VARCHAR, '/') AS app_url, $pulled::BOOLEAN AS pulled
) AS told
ON held.entity = told.entity AND held.project = told.project
WHEN MATCHED AND (told.pulled OR held.pulled_from IS NULL) THEN UPDATE SET
  as_of = CASE WHEN told.pulled THEN told.as_of ELSE greatest(held.as_of, told.as_of) END,
  app_url = coalesce(told.app_url, held.app_url),
  pulled_from = CASE WHEN told.pulled THEN told.as_of ELSE held.pulled_from END
WHEN NOT MATCHED THEN INSERT (project_key, entity, project, app_url, as_of, pulled_from) VALUES (
  (SELECT coalesce(max(project_key), 0) + 1 FROM project),
  told.entity, told.project, told.app_url, told.as_of,
  CASE WHEN told.pulled THEN told.as_of END)
