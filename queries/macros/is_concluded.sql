-- title: Is an experiment concluded?
-- It has a result: some of its runs have finished.
CREATE OR REPLACE MACRO is_concluded(outcome) AS
outcome IN ('success', 'partial')
