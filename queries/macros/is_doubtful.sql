-- title: Does a run have a flag that is a fault?
-- Late uploads and several machines at once are normal ways to work. Every other flag means that
-- facts about the run contradict each other, or that a fact is not known.
CREATE OR REPLACE MACRO is_doubtful(flags) AS
len(list_filter(flags, lambda it: it NOT IN ('uploaded_late', 'at_once'))) > 0
