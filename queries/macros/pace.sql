-- title: The pace of spending
-- `days`: the number of days up to the end of the data over which the burn is averaged. `century`:
-- from this runway in days on, there is no date on which credits run out.
CREATE OR REPLACE MACRO pace() AS
{'days': 14, 'century': 36500}
