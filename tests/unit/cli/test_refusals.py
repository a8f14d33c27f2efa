"""What cannot be used: told on standard error, with a code, and nothing changes."""

import pytest

from terminal import Terminal


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("explain", "nobody"), "MUSTER-PERSON-UNKNOWN"),
        (("out", "nobody"), "MUSTER-PERSON-UNKNOWN"),
        (("sync", "nowhere"), "MUSTER-APP-UNKNOWN"),
        (("plan", "--app", "nowhere"), "MUSTER-APP-UNKNOWN"),
        (("log", "--since", "yesterday"), "MUSTER-TIME"),
        (("import", "not-there.csv"), "MUSTER-FILE"),
        (("source", "add", "telepathy", "hr"), "MUSTER-SOURCE-TYPE"),
        (("source", "add", "scim", "HR!"), "MUSTER-NAME"),
        (("token", "add", "nobody"), "MUSTER-SOURCE-UNKNOWN"),
        (("token", "revoke", "nothing"), "MUSTER-TOKEN-UNKNOWN"),
        (("app", "add", "telepathy", "chat"), "MUSTER-CONNECTOR-UNKNOWN"),
        (("app", "add", "scim", "chat"), "MUSTER-SETTING"),
        (("rule", "add", "all", "nowhere", "--everyone"), "MUSTER-APP-UNKNOWN"),
        (("rule", "add", "all", "chat"), "MUSTER-RULE-CONDITION"),
        (("rule", "add", "all", "chat", "--everyone", "--group", "x"), "MUSTER-RULE-CONDITION"),
        (("rule", "add", "all", "chat", "--attribute", "title"), "MUSTER-RULE-CONDITION"),
        (("rule", "remove", "nothing"), "MUSTER-RULE-UNKNOWN"),
        (("nosuch",), "muster --help"),
        (("plan", "--nosuch"), "muster plan --help"),
        (("sync", "--wait", "long"), "--wait"),
        (("serve", "--port", "70000"), "--port"),
        (("source", "add", "file", "hr", "--rate", "1"), "MUSTER-SOURCE-TAKES-NO-TOKENS"),
        (("source", "add", "scim", "hr", "--scope", "everything"), "--scope"),
        (("source", "add", "scim", "hr", "--scope", "me:read"), "MUSTER-TOKEN-SCOPE"),
        (("source", "add", "scim", "hr", "--expires", "2020-01-01"), "MUSTER-TOKEN-ENDED"),
        (("source", "add", "scim", "hr", "--expires", "soon"), "MUSTER-TIME"),
        (("source", "add", "scim", "hr", "--expires", "9" * 6 + "d" * 2), "MUSTER-TIME"),
        (("log", "--since", "999999d"), "MUSTER-TIME"),
        (("token", "add", "hr"), "MUSTER-SOURCE-UNKNOWN"),
        (("token", "rotate", "hr"), "MUSTER-SOURCE-UNKNOWN"),
        (("token", "revoke", "x"), "MUSTER-TOKEN-UNKNOWN"),
        (("app", "add", "scim", "chat", "--set", "url"), "NAME=VALUE"),
        (("app", "add", "scim", "chat", "--map", "=x"), "NAME=VALUE"),
        (("app", "add", "scim", "chat", "--token", "@/not/there"), "cannot be read"),
        (("app", "add", "scim", "chat", "--token", "$NOT_SET"), "NOT_SET"),
        (("import",), "muster import --help"),
    ],
    ids=lambda part: " ".join(part) if isinstance(part, tuple) else "",
)
def test_what_cannot_be_used_is_bad_input(muster: Terminal, words: tuple[str, ...], says: str) -> None:
    """What was typed wrongly ends with 4, one problem on standard error, nothing on standard output."""
    told = muster(*words)

    assert (told.code, told.out) == (4, "")
    assert says in told.err
    assert "Traceback" not in told.err


@pytest.mark.parametrize(
    ("words", "name", "value"),
    [
        *((words, "MUSTER_PORT", "eighty") for words in ("app list", "serve")),
        ("serve", "MUSTER_REQUESTS_PER_SECOND", "-1"),
        *(
            ("source add scim idp", "MUSTER_PUBLIC_URL", url)
            for url in (
                "muster.example",
                "ftp://x",
                "https://",
                "https://a b",
                "https://u:p@x",
                "https://x?y",
            )
        ),
        *((words, "MUSTER_LOG_LEVEL", "loud") for words in ("app list", "serve")),
        *((words, "MUSTER_DATABASE_URL", "mysql://localhost/muster") for words in ("app list", "serve")),
    ],
)
def test_a_wrong_setting_is_named(muster: Terminal, words: str, name: str, value: str) -> None:
    """A variable that cannot be is named on standard error, whichever command needs it."""
    muster.monkeypatch.setenv(name, value)
    told = muster(*words.split())

    assert told.code == 4
    assert name in told.err
    assert "Traceback" not in told.err


def test_a_seal_key_that_is_none_is_told(muster: Terminal) -> None:
    """With a seal key that cannot be one nothing is opened, and it is never shown."""
    muster.monkeypatch.setenv("MUSTER_SEAL_KEY", "n0-k3y-at-all")
    told = muster("app", "list")

    assert (told.code, told.out) == (1, "")
    assert "MUSTER-VAULT-KEY-MALFORMED" in told.err
    assert "n0-k3y-at-all" not in told.err
