-- title: How far do weeks usually vary?
-- How many mean moving ranges from the mean (Shewhart's limits of single values), and from how many
-- weeks (least) on.
CREATE OR REPLACE MACRO usual_range() AS
{'reach': 2.66::DOUBLE, 'least': 8}
