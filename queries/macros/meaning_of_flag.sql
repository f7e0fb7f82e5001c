-- title: What the flags of a run mean
-- One row per flag, in order: what was held against what, and what counts instead. The last word
-- says whether it is a fault, something to look at, and not an ordinary way to work.
CREATE OR REPLACE MACRO meaning_of_flag() AS TABLE
SELECT *, is_doubtful([flag]) AS fault
FROM (VALUES
  (1, 'unreadable', 'A field of the run cannot be read', 'The field is not known'),
  (2, 'unknown_state', 'The state is a word that nobody knows', 'The run is over, and no success'),
  (3, 'never_began', 'No client ever wrote to the run', 'It counts nowhere'),
  (4, 'clock_unset', 'The client''s clock says a year before 2015', 'The time of creation; all of the client''s times are moved'),
  (5, 'clock_ahead', 'A start or a row lies past the last heartbeat', 'The time of creation; all of the client''s times are moved'),
  (6, 'clock_behind', 'The start lies before the creation, but the server saw the whole run', 'The time of creation; all of the client''s times are moved'),
  (7, 'uploaded_late', 'The start lies before the creation, and the server saw only the upload', 'The client''s clock; the heartbeat is no sign of life'),
  (8, 'writer_lost', 'The stopwatch ran longer than since the only writer, but not than since the creation', 'An earlier session from the creation on'),
  (9, 'runtime_refuted', 'The stopwatch is negative, longer than the run was there, or 0 with life after it', 'The heartbeat and the rows'),
  (10, 'suspended', 'Rows go on past the start plus the stopwatch', 'Present to the last sign of life, active as long as the stopwatch'),
  (11, 'writer_silent', 'A later writer began after the last heartbeat', 'The writers before it'),
  (12, 'at_once', 'Writers began together, or rows go on past the last writer''s stopwatch', 'The first to the end, the others as long as the stopwatch'),
  (13, 'runtime_restarted', 'The stopwatch of a resumed run is of its last session only', 'Earlier sessions last until the next begins'),
  (14, 'relaunched', 'The id was used again, and the stopwatch is of the last launch only', 'The last launch; of local files, each launch'),
  (15, 'same_run', 'The same id and start is in another project', 'The row that was read last'),
  (16, 'estimated', 'How long a part of the run lasted is not told', 'What the stopwatch leaves, or the next start'),
  (17, 'unknown_end', 'Nothing tells when the run ended', 'Its start: no length'),
  (18, 'clock', 'An end lies before its start, or a time past the end of the data', 'No length, or the end of the data; no latency')
) AS meaning(place, flag, held, used)
