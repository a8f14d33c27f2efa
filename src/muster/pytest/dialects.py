"""The identity providers that the fixture ``dialect`` offers by name."""

from muster.providers import Authentik, Entra, Google, JumpCloud, Keycloak, Okta, OneLogin, PingOne


class Dialects:
    """Each method gives a provider that speaks to the SCIM server at a base URL with a bearer token."""

    def entra(self, url: str, token: str, *, compliant: bool = False) -> Entra:
        """Microsoft Entra ID; ``compliant`` is its feature flag ``aadOptscim062020``."""
        return Entra(url, token, compliant=compliant)

    def okta(self, url: str, token: str, *, classic: bool = False) -> Okta:
        """Okta; ``classic`` is an app of the App Integration Wizard, which changes everything by PUT."""
        return Okta(url, token, classic=classic)

    def onelogin(self, url: str, token: str) -> OneLogin:
        """OneLogin."""
        return OneLogin(url, token)

    def jumpcloud(self, url: str, token: str) -> JumpCloud:
        """JumpCloud."""
        return JumpCloud(url, token)

    def google(self, url: str, token: str) -> Google:
        """Google Workspace."""
        return Google(url, token)

    def pingone(self, url: str, token: str) -> PingOne:
        """PingOne."""
        return PingOne(url, token)

    def keycloak(self, url: str, token: str) -> Keycloak:
        """Keycloak with SCIM for Keycloak."""
        return Keycloak(url, token)

    def authentik(self, url: str, token: str) -> Authentik:
        """Authentik."""
        return Authentik(url, token)
