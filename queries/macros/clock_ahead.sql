-- title: Is an instant too far past the end of the data?
-- By more than 15 minutes, which clocks that are right do not differ by. Fixed, whatever the
-- settings say of stale heartbeats.
CREATE OR REPLACE MACRO clock_ahead(instant_us, as_of_us) AS
instant_us - as_of_us > 900000000
