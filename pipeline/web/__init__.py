"""Pictures on the web that a feed links: fetched with suspicion, kept by content, asked for again
only when they are old."""
