"""SCIM."""
