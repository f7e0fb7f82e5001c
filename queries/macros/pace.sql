-- title: The pace of spending
-- `days`: the number of days up to the end of the data over which the burn is averaged; `week`: over
-- which it is averaged to see whether the pace has changed. `century`: from this runway in days on,
-- no date is known on which credits run out.
CREATE OR REPLACE MACRO pace() AS
{'days': 14, 'week': 7, 'century': 36500}
