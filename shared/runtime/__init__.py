"""What every service runs on: settings, profiles, process, boundary, push, logs, metrics, retry, throttle."""
