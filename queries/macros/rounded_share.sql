-- title: A share of a group, to the nearest 5 points
-- Null if the whole is under 100: small figures are randomised, and would be most of it. 0 means
-- anything under 5 %, and 1 anything over 95 %.
CREATE OR REPLACE MACRO rounded_share(part, whole) AS
CASE
  WHEN whole < 100 THEN NULL
  WHEN part / whole < 0.05 THEN 0.0
  WHEN part / whole > 0.95 THEN 1.0
  ELSE round(part / whole * 20) / 20
END
