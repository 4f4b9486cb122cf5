"""How a campaign runs: plan, media store, the adapter around a stage, runners, ledger, report."""
