-- title: Restated weeks
-- table: restatement
-- Figures of past weeks that later data changed.
FROM restatement
