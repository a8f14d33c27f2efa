"""Every command as it is typed: what it does, what it says where, and its exit code."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from muster.cli import showing
from muster.cli.root import root
from terminal import Terminal
from working_desk import people_csv

TOKEN = "s3cret-t0ken-of-the-chat"
NOWHERE = "http://127.0.0.1:1/scim/v2"  # nobody listens on port 1
STAFF = tuple(f"person{number:02}" for number in range(12))


def _commands() -> Iterator[tuple[str, ...]]:
    """The words of every command and of every group of commands."""

    def below(found: Any, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:  # noqa: ANN401 - no public type
        yield words
        for name, sub in getattr(found, "commands", {}).items():
            yield from below(sub, (*words, name))

    return below(typer.main.get_command(root), ())


@pytest.mark.parametrize("words", [*_commands()], ids=lambda words: " ".join(words) or "muster")
def test_every_command_helps(muster: Terminal, words: tuple[str, ...]) -> None:
    """``--help`` says what each command and each of its options is for, on standard output."""
    told = muster.done(*words, "--help")

    assert f"muster {' '.join(words)}".strip() in told.out
    assert "--help" in told.out
    assert told.err == ""


def test_a_hire_from_file_to_account(muster: Terminal) -> None:
    """Import, plan, sync, plan: pending before, done after, and the account is in the application."""
    muster.done("migrate")
    muster.add_studio()
    imported = muster.done("import", muster.staff("ana", "ben"), "--source", "hr")
    pending = muster("plan")
    synced = muster.done("sync")
    nothing = muster.done("plan")

    assert "2 joined" in imported.out
    assert (pending.code, nothing.code) == (2, 0)
    assert "+ 2 accounts" in pending.out
    assert "2 create" in synced.out
    assert muster.accounts() == {"ana": True, "ben": True}


def test_a_dry_run_says_that_changes_are_pending(muster: Terminal) -> None:
    """A dry run that found somebody ends with 2 and stores nothing; one that found nobody ends with 0."""
    file = muster.staff("ana")
    first = muster("import", file, "--dry-run")
    muster.done("import", file)
    second = muster("import", file, "--dry-run")

    assert (first.code, second.code) == (2, 0)
    assert "would be 1 joined" in first.out
    assert "1 unchanged" in second.out


def test_a_mover_and_a_leaver(muster: Terminal) -> None:
    """The next file changes one and ends one; the dry run names both, and the sync carries both out."""
    muster.add_studio()
    muster.done("import", muster.staff("ana", "ben"))
    muster.done("sync")
    Path(muster.people).write_text(people_csv({"userName": "ana", "title": "CTO"}), encoding="utf-8")
    preview = muster("import", muster.people, "--dry-run")
    muster.done("import", muster.people)
    muster.done("sync")

    assert "title: (not set) → CTO" in preview.out
    assert "no longer in the file" in preview.out
    assert muster.accounts() == {"ana": True, "ben": False}


def test_rows_that_cannot_be_read_end_with_failed(muster: Terminal) -> None:
    """Bad rows are told on standard error, by line; the others are in, and the exit code is 1."""
    Path(muster.people).write_text("userName,active\nana,yes\nben,perhaps\n", encoding="utf-8")
    told = muster("import", muster.people)
    known = muster.done("explain", "ana")

    assert told.code == 1
    assert "line 3, active" in told.err
    assert "MUSTER-IMPORT-ROW-BOOLEAN" in told.err
    assert "1 joined" in told.out
    assert "(ana)" in known.out


def test_too_many_leavers_are_held(muster: Terminal) -> None:
    """Exit code 3, the reason and the way on standard error, and nobody is ended; the way then works."""
    muster.done("import", muster.staff(*STAFF))
    held = muster("import", muster.staff("person00"))
    allowed = muster.done("import", muster.people, "--allow-leavers", "11")

    assert (held.code, held.out) == (3, "")
    assert "MUSTER-IMPORT-HELD" in held.err
    assert "--allow-leavers 11" in held.err
    assert "11 left" in allowed.out


def test_too_many_removals_are_held(muster: Terminal) -> None:
    """A sync that the guard holds ends with 3 and a table of what is held; approved, it ends with 0."""
    muster.add_studio()
    muster.done("import", muster.staff(*STAFF))
    muster.done("sync")
    muster.done("rule", "remove", "everyone-studio")
    held = muster("sync")
    approved = muster.done("sync", "--approve-removals")

    assert held.code == 3
    assert "MUSTER-GUARD-HELD" in held.out
    assert "7 disable" in approved.out
    assert set(muster.accounts().values()) == {False}


def test_one_person_is_provisioned(muster: Terminal) -> None:
    """``provision --dry-run`` only says it, ``provision`` does it for the one person."""
    muster.add_studio()
    muster.done("import", muster.staff("ana", "ben"))
    dry = muster("provision", "ana", "--dry-run")
    before = muster.accounts()
    muster.done("provision", "ana")

    assert (dry.code, before) == (2, {})
    assert "ben" not in dry.out
    assert muster.accounts()["ana"]


def test_a_leaver_is_mustered_out_and_let_back(muster: Terminal) -> None:
    """``out`` ends every account with a receipt; no file brings them back; ``out --undo`` does."""
    muster.add_studio()
    muster.done("import", muster.staff("ana"))
    muster.done("sync")
    out = muster.done("out", "ana", "--reason", "resigned")
    ended = muster.accounts()
    muster.done("import", muster.people)
    muster.done("sync")
    still = muster.accounts()
    back = muster.done("out", "ana", "--undo", "--reason", "a mistake")

    assert "Every account is ended and read back." in out.out
    assert ended == still == {"ana": False}
    assert "1 enable" in back.out
    assert muster.accounts() == {"ana": True}


def test_what_is_not_proven_is_a_failure(muster: Terminal) -> None:
    """A leaver whose application cannot be reached has a receipt that says so, and the exit code is 1."""
    muster.add_studio()
    muster.done("import", muster.staff("ana"))
    muster.done("sync")
    (muster.folder / "studio.db").rename(muster.folder / "away.db")
    told = muster("out", "ana", "--wait", "0.5")

    assert told.code == 1
    assert "unknown" in told.out
    assert "Not everything is proven yet" in told.out


def test_the_log_tells_who_and_why(muster: Terminal) -> None:
    """The log of a person shows what was done to them, in words; filters take away the rest."""
    muster.add_studio()
    muster.done("import", muster.staff("ana", "ben"))
    muster.done("sync")
    every = muster.done("log", "--json").data
    ana = muster.done("log", "--person", "ana", "--action", "account:create", "--json").data
    newest = muster.done("log", "--limit", "1", "--json").data
    table = muster.done("log", "--app", "studio", "--since", "1h").out

    assert {"app:add", "rule:add", "source:add", "import:run", "person:create"} <= {
        one["action"] for one in every
    }
    assert ["intended", "done"] == [one["result"] for one in ana]
    assert newest == every[-1:]
    assert "account:create" in table


@pytest.mark.parametrize("since", ["2020-01-01", "2020-01-01T17:00:00+01:00", "90m", "12h", "7d", "30s"])
def test_since_is_said_in_many_ways(muster: Terminal, since: str) -> None:
    """A date, a time, or how long ago: all of them find what was just done."""
    muster.done("source", "add", "file", "hr")

    assert ["source:add"] == [one["action"] for one in muster.done("log", "--since", since, "--json").data]


def test_sources_and_tokens(muster: Terminal) -> None:
    """A SCIM source gets a token, shown once; another is added, listed by its beginning, and revoked."""
    first = muster.done("source", "add", "scim", "entra", "--json").data
    second = muster.done("token", "add", "entra", "--json").data
    listed = muster.done("token", "list", "entra", "--json").data
    muster.done("token", "revoke", listed[0]["id"])
    twice = muster("token", "revoke", listed[0]["id"])
    shown = muster.done("token", "list", "entra").out

    assert first["base_url"].endswith("/scim/v2")
    assert [first["token"][:6], second["token"][:6]] == [one["prefix"][:6] for one in listed]
    assert twice.code == 4
    assert first["token"] not in shown
    assert second["token"] not in shown


def test_what_a_source_may_do_is_chosen_and_shown(muster: Terminal) -> None:
    """Chosen when it is added or later, shown by name, and a choice there is not is bad input."""
    muster.done("source", "add", "scim", "entra", "--dialect", "strict", "--accept", "listed-removal")
    added = muster.done("source", "show", "entra", "--json").data
    words = ("--unknown", "drop", "--unknown-extensions", "drop", "--refuse", "listed-removal")
    changed = muster.done("source", "set", "entra", *words)
    listed = muster.done("source", "list", "--json").data
    muster.done("source", "add", "file", "hr")
    wrong = [
        muster("source", "set", "entra", "--accept", "everything"),
        muster("source", "set", "entra", "--unknown", "keep"),
        muster("source", "set", "hr", "--dialect", "strict"),
        muster("source", "show", "nobody"),
    ]

    assert ("refuse", "refuse") == (added["dialect"]["unknown"], added["dialect"]["unknown-extensions"])
    assert "accept" == added["dialect"]["listed-removal"]
    assert "listed-removal" in changed.out
    assert [("entra", "drop")] == [(one["name"], one["dialect"]["unknown-extensions"]) for one in listed]
    assert "refuse" == listed[0]["dialect"]["listed-removal"]
    assert "file" in muster.done("source", "show", "hr").out
    assert "unknown-extensions drop" in muster.done("source", "list").out
    assert [4, 4, 4, 4] == [told.code for told in wrong]
    assert "MUSTER-SOURCE-DIALECT" in wrong[0].err
    assert "MUSTER-SOURCE-DIALECT" in wrong[2].err


def test_a_source_is_reached_where_the_settings_say(muster: Terminal) -> None:
    """The base URL is the public one where it is set, and host and port of the settings where it is not."""
    muster.monkeypatch.setenv("MUSTER_HOST", "::1")
    muster.monkeypatch.setenv("MUSTER_PORT", "9000")
    local = muster.done("source", "add", "scim", "one", "--json").data
    muster.monkeypatch.setenv("MUSTER_PUBLIC_URL", "https://muster.example:8443/in/")
    public = muster.done("source", "add", "scim", "two", "--json").data
    shown = muster.done("source", "add", "scim", "three").out

    assert {"id", "name", "type", "base_url", "token"} == set(local) == set(public)
    assert "http://[::1]:9000/scim/v2" == local["base_url"]
    assert "https://muster.example:8443/in/scim/v2" == public["base_url"]
    assert "https://muster.example:8443/in/scim/v2" in shown


def test_the_rights_of_a_token(muster: Terminal) -> None:
    """Scopes, end, rate and person are taken, listed in the table and as JSON, and told when it is made."""
    everything = muster.done("source", "add", "scim", "hr", "--expires", "2099-01-01", "--json").data
    reading = muster.done(
        *("token", "add", "hr", "--scope", "users:read", "--scope", "groups:read"),
        *("--expires", "90d", "--rate", "5", "--json"),
    ).data
    listed = muster.done("token", "list", "hr", "--json").data
    table = muster.done("token", "list", "hr").out
    told = muster.done("token", "add", "hr", "--scope", "groups:read").out

    assert [("2099-01-01T00:00:00Z", None), (reading["expires_at"], 5)] == [
        (one["expires_at"], one["requests_per_second"]) for one in listed
    ]
    assert ["groups:read", "users:read"] == reading["scopes"] == listed[1]["scopes"]
    assert 4 == len(listed[0]["scopes"])
    assert (listed[1]["id"], None) == (reading["id"], reading["person"])
    assert everything["base_url"] == reading["base_url"]
    assert "users:read" in table
    assert "may groups:read. It is not shown again." in told


def test_a_token_is_rotated(muster: Terminal) -> None:
    """A new token is shown once, and the old one ends after the overlap, in words and as JSON."""
    first = muster.done("source", "add", "scim", "hr", "--json").data
    told = muster.done("token", "rotate", "hr", "--overlap", "2h").out
    again = muster.done("token", "rotate", "hr", "--overlap", "0s", "--expires", "1d", "--json").data
    listed = muster.done("token", "list", "hr", "--json").data
    revoked = muster.done("token", "revoke", again["id"], "--json").data

    assert first["token"][:10] in told
    assert first["base_url"] in told
    assert [one["id"] for one in listed[:2]] == again["replaces"]
    assert [again["replaced_end_at"]] * 2 == [one["expires_at"] for one in listed[:2]]
    assert again["expires_at"] == listed[2]["expires_at"] > again["replaced_end_at"]
    assert {"id": again["id"], "revoked": True} == revoked


def test_a_person_gets_a_token_of_their_own(muster: Terminal) -> None:
    """It is of somebody the source brought, and only reads them unless more is asked for."""
    muster.done("source", "add", "scim", "idp")
    muster.done("import", muster.staff("ana"), "--source", "hr")
    stranger = muster("token", "add", "idp", "--person", "ana")
    nobody = muster("token", "add", "idp", "--person", "zoe")

    assert [4, 4] == [stranger.code, nobody.code]
    assert "MUSTER-TOKEN-PERSON" in stranger.err
    assert "MUSTER-PERSON-UNKNOWN" in nobody.err


@pytest.mark.parametrize("form", ["plain", "@file", "$NAME"])
def test_a_token_is_given_in_three_ways(muster: Terminal, form: str) -> None:
    """As it is, from a file, or from a variable: it is the same token, and it is shown nowhere."""
    path = muster.folder / "token"
    path.write_text(TOKEN + "\n", encoding="utf-8")
    muster.monkeypatch.setenv("CHAT_TOKEN", TOKEN)
    given = {"plain": TOKEN, "@file": f"@{path}", "$NAME": "$CHAT_TOKEN"}[form]
    first = muster.done("app", "add", "scim", "chat", "--url", NOWHERE, "--token", given)
    second = muster.done("app", "add", "scim", "chat", "--url", NOWHERE, "--token", TOKEN)

    assert [1] == [one["version"] for one in muster.done("app", "list", "--json").data]
    assert TOKEN not in first.out + first.err + second.out + second.err


def test_a_secret_is_shown_nowhere(muster: Terminal) -> None:
    """Not by any command, in a table or as JSON, and not in any byte of the database."""
    muster.monkeypatch.setenv("MUSTER_LOG_LEVEL", "debug")
    muster.done("import", muster.staff("ana"))
    said = [muster("app", "add", "scim", "chat", "--url", NOWHERE, "--token", TOKEN, "--everyone")]
    for words in (
        *(("app", "list"), ("rule", "list"), ("source", "list"), ("log",), ("doctor",), ("plan",)),
        *(("explain", "ana"), ("sync", "--wait", "0.3"), ("out", "ana", "--wait", "0.3")),
    ):
        said += [muster(*words), muster(*words, "--json")]
    said.append(muster("app", "add", "scim", "chat", "--url", "nonsense", "--token", TOKEN))
    kept = [file for file in (muster.folder / "home").iterdir() if file.name.startswith("muster.db")]

    assert all(TOKEN not in one.out + one.err for one in said)
    assert kept
    assert all(TOKEN.encode() not in file.read_bytes() for file in kept)


def test_every_result_as_json(muster: Terminal) -> None:
    """``--json`` prints one document on standard output and nothing else anywhere."""
    (muster.folder / "muster.yaml").write_text("apps: {}\n", encoding="utf-8")
    told = {
        "add": muster.add_studio("--json"),
        "import": muster("import", muster.staff("ana"), "--json"),
        "again": muster("import", muster.people, "--dry-run", "--json"),
        "plan": muster("plan", "--json"),
        "sync": muster("sync", "--json"),
        "provision": muster("provision", "ana", "--json"),
        "explain": muster("explain", "ana", "--json"),
        "apps": muster("app", "list", "--json"),
        "rules": muster("rule", "list", "--json"),
        "source": muster("source", "add", "scim", "entra", "--json"),
        "sources": muster("source", "list", "--json"),
        "token": muster("token", "add", "entra", "--json"),
        "tokens": muster("token", "list", "entra", "--json"),
        "rotated": muster("token", "rotate", "entra", "--json"),
        "apply": muster("config", "apply", str(muster.folder / "muster.yaml"), "--json"),
        "out": muster("out", "ana", "--json"),
        "log": muster("log", "--json"),
        "doctor": muster("doctor", "--json"),
    }

    assert {"plan": 2} == {name: one.code for name, one in told.items() if one.code}
    assert all(isinstance(one.data, dict | list) for one in told.values())
    assert {""} == {one.err for one in told.values()}


def test_a_configuration_is_applied(muster: Terminal) -> None:
    """A file makes apps and rules, with secrets from the environment; one that cannot be is refused whole."""
    file = muster.folder / "muster.yaml"
    text = (
        'apps: {chat: {connector: scim, settings: {url: "URL", token: "${CHAT_TOKEN}"}}}\n'
        "rules: [{name: all, app: chat, when: everyone}]\n"
    )
    file.write_text(text.replace("URL", NOWHERE), encoding="utf-8")
    unset = muster("config", "apply", str(file))
    muster.monkeypatch.setenv("CHAT_TOKEN", TOKEN)
    applied = muster.done("config", "apply", str(file))
    missing = muster("config", "apply", str(file) + ".not")

    assert "Apps: chat. Rules: all." in applied.out
    assert [4, 4] == [unset.code, missing.code]
    assert "CHAT_TOKEN" in unset.err
    assert "MUSTER-CONFIGURATION" in missing.err


def test_the_doctor_says_what_mends_it(muster: Terminal) -> None:
    """Well: 0. Work that nobody does: 1, with the command that does it."""
    well = muster.done("doctor")
    muster.add_studio()
    muster.done("import", muster.staff("ana"))
    ill = muster("doctor")

    assert "no source yet" in well.out
    assert ill.code == 1
    assert "MUSTER-NO-WORKER" in ill.out


def test_a_table_too_wide_for_the_terminal_is_a_list(muster: Terminal) -> None:
    """In eighty columns the log is told record by record, with every value whole on its line."""
    muster.add_studio()
    muster.done("import", muster.staff("ana"))
    muster.done("sync")
    muster.monkeypatch.setattr(showing.out, "width", 80)
    narrow = muster.done("log", "--action", "account:create").out

    assert max(len(line) for line in narrow.splitlines()) <= 80
    assert "Action    account:create" in narrow
    assert "Result    done" in narrow


def test_what_can_be_copied_is_whole(muster: Terminal) -> None:
    """However narrow the terminal, Muster breaks no line that holds an address, a token or a command."""
    muster.monkeypatch.setattr(showing.out, "width", 40)
    muster.monkeypatch.setattr(showing.err, "width", 40)
    added = muster.done("source", "add", "scim", "entra").out.splitlines()
    missing = muster("import", "/a/long/way/to/a/folder/that/is/not/there/people.csv").err.splitlines()

    assert any(line.startswith("  token ") and len(line) > 40 for line in added)
    assert "  The file cannot be read (/a/long/way/to/a/folder/that/is/not/there/people.csv)" in missing
