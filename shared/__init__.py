"""The common package: contracts, ports, embedded adapters, telemetry. It never imports a service."""
