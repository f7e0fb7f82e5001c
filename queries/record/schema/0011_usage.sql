-- title: What evaluations used
-- Tokens by model, as the log of the run reports them, and the task of which the run is an attempt.
ALTER TABLE raw_run ADD COLUMN usage STRUCT(
  model VARCHAR, input BIGINT, output BIGINT, cache_read BIGINT, cache_write BIGINT,
  reasoning BIGINT, dollars DOUBLE)[];
ALTER TABLE raw_run ADD COLUMN attempt_of VARCHAR
