-- title: Up to which age is open work usual?
-- The quantile of what came before, and of how many (least) that must be.
CREATE OR REPLACE MACRO usual_age() AS
{'quantile': 0.85::DOUBLE, 'least': 19}
