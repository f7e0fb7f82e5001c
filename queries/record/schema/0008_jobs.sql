-- title: The jobs of a scheduler
-- The number of the job that a process ran in; and for a job itself, when it was queued.
ALTER TABLE raw_run ADD COLUMN writers.element.job_id VARCHAR;
ALTER TABLE raw_run ADD COLUMN submitted_at TIMESTAMPTZ
