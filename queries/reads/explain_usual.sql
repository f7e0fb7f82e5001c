-- title: Explanation: what is usual
-- One row: the numbers of which usual ages and usual ranges are made.
SELECT usual_age() AS age, usual_range() AS range
