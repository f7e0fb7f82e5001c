-- title: Notes and aims
-- Lists each note for every group that it concerns: a note about the programme concerns all groups,
-- one about a stream also the scholars who are members on that day, and one about a scholar only the
-- scholar. So do holidays, later grants and moves to another stream, each with the name of the holiday or
-- stream as its text. Aims are those of the roster.
CREATE OR REPLACE TABLE derived.note AS
WITH grant_or_note AS (
  FROM roster_note
  UNION ALL
  SELECT NULL, granted.date, stream.name, 'grant', granted.target, false
  FROM temp.credit_grant AS granted
  JOIN derived.stream AS stream ON granted.kind = 'stream' AND stream.stream = granted.target
  WHERE EXISTS (
    FROM temp.credit_grant AS earlier
    WHERE earlier.kind = 'stream' AND earlier.target = granted.target
      AND earlier.date < granted.date
  )
),
told AS (
  SELECT *, about IN ('programme', 'holiday') AS of_all, about IN ('stream', 'grant') AS of_stream
  FROM grant_or_note
),
concerned AS (
  SELECT
    told.*,
    CASE WHEN of_all THEN 'programme' WHEN of_stream THEN 'stream' ELSE 'scholar' END AS kind,
    target AS group_id
  FROM told
  UNION ALL
  SELECT told.*, 'stream', stream
  FROM told, derived.stream
  WHERE of_all
  UNION ALL
  SELECT told.*, 'scholar', scholar
  FROM told, derived.scholar
  WHERE of_all AND attributed
  UNION
  SELECT told.*, 'scholar', scholar.scholar
  FROM told
  JOIN derived.stream AS stream ON stream.stream = told.target
  JOIN derived.membership AS member
    ON member.stream_key = stream.stream_key
    AND told.day >= member.from_date AND told.day < member.to_date
  JOIN derived.scholar AS scholar USING (scholar_key)
  WHERE of_stream
  UNION ALL
  SELECT
    NULL, member.from_date, stream.name, 'move', stream.stream, false, false, false,
    'scholar', scholar.scholar
  FROM derived.membership AS member
  JOIN derived.scholar AS scholar USING (scholar_key)
  JOIN derived.stream AS stream USING (stream_key)
  WHERE EXISTS (
    FROM derived.membership AS earlier
    WHERE earlier.scholar_key = member.scholar_key AND earlier.to_date <= member.from_date
  )
)
SELECT
  kind, group_id, position, day, period_of('week', day) AS week_start, text, about, target, new_phase
FROM concerned
ORDER BY kind, group_id, day, position;

CREATE OR REPLACE TABLE derived.aim AS FROM roster_aim;
