"""``muster.yaml``: what it may say, and what people read when it says something else."""

from dataclasses import replace

import pytest

from muster.model import (
    AppName,
    AttributeEquals,
    BadInput,
    Constant,
    Copied,
    Everyone,
    InGroup,
    Limits,
    Removal,
    Rule,
    Tenant,
)
from muster.service.configuration_file import AppSpec, Configuration, configuration

ACME = Tenant("acme")
SCHEMA = "{id: urn:acme:a:User, attributes: [{name: badge}]}"
APP = "apps:\n  chat:\n    connector: scim\n"


def load(text: str, **environment: str) -> Configuration:
    """What the text says."""
    return configuration(text, environment, tenant=ACME)


def app(fields: str, **environment: str) -> AppSpec:
    """The one app of a configuration with these further fields."""
    return load(f"{APP}    {fields}\n", **environment).apps[0]


def test_a_whole_file_is_understood() -> None:
    """Everything the manual shows comes back as values."""
    found = load(
        """
        apps:
          chat:
            connector: scim
            settings: {url: "${CHAT_URL}/scim", token: "${CHAT_TOKEN}", page: 50}
            mapping: {title: null, department: department, company: {constant: Acme}}
            match_on: [userName, email]
            removal: delete
            limits: {concurrency: 8, settle_seconds: 2.5, destroy_count: 10, destroy_percent: 20}
          wiki: {connector: scim}
        rules:
          - {name: everyone-chats, app: chat, when: everyone}
          - {name: design-wiki, app: wiki, when: {group: Design Team}}
          - {name: engineering-wiki, app: wiki, when: {attribute: department, equals: Engineering}}
        """,
        CHAT_URL="https://chat.acme.example",
        CHAT_TOKEN="s3cret",
    )
    chat = AppSpec(
        name=AppName("chat"),
        connector="scim",
        settings={"url": "https://chat.acme.example/scim", "token": "s3cret", "page": "50"},
        mapping={
            "title": None,
            "department": Copied(attribute="department"),
            "company": Constant(value="Acme"),
        },
        match_on=("userName", "email"),
        removal=Removal.DELETE,
        limits=Limits(concurrency=8, settle_seconds=2.5, destroy_count=10, destroy_percent=20.0),
    )
    everyone = Rule(tenant=ACME, name="everyone-chats", app=AppName("chat"), when=Everyone())

    assert found.apps == (chat, AppSpec(name=AppName("wiki"), connector="scim"))
    assert found.rules == (
        everyone,
        replace(everyone, name="design-wiki", app=AppName("wiki"), when=InGroup(group="Design Team")),
        replace(
            everyone,
            name="engineering-wiki",
            app=AppName("wiki"),
            when=AttributeEquals(attribute="department", value="Engineering"),
        ),
    )


def test_an_empty_file_configures_nothing() -> None:
    """Nothing is allowed, and is nothing."""
    assert load("apps:\nrules:\n") == load("") == Configuration()


def test_settings_are_taken_as_written() -> None:
    """Numbers, flags and dates keep their spelling; a doubled dollar is a plain one."""
    assert app("settings: {a: 010, b: yes, c: 2026-11-30, d: '$${X}', e: a$b}").settings == {
        "a": "010",
        "b": "yes",
        "c": "2026-11-30",
        "d": "${X}",
        "e": "a$b",
    }


def test_a_value_of_the_environment_is_not_read_again() -> None:
    """What an environment variable holds is data, never another reference."""
    assert app("settings: {a: '${A}'}", A="${B}", B="secret").settings == {"a": "${B}"}


def test_secrets_are_not_shown() -> None:
    """Neither the value nor an error about another setting shows a secret."""
    assert "s3cret" not in repr(app("settings: {token: '${T}'}", T="s3cret"))

    with pytest.raises(BadInput) as caught:
        app("settings: {token: '${T}', url: '${U}'}", T="s3cret")
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("aps: {}", r"line 1, column 6, aps.*did you mean apps\?"),
        ("apps:\n  Chat: {connector: scim}", "“Chat” is no name of an app"),
        ("schemas: [{id: urn:acme:a:User}]", "“attributes” is missing"),
        (f"schemas: [{SCHEMA}, {SCHEMA}]", r"schemas\[1\].*another schema has the id urn:acme:a:User"),
        (
            f"schemas: [{SCHEMA.replace('name', 'nam')}]",
            r"schemas\[0\].attributes\[0\].nam.*did you mean name",
        ),
        (f"apps:\n  {'a' * 64}: {{connector: scim}}", "is no name of an app"),
        ("apps:\n  chat: {}", "“connector” is missing"),
        (f"{APP}    conector: x", r"line 4, column 15, apps.chat.conector.*did you mean connector\?"),
        (f"{APP}    settings: {{token: '${{TOKEN}}'}}", "environment variable TOKEN is not set"),
        (f"{APP}    settings: {{token: '${{EMPTY}}'}}", "environment variable EMPTY is empty"),
        (f"{APP}    settings: {{token: '${{TOKEN'}}", r"not written as \$\{NAME\}"),
        (f"{APP}    settings: {{token: '${{1X}}'}}", r"not written as \$\{NAME\}"),
        (f"{APP}    settings: {{token: null}}", "a value is expected"),
        (f"{APP}    mapping: {{title: titel}}", "is no attribute of a person"),
        (f"{APP}    mapping: {{title: {{const: x}}}}", "did you mean constant"),
        (f"{APP}    match_on: []", "nothing is listed"),
        (f"{APP}    removal: deleted", "did you mean delete"),
        (f"{APP}    limits: {{concurrency: 0}}", "at least 1"),
        (f"{APP}    limits: {{destroy_percent: 101}}", "more than 100"),
        (f"{APP}    limits: {{concurency: 1}}", "did you mean concurrency"),
        (f"{APP}rules:\n  - {{name: r, app: chatt, when: everyone}}", r"line 5.*did you mean chat\?"),
        (f"{APP}rules:\n  - {{name: r, app: chat, when: everybody}}", "did you mean everyone"),
        (f"{APP}rules:\n  - {{name: r, app: chat, when: {{grup: x}}}}", "did you mean group"),
        (f"{APP}rules:\n  - {{name: r, app: chat, when: {{attribute: title}}}}", "“equals” is missing"),
        (f"{APP}rules:\n  - {{name: r, app: chat, when: {{attribute: titel, equals: x}}}}", "no attribute"),
        (f"{APP}rules:\n  - {{name: r, app: chat, when: {{attribute: title, equals: 5}}}}", "in quotes"),
        (f"{APP}rules:\n  - {{name: r, app: chat}}", "“when” is missing"),
        (f"{APP}rules:\n  - &r {{name: r, app: chat, when: everyone}}\n  - *r", "references"),
        (
            f"{APP}rules:\n" + "  - {name: r, app: chat, when: everyone}\n" * 2,
            "line 6.*another rule is named “r”",
        ),
        ("rules:\n  - {name: r, app: chat, when: everyone}", "“chat” is not known"),
        ("apps: [chat]", "names and values"),
        ("rules: {a: b}", "a list is expected"),
    ],
)
def test_whatever_is_wrong_is_named_with_its_line(text: str, said: str) -> None:
    """Nothing in a configuration is silently ignored or guessed."""
    with pytest.raises(BadInput, match=said) as caught:
        load(text, EMPTY="")

    assert caught.value.problem.code == "MUSTER-CONFIGURATION"
    assert caught.value.problem.where.startswith("line ")
    assert caught.value.problem.next_step
