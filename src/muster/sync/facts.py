"""Everything Muster knows about one key, read as one state of the data."""

from dataclasses import dataclass

from muster.db import Database, Transaction
from muster.directory import apps, intents, links, people, rules
from muster.directory.intents import Intent
from muster.model import App, Desired, Identity, Key, Link, Verb
from muster.policy import desired


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of one key before anybody looks at the application.

    ``app`` is None once it was removed from Muster.
    """

    key: Key
    app: App | None
    person: Identity | None
    link: Link | None
    desired: Desired
    open_intents: tuple[Intent, ...]

    @property
    def unfinished_creation(self) -> Intent | None:
        """The open intent to create the account, if the outcome of one is not known."""
        return next((intent for intent in self.open_intents if intent.verb is Verb.CREATE), None)


async def facts_of(db: Database, key: Key) -> Facts:
    """Everything known about the key now."""

    async def read(tx: Transaction) -> Facts:
        app = await apps.app(tx, key.tenant, key.app)
        person = await people.person(tx, key.tenant, key.subject)
        granting = await rules.of_app(tx, key.tenant, key.app)
        return Facts(
            key=key,
            app=app,
            person=person,
            link=await links.link(tx, key),
            desired=Desired(key=key, wanted=False) if app is None else desired(person, key, app, granting),
            open_intents=tuple(await intents.open_of(tx, key)),
        )

    return await db.read(read)
