"""How fast we work: limits, batching, pauses, retries and priorities."""
