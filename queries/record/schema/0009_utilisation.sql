-- title: Runs whose GPU utilisation was requested
-- One row per run: it is requested from W&B once, before the response is known.
CREATE TABLE utilisation_request (run_key BIGINT PRIMARY KEY)
