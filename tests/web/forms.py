"""The forms that stand in a page, as a browser would send them."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from django.urls import resolve

CSRF = "csrfmiddlewaretoken"
TYPED = frozenset({"text", "search", "email", "tel", "url", "password", "textarea", "number", "date", "time"})


@dataclass(frozen=True)
class Input:
    """One control: its name, what it is ("text", "select", "hidden", "submit" ...) and what it would send now."""

    name: str
    kind: str
    value: str


@dataclass(frozen=True)
class PageForm:
    """A form with the button that sends it. page: where it stands; action: where it is sent, path with query."""

    page: str
    method: str
    action: str
    inputs: tuple[Input, ...]
    file: str = ""
    """The name of the field that takes a file."""

    @cached_property
    def name(self) -> str:
        """The name of the address in the URL configuration."""
        return resolve(urlsplit(self.action).path).view_name

    def data(self) -> dict[str, list[str]]:
        """What is sent when nothing is touched."""
        sent: dict[str, list[str]] = {}
        for each in self.inputs:
            sent.setdefault(each.name, []).append(each.value)
        return sent

    def typed(self) -> list[str]:
        """The names of what people type themselves."""
        return list(dict.fromkeys(each.name for each in self.inputs if each.kind in TYPED))

    def names(self) -> list[str]:
        """Everything but the button, which decides what is asked for."""
        return list(dict.fromkeys(each.name for each in self.inputs if each.kind != "submit"))

    def button(self) -> tuple[str, str]:
        found = [(each.name, each.value.partition("-")[0]) for each in self.inputs if each.kind == "submit"]
        return found[0] if found else ("", "")


@dataclass
class _Open:
    method: str
    action: str
    inputs: list[Input] = field(default_factory=list)
    buttons: list[Input] = field(default_factory=list)
    file: str = ""


class _Reader(HTMLParser):
    def __init__(self, address: str) -> None:
        super().__init__(convert_charrefs=True)
        self.address, self.forms = address, list[_Open]()
        self.form: _Open | None = None
        self.textarea: Input | None = None
        self.select = ""
        self.options: list[tuple[str, bool]] = []
        self.by_id: dict[str, _Open] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.form = _Open(found.get("method", "get").lower(), urljoin(self.address, found.get("action", "")))
            self.forms.append(self.form)
            if "id" in found:
                self.by_id[found["id"]] = self.form
        elif tag == "option" and self.select:
            self.options.append((found.get("value", ""), "selected" in found))
        elif tag in {"input", "button", "textarea", "select"} and "disabled" not in found:
            self._control(tag, found)

    def _control(self, tag: str, found: dict[str, str]) -> None:
        form = self.by_id.get(found["form"]) if "form" in found else self.form
        name, value = found.get("name", ""), found.get("value", "")
        kind = found.get("type", "submit" if tag == "button" else "text") if tag in {"input", "button"} else tag
        if form is None:
            return
        if kind == "submit":
            form.buttons.append(Input(name, "submit", value))
        elif name and kind == "file":
            form.file = name
        elif name and tag == "textarea":
            self.textarea = Input(name, "textarea", "")
        elif name and tag == "select":
            self.select, self.options = name, []
        elif name and name != CSRF and kind not in {"button", "reset"}:
            is_box = kind in {"checkbox", "radio"}
            if not is_box or "checked" in found or not any(each.name == name for each in form.inputs):
                form.inputs.append(Input(name, kind, value or ("on" if is_box else "")))

    def handle_data(self, data: str) -> None:
        if self.textarea is not None:
            self.textarea = replace(self.textarea, value=self.textarea.value + data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.form = None
        elif tag == "textarea" and self.textarea is not None:
            if self.form is not None:
                self.form.inputs.append(replace(self.textarea, value=self.textarea.value.removeprefix("\n")))
            self.textarea = None
        elif tag == "select" and self.select:
            chosen = [value for value, is_chosen in self.options if is_chosen] or [v for v, _c in self.options[:1]]
            if self.form is not None:
                self.form.inputs += [Input(self.select, "select", value) for value in chosen]
            self.select = ""


def read_forms(address: str, page: str) -> Iterator[PageForm]:
    """Each form of the page once for every button in it."""
    reader = _Reader(address)
    reader.feed(page)
    for form in reader.forms:
        for button in form.buttons or [Input("", "submit", "")]:
            inputs = (*form.inputs, button) if button.name else tuple(form.inputs)
            yield PageForm(address, form.method, form.action, inputs, form.file)
