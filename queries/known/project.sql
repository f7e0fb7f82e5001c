-- title: Projects at an instant
-- table: project
-- The projects, with data up to an instant.
-- param: known_at | TIMESTAMPTZ | the instant
SELECT
  * REPLACE (
    least(as_of, $known_at::TIMESTAMPTZ) AS as_of,
    least(as_of_us, epoch_us($known_at::TIMESTAMPTZ)) AS as_of_us)
FROM project
