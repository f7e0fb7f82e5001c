-- title: What GPU time costs
-- Credits for microseconds of one GPU, at a rate per GPU-hour.
CREATE OR REPLACE MACRO price_of(gpu_us, credits_per_gpu_hour) AS
gpu_us / hour_us() * credits_per_gpu_hour
