"""What a token may do."""

from enum import StrEnum
from typing import Final


class Scope(StrEnum):
    """One thing a token may do with what its source brought; ``me`` is the person the token belongs to.

    Who may write is answered with the resource, so writing shows what it changes.
    """

    USERS_READ = "users:read"
    USERS_WRITE = "users:write"
    GROUPS_READ = "groups:read"
    GROUPS_WRITE = "groups:write"
    ME_READ = "me:read"
    ME_WRITE = "me:write"  # only what describes the person and decides nothing
    ME_DELETE = "me:delete"


ME_SCOPES: Final = frozenset({Scope.ME_READ, Scope.ME_WRITE, Scope.ME_DELETE})
SOURCE_SCOPES: Final = frozenset(Scope) - ME_SCOPES
