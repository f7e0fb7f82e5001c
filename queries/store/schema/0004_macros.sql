-- title: Fingerprint of the macros in the file
-- Fingerprint of the queries whose macros were last defined in the file; no row if none were.
CREATE TABLE macros_of (fingerprint VARCHAR NOT NULL)
