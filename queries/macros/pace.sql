-- title: At which pace are credits spent?
-- The days up to the end of the data over which it is taken, and from how many days of runway on (a
-- century) no day is told on which credits run out.
CREATE OR REPLACE MACRO pace() AS
{'days': 14, 'century': 36500}
