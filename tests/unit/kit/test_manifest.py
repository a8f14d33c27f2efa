"""What a manifest may say, and what is refused with the place that is wrong."""

import sys
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.kit import manifest
from muster.kit.contract import Power
from muster.kit.manifest import (
    AttributeManifest,
    AttributeType,
    CallLimits,
    Case,
    ErrorRule,
    KindManifest,
    Manifest,
    Mutable,
)
from muster.kit.settings import Setting, SettingType
from muster.model import ACCOUNT, BadInput, Conflict, Constant, Copied, Kind, RateLimited, Secret

WHOLE = """
    id: demo
    name: Demo application
    settings:
      url: {type: url, help: Address of the service}
      token: {type: secret}
      page: {type: number, default: "50"}
      note: {type: text, required: false}
    kinds:
      account:
        anchor: id
        attributes:
          userName: {case: ignore, mutable: once, required: true}
          title: {}
          admin: {type: flag}
          level: {type: number}
          tags: {type: list}
        match_on: [userName]
        mapping:
          userName: userName
          title: title
          admin: {constant: false}
          level: {constant: 3}
          tags: {constant: [a, b]}
        unique: [userName]
      group: {anchor: gid, attributes: {displayName: {}}, external_id: false}
    powers: [disable, members]
    limits: {page: 7, concurrency: 2, timeout_seconds: 1.5, max_bytes: 1000, members_per_call: 9}
    errors:
      - {status: 403, body: rate limit, is: RateLimited}
      - {status: 409, is: Conflict}
"""

SMALL = """
    id: demo
    name: Demo application
    kinds: {account: {anchor: id, attributes: {userName: {}}}}
"""


def load(text: str) -> Manifest:
    """Read a manifest written with indentation."""
    return manifest.load(dedent(text))


def test_a_whole_manifest_becomes_values() -> None:
    """Everything a manifest can say arrives as typed, frozen values."""
    expected = Manifest(
        id="demo",
        name="Demo application",
        settings={
            "url": Setting(type=SettingType.URL, help="Address of the service"),
            "token": Setting(type=SettingType.SECRET),
            "page": Setting(type=SettingType.NUMBER, required=False, default="50"),
            "note": Setting(type=SettingType.TEXT, required=False),
        },
        kinds={
            ACCOUNT: KindManifest(
                anchor="id",
                attributes={
                    "userName": AttributeManifest(case=Case.IGNORE, mutable=Mutable.ONCE, required=True),
                    "title": AttributeManifest(),
                    "admin": AttributeManifest(type=AttributeType.FLAG),
                    "level": AttributeManifest(type=AttributeType.NUMBER),
                    "tags": AttributeManifest(type=AttributeType.LIST),
                },
                match_on=("userName",),
                mapping={
                    "userName": Copied(attribute="userName"),
                    "title": Copied(attribute="title"),
                    "admin": Constant(value=False),
                    "level": Constant(value=3),
                    "tags": Constant(value=("a", "b")),
                },
                unique=("userName",),
            ),
            Kind("group"): KindManifest(
                anchor="gid", attributes={"displayName": AttributeManifest()}, external_id=False
            ),
        },
        powers=frozenset({Power.DISABLE, Power.MEMBERS}),
        limits=CallLimits(page=7, concurrency=2, timeout_seconds=1.5, max_bytes=1000, members_per_call=9),
        errors=(
            ErrorRule(status=403, body="rate limit", error=RateLimited),
            ErrorRule(status=409, error=Conflict),
        ),
    )

    assert expected == load(WHOLE)


OTHERS = SMALL.replace("attributes: {userName: {}}", 'attributes: {userName: {}}, others: "x-[a-z]+"')


def test_further_attributes_are_those_that_are_mapped() -> None:
    """A kind that takes more than it lists takes what has the form it says, and nothing else."""
    open_, closed = load(OTHERS), load(SMALL)
    names = ["userName", "x-team", "x-", "team"]
    mapped = manifest.with_mapped(open_, ACCOUNT, names)

    assert dict.fromkeys(["userName", "x-team"], AttributeManifest()) == mapped.kinds[ACCOUNT].attributes
    assert "x-[a-z]+" == mapped.kinds[ACCOUNT].others
    assert open_ == manifest.with_mapped(open_, ACCOUNT, ["userName"])
    assert closed == manifest.with_mapped(closed, ACCOUNT, names)


