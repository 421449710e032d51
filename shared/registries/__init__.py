"""The tables everything else is derived from: markets, features, systems, steps, topics, schedules. Pure."""
