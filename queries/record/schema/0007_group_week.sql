-- title: Published weeks of groups
-- What leads who may not see individuals are shown. A week is published once and its figures never
-- change, whatever later data, rosters, definitions or erasures say.

CREATE TABLE group_week (
  week_start DATE NOT NULL,
  group_id VARCHAR NOT NULL,
  group_name VARCHAR NOT NULL,
  position INTEGER,           -- of the stream in the roster; null for streams that are one group
  -- Who was active, and in which of the group's streams; empty where they were fewer than 4. An id is
  -- null once that person was forgotten: they still count.
  people STRUCT(scholar VARCHAR, streams VARCHAR[])[] NOT NULL,
  -- Rounded to 5, but for the parts of shares; null where fewer than 4 were active.
  experiments_started BIGINT,
  experiments_concluded BIGINT,
  runs_ended BIGINT,
  runs_failed BIGINT,
  busy_hours BIGINT,
  serial_hours BIGINT,
  gpu_hours BIGINT,
  published_at TIMESTAMPTZ NOT NULL, -- as_of of the data that the figures are of
  PRIMARY KEY (week_start, group_id)
)
