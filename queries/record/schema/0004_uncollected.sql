-- title: Runs that a server counts and the record does not have
-- Hidden runs, and those of people who were forgotten, as of the last pull that compared all runs.

ALTER TABLE project ADD COLUMN uncollected BIGINT DEFAULT 0;
