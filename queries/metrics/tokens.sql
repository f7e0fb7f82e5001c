-- title: Tokens and dollars
-- One row per kind of group, group and period with evaluations whose logs report tokens, by the local
-- day of their last sign of life. Dollars are beside credits, which pay for GPUs only.
-- params: metrics/volume
-- key: kind, group_id, period_start
-- actor: all
-- order: 9
-- metric: tokens | tokens | Tokens | Tokens that evaluations read and wrote, those of caches included; what a retry repeats from the log before it counts once.
--   adds: tokens from tokens
-- metric: token_dollars | dollars | Dollars for tokens | What the tokens cost: as the log says, else at the rate of the model on that day.
--   adds: dollars from tokens
-- metric: unpriced_tokens | tokens | Tokens without a price | Tokens of models without a rate, where the log does not say what they cost either: they cost nothing here.
--   adds: tokens from tokens where dollars is null
SELECT
  kind,
  group_of(kind, scholar.scholar, stream.stream) AS group_id,
  period_of($period, charge.day) AS period_start,
  sum(tokens)::BIGINT AS tokens,
  coalesce(sum(dollars), 0) AS token_dollars,
  coalesce(sum(tokens) FILTER (dollars IS NULL), 0)::BIGINT AS unpriced_tokens
FROM token_charge AS charge
JOIN actor AS scholar USING (scholar_key)
LEFT JOIN stream USING (stream_key),
(SELECT unnest($kinds::VARCHAR[]) AS kind)
WHERE row_counts(
  $scope, kind, scholar.scholar, scholar.attributed, stream.stream, $within, charge.day,
  $period, $periods, $from_day, $to_day, $groups, $groups_until)
GROUP BY ALL
