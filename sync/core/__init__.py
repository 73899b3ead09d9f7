"""What every other package may use: errors, money, encoding, ports, logs, telemetry. Knows no
system and no engine."""
