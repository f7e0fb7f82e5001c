-- title: Explanation: what is usual
-- One row: the numbers of which usual ages, usual ranges and the pace of spending are made.
SELECT usual_age() AS age, usual_range() AS range, pace() AS pace
