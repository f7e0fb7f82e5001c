-- title: Recoveries as they were known
-- table: recovery
-- One row per failed experiment of `known`: whether a later run of its line had finished by then.
-- param: known_at | TIMESTAMPTZ | the instant
WITH ended AS (
  SELECT scholar_key, project_key, class, start_us, end_us
  FROM run
  WHERE excluded IS NULL AND end_us <= epoch_us($known_at::TIMESTAMPTZ)
)
FROM recoveries_of('known', 'ended')
