"""Fakes the tests share: servers that misbehave on purpose. None of them is a real system."""
