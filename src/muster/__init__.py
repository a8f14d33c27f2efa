"""Muster: self-hosted user provisioning and sync.

*Muster in* gives a hundred new hires exactly the accounts their roles need; *muster out* takes all of a
leaver's accounts back in seconds, with proof. The packages stand on floors, and imports only go down::

    roof      cli | pytest
    wiring    bootstrap
    doors     web
    desk      service
    engines   intake | sync
    wings     connectors | directory | work | audit | vault
    base      policy | plan | kit | db | providers
    ground    model | scim

``ARCHITECTURE.md`` says which question leads to which package.
"""

__version__ = "0.1.0"
