-- title: Runs that the server counts but the record does not have
-- Hidden runs, and those of forgotten people, at the last pull that compared all runs.

ALTER TABLE project ADD COLUMN uncollected BIGINT DEFAULT 0;
