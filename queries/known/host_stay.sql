-- title: Runs on rented hosts at an instant
-- table: host_stay
-- The sessions on rented hosts that had begun; what ended later was still there.
-- param: known_at | TIMESTAMPTZ | the instant
SELECT
  * REPLACE (
    open OR end_us > epoch_us($known_at::TIMESTAMPTZ) AS open,
    least(end_us, epoch_us($known_at::TIMESTAMPTZ)) AS end_us)
FROM host_stay
WHERE start_us <= epoch_us($known_at::TIMESTAMPTZ)
