-- title: Archived weeks
-- Runs before an archive are gone; what they cost still counts against the grants.

CREATE TABLE archived (
  week DATE NOT NULL,         -- Monday of the first week that was kept
  before TIMESTAMPTZ NOT NULL -- its beginning
);

CREATE TABLE archived_credits (
  date DATE NOT NULL,         -- the last archived day
  kind VARCHAR NOT NULL,      -- scholar | stream | programme, as of a grant
  target VARCHAR NOT NULL,
  credits DOUBLE NOT NULL     -- negative: spent
)
