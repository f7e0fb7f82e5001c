-- title: Remove a key that is not named any more
-- Replaces the named values of runs: those `before` by those `after`.
UPDATE raw_run SET named_values = fewer.after
FROM fewer
WHERE raw_run.named_values = fewer.before
