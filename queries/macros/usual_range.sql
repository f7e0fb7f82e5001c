-- title: The usual range of weekly values
-- `reach`: the limits in mean moving ranges from the mean (Shewhart's limits for single values).
-- `least`: the number of weeks that they need.
CREATE OR REPLACE MACRO usual_range() AS
{'reach': 2.66::DOUBLE, 'least': 8}
