"""Real systems for the tests: each is found on the machine, started, and stopped whatever happens."""
