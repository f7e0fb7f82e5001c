-- title: A share over several published rows
-- Of the rows that show a share, by their published amounts: it tells nothing that they do not.
CREATE OR REPLACE MACRO sum_share(share, whole) AS
rounded_share(sum(share * whole), sum(whole) FILTER (share IS NOT NULL))
