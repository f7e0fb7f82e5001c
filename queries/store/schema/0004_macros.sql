-- title: Which words of queries the file has
-- Fingerprint of the queries whose macros were defined in it last; no row: none were.
CREATE TABLE macros_of (fingerprint VARCHAR NOT NULL)
