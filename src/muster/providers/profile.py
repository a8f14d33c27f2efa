"""What a provider knows about a person."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One person in the provider's directory; an empty text is no value.

    ``manager`` is the id of the manager's user at the SCIM server.
    """

    user_name: str
    given_name: str = ""
    family_name: str = ""
    email: str = ""
    phone: str = ""
    title: str = ""
    department: str = ""
    employee_number: str = ""
    manager: str = ""
    role: str = ""
    external_id: str = ""

    @property
    def display_name(self) -> str:
        """Both names, or the user name where there are none."""
        return f"{self.given_name} {self.family_name}".strip() or self.user_name
