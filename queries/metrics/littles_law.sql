-- title: Little's-law residual
-- One row: does the time in the daily facts equal the time in the runs themselves? Mean runs in
-- flight = arrivals x mean duration holds exactly when it does.
-- metric: littles_law_residual_hours | hours | Little's-law residual | Run hours of the daily facts less the active hours added run by run; anything but 0 is a fault of ours.
SELECT
  ((SELECT coalesce(sum(run_us), 0) FROM day_fact WHERE stream_key = 0)
    - (SELECT coalesce(sum(active_us), 0) FROM run WHERE excluded IS NULL)) / 3.6e9
    AS littles_law_residual_hours