def test_a_small_manifest_has_defaults() -> None:
    """Only id, name and one kind must be said; the rest has safe defaults."""
    small = load(SMALL)

    assert {} == small.settings
    assert frozenset() == small.powers
    assert CallLimits() == small.limits
    assert () == small.errors
    assert small.kinds[ACCOUNT].external_id


@pytest.mark.parametrize(
    ("old", "new", "where", "why"),
    [
        ("name: Demo application", "nam: Demo", "nam", "not known"),
        ("name: Demo application", "", "top level", "'name' is missing"),
        ("id: demo", "id: Not An Id", "id", "expected form"),
        ("type: url,", "type: uri,", "settings.url.type", "'uri' is not known"),
        ("{type: secret}", "{type: secret, default: x}", "settings.token.default", "cannot have a default"),
        ('default: "50"', 'required: true, default: "50"', "settings.page", "cannot have a default"),
        ('default: "50"', "default: 50", "settings.page.default", "a text"),
        ("title: {}", "title: {colour: red}", "kinds.account.attributes.title.colour", "not known"),
        ("title: {}", "title: {required: 1}", "kinds.account.attributes.title.required", "true or false"),
        ("title: {}", "externalId: {}", "kinds.account.attributes", "not listed as an attribute"),
        ("match_on: [userName]", "match_on: [mail]", "kinds.account.match_on.0", "not an attribute"),
        ("match_on: [userName]", "match_on: userName", "kinds.account.match_on", "a list"),
        ("title: title", "mail: mail", "kinds.account.mapping.mail", "not an attribute"),
        ("constant: false", "constant: no", "kinds.account.mapping.admin.constant", "true or false"),
        ("constant: 3", "constant: .nan", "kinds.account.mapping.level.constant", "a number"),
        ("unique: [userName]", "unique: [mail]", "kinds.account.unique.0", "not an attribute"),
        ("unique: [userName]", "others: '['", "kinds.account.others", "no regular expression"),
        ("powers: [disable, members]", "powers: [fly]", "powers.0", "'fly' is not known"),
        ("page: 7,", "page: 0,", "limits.page", "at least 1"),
        ("page: 7,", "page: true,", "limits.page", "at least 1"),
        ("timeout_seconds: 1.5", "timeout_seconds: 0", "limits.timeout_seconds", "above 0"),
        ("is: Conflict", "is: BadInput", "errors.1.is", "no error of a target"),
        ("is: Conflict", "is: Nonsense", "errors.1.is", "no error of a target"),
        ("status: 409", "status: many", "errors.1.status", "a whole number"),
        ("id: demo", "id: demo\n    id: again", "line 3", "not plain YAML"),
        ("id: demo", "id: !!python/name:os.system demo", "line 2", "not plain YAML"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(old: str, new: str, where: str, why: str) -> None:
    """A wrong word anywhere is refused, and the problem says where it stands and why it is wrong."""
    text = WHOLE.replace(old, new, 1)

    with pytest.raises(BadInput) as caught:
        load(text)

    assert "MUSTER-MANIFEST" == caught.value.problem.code
    assert where == caught.value.problem.where
    assert why in caught.value.problem.why
    assert caught.value.problem.next_step


def test_a_constant_has_the_type_of_its_attribute() -> None:
    """The same value for everybody is a text where the attribute is one."""
    kind = load(WHOLE.replace("title: title", "title: {constant: Staff}")).kinds[ACCOUNT]

    assert Constant(value="Staff") == kind.mapping["title"]


def test_members_need_groups() -> None:
    """The power members without a kind group is refused."""
    with pytest.raises(BadInput, match="needs a kind group"):
        load(SMALL + "    powers: [members]\n")


@given(st.text(max_size=60))
def test_any_text_is_a_manifest_or_bad_input(text: str) -> None:
    """No text makes the reader fail in any other way than ``BadInput``."""
    with pytest.raises(BadInput):
        manifest.load(text)


@pytest.mark.parametrize(
    "text", ["2001-99-99", "[" * 500, "? {a: b}\n: c", "<<: 3", "&a [*a]", "0o9", ".inf: 1"]
)
def test_odd_yaml_is_bad_input(text: str) -> None:
    """Texts that upset YAML readers in their own ways are refused like any other."""
    with pytest.raises(BadInput):
        manifest.load(text)


def test_the_manifest_beside_a_package_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``of`` reads the file that lies beside a package's module."""
    package = tmp_path / "a_connector"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "manifest.yaml").write_text(dedent(SMALL))
    monkeypatch.syspath_prepend(str(tmp_path))
    __import__("a_connector")

    assert "demo" == manifest.of(sys.modules["a_connector"]).id


def test_a_package_without_a_manifest_says_so() -> None:
    """A package without the file is bad input that names the package."""
    with pytest.raises(BadInput, match=r"muster\.kit has no readable manifest\.yaml"):
        manifest.of(sys.modules["muster.kit"])


@pytest.mark.parametrize(
    ("case", "one", "other", "same"),
    [
        (Case.EXACT, "Ada", "ada", False),
        (Case.IGNORE, "Straße", "STRASSE", True),
        (Case.IGNORE, ("b", "A"), ("a", "B"), True),
        (Case.EXACT, ("b", "a"), ("a", "b"), True),
        (Case.EXACT, True, 1, False),
        (Case.EXACT, 1, 1.0, True),
        (Case.EXACT, None, "", False),
    ],
)
def test_sameness_is_as_declared(case: Case, one: object, other: object, same: bool) -> None:
    """Values are compared with the letter case the manifest declares, lists without order."""
    assert same == AttributeManifest(case=case).same(one, other)  # type: ignore[arg-type]


GIVEN = {"url": "https://app.example.org/scim", "token": "t0p-s3cret"}


def test_complete_settings_pass() -> None:
    """Required settings alone are enough, secret as text or sealed."""
    manifest.check_settings(load(WHOLE), GIVEN)
    manifest.check_settings(load(WHOLE), {**GIVEN, "token": Secret("t0p"), "page": "1e2", "note": "x"})


@pytest.mark.parametrize(
    ("change", "name", "why"),
    [
        ({"url": None}, "url", "required and missing"),
        ({"colour": "red"}, "colour", "no such setting"),
        ({"url": "app.example.org"}, "url", "not a URL"),
        ({"url": "https://"}, "url", "not a URL"),
        ({"url": "https://a:b:c/x"}, "url", "not a URL"),
        ({"url": "https://app example.org"}, "url", "a space"),
        ({"url": "https://me:hush@app.example.org"}, "url", "a password"),
        ({"page": "many"}, "page", "not a number"),
        ({"page": "nan"}, "page", "not a number"),
        ({"token": " "}, "token", "empty"),
        ({"note": "a\0b"}, "note", "NUL"),
    ],
)
def test_a_wrong_setting_is_named_and_not_shown(change: dict[str, str | None], name: str, why: str) -> None:
    """The problem names the setting and the reason, never a value."""
    given = {key: value for key, value in {**GIVEN, **change}.items() if value is not None}

    with pytest.raises(BadInput) as caught:
        manifest.check_settings(load(WHOLE), given)

    assert "MUSTER-SETTING" == caught.value.problem.code
    assert f"settings.{name}" == caught.value.problem.where
    assert why in caught.value.problem.why
    assert "hush" not in str(caught.value)
    assert "t0p" not in str(caught.value)


def test_flags_are_true_or_false() -> None:
    """A flag given as anything else is refused."""
    declared = load(SMALL + "    settings: {strict: {type: flag, required: false}}\n")
    manifest.check_settings(declared, {"strict": "true"})

    with pytest.raises(BadInput, match="neither true nor false"):
        manifest.check_settings(declared, {"strict": "yes"})


def test_defaults_fill_in_what_is_not_given() -> None:
    """A default holds where nothing is given and yields to what is."""
    assert {**GIVEN, "page": "50"} == manifest.with_defaults(load(WHOLE), GIVEN)
    assert {**GIVEN, "page": "9"} == manifest.with_defaults(load(WHOLE), {**GIVEN, "page": "9"})


def test_error_rules_apply_by_status_and_text() -> None:
    """A rule speaks of one status, and of one text where it names one."""
    rule = ErrorRule(status=403, body="rate limit", error=RateLimited)

    assert rule.applies(403, "the rate limit is reached")
    assert not rule.applies(403, "no")
    assert not rule.applies(429, "rate limit")
    assert ErrorRule(status=409, error=Conflict).applies(409, "")
