-- title: Does a run bear a flag that is a fault?
-- A late upload and several machines at once are ordinary ways to work; every other flag says that
-- facts of the run contradict each other, or that something was not known.
CREATE OR REPLACE MACRO is_doubtful(flags) AS
len(list_filter(flags, lambda it: it NOT IN ('uploaded_late', 'at_once'))) > 0
