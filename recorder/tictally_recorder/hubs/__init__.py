"""What a site's energy costs now, for hubs: plain topics, kept up to date, and the announcement of their entities."""
