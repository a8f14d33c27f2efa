"""A person at a web application: opens a page, fills in a form, presses a button."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final

import aiohttp

Typed = str | tuple[str, ...]  # several where a list lets choose several


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One form of a page as it opens: its fields, what stands in them, and its buttons."""

    fields: frozenset[str]
    filled: Mapping[str, tuple[str, ...]]
    choices: Mapping[str, Mapping[str, str]]  # of each list: the value by what a person reads
    buttons: Mapping[str, str]  # the name by the value; a button may have neither


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the application shows: where, what a person reads, and the forms."""

    url: str
    text: str
    forms: tuple[Form, ...]

    def form_with(self, button: str) -> Form:
        """The form that has the button of this value."""
        for form in self.forms:
            if button in form.buttons:
                return form
        raise AssertionError(f"{self.url} has no button {button!r}: {[form.buttons for form in self.forms]}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """One person's browser, with the cookies it was given."""

    session: aiohttp.ClientSession

    async def open(self, url: str) -> Page:
        """The page at the address."""
        async with self.session.get(url) as answer:
            return await _page(answer)

    async def press(self, page: Page, button: str, /, **typed: Typed) -> Page:
        """The page that comes after the button, with these fields of its form filled in anew."""
        form = page.form_with(button)
        if unknown := typed.keys() - form.fields:
            raise AssertionError(f"{page.url} does not ask for {sorted(unknown)}: {sorted(form.fields)}")
        sent = aiohttp.FormData()
        for name, value in {**form.filled, **typed}.items():
            for one in (value,) if isinstance(value, str) else value:
                sent.add_field(name, one)
        if form.buttons[button]:
            sent.add_field(form.buttons[button], button)
        async with self.session.post(page.url, data=sent, headers={"Referer": page.url}) as answer:
            return await _page(answer)


@asynccontextmanager
async def browsing() -> AsyncGenerator[Browser]:
    """A browser without any cookies."""
    jar = aiohttp.CookieJar(unsafe=True)  # the applications of tests are at an address, not at a name
    async with aiohttp.ClientSession(cookie_jar=jar) as session:
        yield Browser(session=session)


async def _page(answer: aiohttp.ClientResponse) -> Page:
    reader = _Reader()
    reader.feed(await answer.text())
    text = " ".join(reader.words)
    if not answer.ok:
        raise AssertionError(f"{answer.status} at {answer.url}: {text}")
    return Page(url=str(answer.url), text=text, forms=tuple(draft.form() for draft in reader.drafts))


@dataclass(slots=True)
class _Draft:
    """A form while it is read."""

    fields: set[str] = field(default_factory=set[str])
    filled: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    choices: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    buttons: dict[str, str] = field(default_factory=dict[str, str])

    def form(self) -> Form:
        filled = {name: tuple(values) for name, values in self.filled.items()}
        return Form(fields=frozenset(self.fields), filled=filled, choices=self.choices, buttons=self.buttons)

    def fill(self, name: str, value: str) -> None:
        self.filled.setdefault(name, []).append(value)


_NO_FIELD: Final = frozenset({"submit", "button", "file", "reset", "image"})
_TICKED: Final = frozenset({"checkbox", "radio"})


class _Reader(HTMLParser):
    """Collects the forms of a page and its words; the values are those a browser would send."""

    def __init__(self) -> None:
        super().__init__()
        self.drafts: list[_Draft] = []
        self.words: list[str] = []
        self._form: _Draft | None = None
        self._list = ""
        self._option: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self._form = _Draft()
            self.drafts.append(self._form)
        if self._form is None:
            return
        name, value, kind = given.get("name") or "", given.get("value") or "", given.get("type")
        match tag:
            case "button" if kind in {None, "submit"}:
                self._form.buttons[value] = name
            case "input" if name and kind not in _NO_FIELD:
                self._form.fields.add(name)
                if kind not in _TICKED or "checked" in given:
                    self._form.fill(name, value)
            case "select":
                self._list = name
                self._form.fields.add(name)
            case "option" if self._list:
                self._option = value
                if "selected" in given:
                    self._form.fill(self._list, value)
            case _:
                pass

    def handle_data(self, data: str) -> None:
        self.words.extend(data.split())
        if self._form is not None and self._option is not None and data.strip():
            self._form.choices.setdefault(self._list, {})[data.strip()] = self._option

    def handle_endtag(self, tag: str) -> None:
        match tag:
            case "form":
                self._form = None
            case "select":
                self._list = ""
            case "option":
                self._option = None
            case _:
                pass
