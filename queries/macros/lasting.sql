-- title: What makes a change lasting
-- `before` and `since`: the whole weeks that it needs on either side. `shown`: the number of latest
-- whole weeks that are searched.
CREATE OR REPLACE MACRO lasting() AS
{'before': 4, 'since': 6, 'shown': 12}
