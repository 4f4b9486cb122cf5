"""Where a campaign runs: connecting to Ray, the machines there are, pools, the doctor's check."""
