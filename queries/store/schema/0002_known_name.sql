-- title: Names that a roster gave to scholars
-- Stored after the roster changes, so that a person can be forgotten by every name they ever had. A
-- name belongs to the scholar of the last roster that has it.
CREATE TABLE known_name (
  kind VARCHAR NOT NULL,      -- usernames | emails
  name VARCHAR NOT NULL,
  scholar VARCHAR NOT NULL,   -- id
  PRIMARY KEY (kind, name)
)
