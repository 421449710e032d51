"""The `tipoff` command."""
