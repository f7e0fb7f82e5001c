-- title: Time zones in which DuckDB differs
-- One row per zone of `zone_offset` (zone, at_us, offset_us) whose offset from UTC differs in
-- DuckDB at any of these instants, with the first of them.
SELECT zone, min(at_us) AS from_us
FROM zone_offset
WHERE epoch_us(timezone(zone, make_timestamptz(at_us))) - at_us <> offset_us
GROUP BY zone
ORDER BY zone
