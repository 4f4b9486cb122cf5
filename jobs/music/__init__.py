"""Music beds: made by a model before a campaign, and looked at (`python -m jobs.music`)."""
