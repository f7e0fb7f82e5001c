-- title: What other sources tell about runs
-- The number of the scheduler's job that a process ran in; for a job itself, when it was queued; and
-- the ids under which another source may have the same work.
ALTER TABLE raw_run ADD COLUMN writers.element.job_id VARCHAR;
ALTER TABLE raw_run ADD COLUMN submitted_at TIMESTAMPTZ;
ALTER TABLE raw_run ADD COLUMN same_as VARCHAR[]
