-- title: Recoveries
-- table: recovery | kept by scholar | published
-- One row per failed experiment: the time from its result to a finished run of the same line, and
-- whether there is one.
FROM recoveries_of('experiment_core', 'run_interval')
