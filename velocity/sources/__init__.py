"""Where runs come from; every source yields `RunBatch`es of `velocity.records`."""
