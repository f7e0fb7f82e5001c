-- title: When a weekend day is a usual working day
-- A Saturday or Sunday on which the scholar launched in at least `least` of the `weeks` whole weeks
-- before.
CREATE OR REPLACE MACRO usual_weekend() AS
{'least': 4, 'weeks': 8}
