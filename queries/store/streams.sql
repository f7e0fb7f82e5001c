-- title: Streams and their members
-- Numbers the roster's streams in roster order, and lists the days on which each scholar was a
-- member.
CREATE OR REPLACE TABLE derived.stream AS
SELECT (row_number() OVER (ORDER BY position))::INTEGER AS stream_key, stream, name
FROM roster_stream;

CREATE OR REPLACE TABLE derived.membership AS
SELECT
  scholar.scholar_key, stream.stream_key,
  coalesce(from_date, '-infinity'::DATE) AS from_date,
  coalesce(to_date, 'infinity'::DATE) AS to_date
FROM roster_membership AS member
JOIN derived.stream AS stream USING (stream)
JOIN derived.scholar AS scholar ON scholar.in_roster AND scholar.scholar = member.scholar;

CREATE OR REPLACE TABLE derived.project_rule AS
SELECT project.project_key, stream.stream_key
FROM project_stream AS matched
JOIN project ON project.entity = matched.entity AND project.project = matched.project
JOIN derived.stream AS stream USING (stream);
