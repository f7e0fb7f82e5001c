-- title: What a launch under a used id is called
-- ID@start, the start in UTC, with its part of a second if it has one; see id_of_launch.
CREATE OR REPLACE MACRO id_of_new_launch(run_id, begun_at) AS
run_id || '@' || strftime(begun_at AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S')
  || CASE WHEN epoch_us(begun_at) % 1000000 = 0 THEN ''
    ELSE '.' || lpad((epoch_us(begun_at) % 1000000)::VARCHAR, 6, '0') END
  || 'Z'
