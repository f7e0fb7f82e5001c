-- title: Projects
-- table: project
-- Where runs live, to which instant their data is complete, and where they can be opened.
SELECT project_key, entity, project, app_url, as_of, epoch_us(as_of) AS as_of_us, pulled_from
FROM project
