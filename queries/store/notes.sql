-- title: Notes and aims
-- Lists each note for every group that it concerns: a note about the programme concerns all groups,
-- one about a stream also the scholars who are members on that day, and one about a scholar only the
-- scholar. Aims are those of the roster.
CREATE OR REPLACE TABLE derived.note AS
WITH concerned AS (
  SELECT position, about AS kind, target AS group_id FROM roster_note
  UNION ALL
  SELECT position, 'stream', stream
  FROM roster_note, derived.stream
  WHERE about = 'programme'
  UNION ALL
  SELECT position, 'scholar', scholar
  FROM roster_note, derived.scholar
  WHERE about = 'programme' AND attributed
  UNION
  SELECT position, 'scholar', scholar.scholar
  FROM roster_note AS note
  JOIN derived.stream AS stream ON stream.stream = note.target
  JOIN derived.membership AS member
    ON member.stream_key = stream.stream_key
    AND note.day >= member.from_date AND note.day < member.to_date
  JOIN derived.scholar AS scholar USING (scholar_key)
  WHERE note.about = 'stream'
)
SELECT
  kind, group_id, position, day, period_of('week', day) AS week_start, text, about, target, new_phase
FROM concerned
JOIN roster_note USING (position)
ORDER BY kind, group_id, day, position;

CREATE OR REPLACE TABLE derived.aim AS FROM roster_aim;
