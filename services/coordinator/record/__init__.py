"""The sealed record: a hash chain over everything that is published and every grade (ADR 0030)."""
