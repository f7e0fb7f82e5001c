-- title: A sum of a group, to the nearest 5
-- 0 means anything under 5.
CREATE OR REPLACE MACRO rounded_amount(amount) AS
CASE WHEN amount < 5 THEN 0 ELSE round(amount / 5) * 5 END::BIGINT
