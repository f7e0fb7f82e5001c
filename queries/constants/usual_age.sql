-- title: The usual age of open work
-- `quantile` of the earlier lengths, and `least`: the number of earlier lengths that it needs.
CREATE OR REPLACE MACRO usual_age() AS
{'quantile': 0.85::DOUBLE, 'least': 19}
