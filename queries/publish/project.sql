-- title: Projects
-- table: project
-- The projects: the instant up to which the data of each is complete, and the address of its pages.
SELECT project_key, entity, project, app_url, as_of, epoch_us(as_of) AS as_of_us, pulled_from
FROM project
