"""The application's own users and groups, with the columns that django-scim2 asks for."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django_scim.models import AbstractSCIMGroupMixin, AbstractSCIMUserMixin


class Group(AbstractSCIMGroupMixin):
    """A group of the application; ``user_set`` are its members."""

    name = models.CharField(max_length=150, unique=True)

    def __str__(self) -> str:
        """Show the name."""
        return self.name


class User(AbstractUser, AbstractSCIMUserMixin):
    """A user of the application."""

    scim_groups = models.ManyToManyField(Group, related_name="user_set")
