"""Faults in GPU-hours and credits."""

from __future__ import annotations

from scripts.faults.fault import (
    CREDITS,
    EXPLAIN_CREDITS,
    FIGURES,
    INCREMENTAL,
    READS,
    Fault,
)

FAULTS = (
    Fault(
        "the machine's GPUs before the run's",
        "derive/120_host_session",
        "coalesce(run.configured_gpus, run.gpu_count) AS gpus",
        "coalesce(run.gpu_count, run.configured_gpus) AS gpus",
        (FIGURES,),
    ),
    Fault(
        "a host has its smallest count",
        "derive/124_piece",
        "max(reported) AS gpus",
        "min(reported) AS gpus",
        (FIGURES,),
    ),
    Fault(
        "hosts without limit",
        "derive/126_host_share",
        "least(1, capacity / demand)",
        "1.0",
        (FIGURES,),
    ),
    Fault(
        "a share of the demand",
        "derive/126_host_share",
        "capacity / demand)",
        "capacity / (demand + 1))",
        (FIGURES,),
    ),
    Fault(
        "unknown GPUs are none",
        "derive/128_gpu_charge",
        "piece.gpus IS NULL THEN",
        "piece.gpus = 0 THEN",
        (FIGURES,),
    ),
    Fault(
        "yesterday's rate",
        "metrics/compute",
        "rate.from_date <= daily.day",
        "rate.from_date < daily.day",
        (CREDITS,),
    ),
    Fault(
        "yesterday's rate in the ledger",
        "metrics/ledger",
        "rate.from_date <= daily.day",
        "rate.from_date < daily.day",
        (CREDITS,),
    ),
    Fault(
        "today's grant is not there",
        "metrics/ledger",
        "date <= edge.last_day",
        "date < edge.last_day",
        (CREDITS,),
    ),
    Fault(
        "burn of fifteen days",
        "metrics/ledger",
        "coalesce(recent, 0) / pace().days",
        "coalesce(recent, 0) / 15",
        (CREDITS,),
    ),
    Fault(
        "yesterday's rate in the balance",
        "metrics/balance",
        "rate.from_date <= spent.day",
        "rate.from_date < spent.day",
        (CREDITS,),
    ),
    Fault(
        "the last of equal rates",
        "store/credits",
        "arg_min(credits_per_gpu_hour, position)",
        "arg_max(credits_per_gpu_hour, position)",
        (CREDITS,),
    ),
    Fault(
        "burn of thirteen days",
        "store/credits",
        "to_days(pace().days)",
        "to_days(pace().days - 1)",
        (CREDITS,),
    ),
    Fault(
        "a charge is recent from its start",
        "store/credits",
        "(begun.share_us + begun.share * (charge.edge_us - begun.at_us))",
        "begun.share_us",
        (CREDITS,),
    ),
    Fault(
        "hosts left behind keep their charges",
        "derive/122_touched_host",
        "WHERE scholar_key IN (FROM scope)",
        "WHERE false",
        (f"{INCREMENTAL}::test_who_leaves_a_host_leaves_its_gpus_to_the_others",),
    ),
    Fault(
        "utilisation by runs",
        "reads/gpu_types",
        "sum(used_us) / nullif(sum(measured_us), 0) AS",
        "sum(used_us) / nullif(sum(gpu_us), 0) AS",
        (READS,),
    ),
    Fault(
        "GPU weeks are months",
        "reads/gpu_weeks",
        "period_of('week', charge.day)",
        "period_of('month', charge.day)",
        (READS,),
    ),
    Fault(
        "charges before the rate of their day",
        "reads/explain_charges",
        "rate.from_date <= charge.day",
        "rate.from_date < charge.day",
        (EXPLAIN_CREDITS,),
    ),
)
