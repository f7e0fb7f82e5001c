-- title: Published weeks of groups
-- Shown to leads who may not see individuals. A week is published once, and its figures never
-- change with later data, rosters, definitions or erasures.

CREATE TABLE group_week (
  week_start DATE NOT NULL,
  group_id VARCHAR NOT NULL,
  group_name VARCHAR NOT NULL,
  position INTEGER,           -- of the stream in the roster; null for merged streams
  -- Who was active, and in which of the group's streams; empty if fewer than 4 were. An id becomes
  -- null when that person is forgotten; they still count.
  people STRUCT(scholar VARCHAR, streams VARCHAR[])[] NOT NULL,
  -- Rounded to 5, except the numerators of shares; null if fewer than 4 people were active.
  experiments_started BIGINT,
  experiments_concluded BIGINT,
  runs_ended BIGINT,
  runs_failed BIGINT,
  busy_hours BIGINT,
  serial_hours BIGINT,
  gpu_hours BIGINT,
  published_at TIMESTAMPTZ NOT NULL, -- as_of of the data behind the figures
  PRIMARY KEY (week_start, group_id)
)
