"""A small Django project that took SCIM from django-scim2, as its manual says, and changed nothing in it.

It stands for the many applications whose SCIM is partial and peculiar. It runs in an environment of its own
(``requirements/apps/django-scim2.txt``) as ``python -m django_scim_app`` and is never imported by Muster.
"""
