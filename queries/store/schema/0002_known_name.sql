-- title: Names that a roster gave to scholars
-- Kept after the roster changes, so that somebody can be forgotten by every name they ever had. The last
-- roster with a name decides whose it is.
CREATE TABLE known_name (
  kind VARCHAR NOT NULL,      -- usernames | emails
  name VARCHAR NOT NULL,
  scholar VARCHAR NOT NULL,   -- id
  PRIMARY KEY (kind, name)
)
