-- title: Where DuckDB's time zones differ
-- A row per zone of `zone_offset` (zone, at_us, offset_us) whose offset from UTC is another one here
-- at any of these instants: the first of them.
SELECT zone, min(at_us) AS from_us
FROM zone_offset
WHERE epoch_us(timezone(zone, make_timestamptz(at_us))) - at_us <> offset_us
GROUP BY zone
ORDER BY zone
