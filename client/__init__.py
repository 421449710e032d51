"""The client of a coordinator's HTTP API: how commands, here or anywhere, read and change anything."""
