-- title: What the flags of a run mean
-- One row per flag, in order: the contradiction or gap, and the value that is used instead. `fault`
-- is true if the flag needs a look, and false for a normal way to work.
CREATE OR REPLACE MACRO meaning_of_flag() AS TABLE
SELECT *, is_doubtful([flag]) AS fault
FROM (VALUES
  (1, 'unreadable', 'A field of the run cannot be read', 'The field is not known'),
  (2, 'unknown_state', 'The state is an unknown word', 'The run is over, and not a success'),
  (3, 'never_began', 'No client ever wrote to the run', 'It counts nowhere'),
  (4, 'clock_unset', 'The client''s clock shows a year before 2015', 'The creation time; all times of the client are moved'),
  (5, 'clock_ahead', 'A start or a row is after the last heartbeat', 'The creation time; all times of the client are moved'),
  (6, 'clock_behind', 'The start is before the creation, but the server saw the whole run', 'The creation time; all times of the client are moved'),
  (7, 'uploaded_late', 'The start is before the creation, and the server saw only the upload', 'The client''s clock; the heartbeat is not a sign of life'),
  (8, 'writer_lost', 'The runtime exceeds the time since the only process started, but not since the creation', 'An earlier session from the creation on'),
  (9, 'runtime_refuted', 'The runtime is negative, longer than the run existed, or 0 with later signs of life', 'The heartbeat and the rows'),
  (10, 'suspended', 'Rows continue after the start plus the runtime', 'Present until the last sign of life, active for the runtime'),
  (11, 'writer_silent', 'A later process started after the last heartbeat', 'The processes before it'),
  (12, 'at_once', 'Processes started together, or rows continue past the last process''s runtime', 'The first process to the end, the others for the runtime'),
  (13, 'runtime_restarted', 'The runtime of a resumed run covers only its last session', 'Earlier sessions last until the next begins'),
  (14, 'relaunched', 'The id was reused, and the runtime covers only the last launch', 'The last launch; for local files, each launch'),
  (15, 'same_run', 'Another project has a run with the same id and start', 'The row that was read last'),
  (16, 'estimated', 'The length of a part of the run is not recorded', 'The remaining runtime, or the next start'),
  (17, 'unknown_end', 'No source gives the end of the run', 'Its start: no length'),
  (18, 'clock', 'An end is before its start, or a time is after the end of the data', 'No length, or the end of the data; no latency')
) AS meaning(place, flag, held, used)
