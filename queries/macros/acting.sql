-- title: Whose launches count
-- Reads the table actor. One row per number of a person, of an automation, or of both (`all`), with
-- the scholar who owns it. A join with it keeps the rows of these actors.
CREATE OR REPLACE MACRO acting(actors, chosen) AS TABLE
SELECT * FROM query_table(actors) WHERE chosen IN ('all', actor)
