"""The four services. Each is deployed alone; none imports another."""
