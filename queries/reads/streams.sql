-- title: Streams
-- A row a stream, in roster order.
SELECT stream, name FROM stream ORDER BY stream_key
