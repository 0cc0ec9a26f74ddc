"""What a person's browser makes of a page: its words, its links, and its forms with what stands in them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from backend.ops.walkthrough.timeline import NotSeenError

# Elements whose words nobody sees.
UNSEEN = {"script", "style", "template", "head"}
EVERYWHERE = ("/sprak/", "/konto/logout/")
CAUGHT = {"a", "option", "button", "label", "textarea"}
VOID = {"input", "br", "img", "hr", "meta", "link", "source", "wbr", "col"}


@dataclass(frozen=True)
class File:
    """What is chosen in a file field."""

    name: str
    content: bytes
    kind: str = "text/csv"


@dataclass
class Choice:
    """One option of a list, a radio button or a checkbox."""

    value: str
    text: str
    chosen: bool


@dataclass
class Control:
    """A field as it stands on the page. kind: text, hidden, checkbox, radio, select, file, ..."""

    name: str
    kind: str
    value: str = ""
    several: bool = False
    choices: list[Choice] = field(default_factory=list)


@dataclass
class Form:
    """page: the address it stands on. buttons: (name, value, text) of those that send it."""

    page: str
    action: str
    method: str
    controls: dict[str, Control] = field(default_factory=dict)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def path(self) -> str:
        return urlsplit(self.action).path

    def filled(self, values: Mapping[str, object], press: str) -> tuple[list[tuple[str, str]], dict[str, File]]:
        """What a browser would send: what stands there already, changed by `values`.

        A choice is named by its value or by the beginning of its words. press: a button's value, name or words; the first
        button when empty. Raises NotSeenError for a field, a choice or a button that is not there.
        """
        data: list[tuple[str, str]] = []
        files: dict[str, File] = {}
        if unknown := set(values) - set(self.controls):
            there = sorted(name for name, each in self.controls.items() if each.kind != "hidden")
            raise NotSeenError(f"the form on {self.page} has no field {', '.join(sorted(unknown))}; it has {there}")
        for name, control in self.controls.items():
            given = values.get(name)
            if isinstance(given, File):
                files[name] = given
            elif name in values:
                data += [(name, value) for value in self._given(control, given)]
            elif control.choices:
                data += [(name, choice.value) for choice in control.choices if choice.chosen]
            elif control.kind != "file":
                data.append((name, control.value))
        name, value = self._button(press)
        if name:
            data.append((name, value))
        return data, files

    def _given(self, control: Control, given: object) -> list[str]:
        if not control.choices:
            return [str(given)]
        if given is True or given is False or given is None:
            return [choice.value for choice in control.choices] if given else []
        wanted = [str(each) for each in given] if isinstance(given, list | tuple) else [str(given)]
        return [self._choice(control, each) for each in wanted]

    def _choice(self, control: Control, wanted: str) -> str:
        for choice in control.choices:
            if choice.value == wanted:
                return choice.value
        for choice in control.choices:
            if choice.text.casefold().startswith(wanted.casefold()) and wanted:
                return choice.value
        there = [choice.text or choice.value for choice in control.choices][:12]
        raise NotSeenError(f"{control.name} on {self.page} offers no {wanted!r}, but {there}")

    def has_button(self, press: str) -> bool:
        return any(press in button[:2] or button[2].casefold().startswith(press.casefold()) for button in self.buttons)

    def _button(self, press: str) -> tuple[str, str]:
        if not press:
            return self.buttons[0][:2] if self.buttons else ("", "")
        for name, value, text in self.buttons:
            if press in {name, value} or text.casefold().startswith(press.casefold()):
                return name, value
        raise NotSeenError(
            f"there is no button {press!r} on {self.page}, but {[text for *_rest, text in self.buttons]}"
        )


@dataclass
class Page:
    """text: what one reads, with single spaces. errors: what stands beside fields and above forms."""

    url: str
    status: int
    text: str
    links: list[tuple[str, str]]
    forms: list[Form]
    errors: list[str]

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    def shows(self, *words: str) -> bool:
        return all(" ".join(each.split()) in self.text for each in words)

    def must_show(self, *words: str) -> "Page":
        """Itself. Raises NotSeenError for words that are not there."""
        for each in words:
            if not self.shows(each):
                raise NotSeenError(f"{self.path} does not show {each!r} but: {self.text[:600]}")
        return self

    def link(self, wanted: str) -> str:
        """The address of the first link whose words or address contain `wanted`. Raises NotSeenError."""
        for text, href in self.links:
            if wanted in text or wanted in href:
                return href
        raise NotSeenError(f"there is no link {wanted!r} on {self.path}, but {self.links[:40]}")

    def numbered(self, prefix: str) -> str:
        """The address of this page or of its first link that is `prefix` and a number. Raises NotSeenError."""
        for href in self.all_numbered(prefix):
            return href
        raise NotSeenError(f"{self.path} has no link below {prefix}, but {self.links[:60]}")

    def all_numbered(self, prefix: str) -> list[str]:
        """The same for all of them."""
        addresses = [self.url, *(href for _text, href in self.links)]
        return [each for each in addresses if re.fullmatch(re.escape(prefix) + r"\d+/", urlsplit(each).path)]

    def form(self, *names: str, action: str = "", press: str = "") -> Form:
        """The first form with these fields and this button that is sent to an address containing `action`.

        The forms that stand on every page are taken only when they are named. Raises NotSeenError.
        """
        own = [each for each in self.forms if action or not each.path.startswith(EVERYWHERE)]
        for each in own:
            if set(names) <= set(each.controls) and action in each.path and (not press or each.has_button(press)):
                return each
        there = [(each.path, sorted(each.controls), [button[2] for button in each.buttons]) for each in own]
        raise NotSeenError(f"{self.path} has no form with {names} to {action!r} with {press!r}, but {there}")


def read_page(url: str, status: int, html: str) -> Page:
    reader = _Reader(url)
    reader.feed(html)
    reader.close()
    return reader.page(status)


class _Reader(HTMLParser):
    """Reads words, links and forms. Fields outside a form belong to the one they name by `form=`."""

    def __init__(self, url: str) -> None:
        super().__init__(convert_charrefs=True)
        self.url = url
        self.words: list[str] = []
        self.links: list[tuple[str, str]] = []
        self.forms: list[Form] = []
        self.by_id: dict[str, Form] = {}
        self.errors: list[str] = []
        self.form: Form | None = None
        self.hidden = 0
        self.catching: list[tuple[str, int, list[str], dict[str, str]]] = []
        self.labels: dict[str, str] = {}
        self.select: Control | None = None
        self.waiting: list[tuple[str, dict[str, str], str]] = []
        self.unlabelled: list[tuple[Choice, str]] = []
        self.open_label: list[Choice] = []

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        at = {name: value if value is not None else name for name, value in attrs}
        if tag in UNSEEN:
            self.hidden += 1
        elif tag == "form":
            self.form = Form(self.url, urljoin(self.url, at.get("action") or self.url), at.get("method", "get").lower())
            self.forms.append(self.form)
            if at.get("id"):
                self.by_id[at["id"]] = self.form
        elif tag == "input":
            self._input(at)
        elif tag == "select" and at.get("name"):
            self.select = Control(at["name"], "select", several="multiple" in at)
            self._keep(self.select, at)
        elif tag == "textarea" and at.get("name"):
            control = Control(at["name"], "text")
            self._keep(control, at)
            self._catch(tag, at)
        elif tag in CAUGHT:
            self._catch(tag, at)
        if "err" in at.get("class", "").split() or "errors" in at.get("class", "").split():
            self._catch(tag, at | {"_is_error": "yes"})
        elif self.catching and self.catching[-1][0] == tag and tag not in VOID | CAUGHT:
            last = self.catching[-1]
            self.catching[-1] = (last[0], last[1] + 1, last[2], last[3])

    def handle_data(self, data: str) -> None:
        if self.hidden:
            return
        self.words.append(data)
        for _tag, _depth, words, _at in self.catching:
            words.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in UNSEEN:
            self.hidden = max(0, self.hidden - 1)
        elif tag == "form":
            self.form = None
        elif tag == "select":
            self.select = None
        for index in range(len(self.catching) - 1, -1, -1):
            name, depth, words, at = self.catching[index]
            if name != tag:
                continue
            if depth > 0:
                self.catching[index] = (name, depth - 1, words, at)
            else:
                del self.catching[index]
                self._caught(tag, _joined(words), "".join(words), at)
            return

    def _catch(self, tag: str, at: dict[str, str]) -> None:
        # A label is nested in nothing of its kind; a new one ends the last.
        self.catching.append((tag, 0, [], at))
        if tag == "label":
            self.open_label = []

    def _caught(self, tag: str, text: str, raw: str, at: dict[str, str]) -> None:
        if "_is_error" in at:
            if text:
                self.errors.append(text)
        elif tag == "a" and at.get("href"):
            self.links.append((text, urljoin(self.url, at["href"])))
        elif tag == "option" and self.select is not None:
            choice = Choice(at.get("value", text), text, "selected" in at)
            self.select.choices.append(choice)
        elif tag == "button" and at.get("type", "submit") == "submit":
            self._button(at, text)
        elif tag == "label":
            self._label(at, text)
        elif tag == "textarea" and (form := self._form_of(at)) is not None:
            form.controls[at["name"]].value = raw.removeprefix("\n")

    def _button(self, at: dict[str, str], text: str) -> None:
        form = self._form_of(at)
        if form is not None:
            form.buttons.append((at.get("name", ""), at.get("value", ""), text))
        elif at.get("form"):
            self.waiting.append((at["form"], at, text))

    def _label(self, at: dict[str, str], text: str) -> None:
        for choice in self.open_label:
            choice.text = text
        self.open_label = []
        if at.get("for"):
            self.labels[at["for"]] = text

    def _form_of(self, at: dict[str, str]) -> Form | None:
        return self.by_id.get(at["form"]) if at.get("form") else self.form

    def _input(self, at: dict[str, str]) -> None:
        name, kind = at.get("name", ""), at.get("type", "text").lower()
        if kind in {"submit", "image"}:
            form = self._form_of(at)
            if form is not None:
                form.buttons.append((name, at.get("value", ""), at.get("value", "")))
            return
        if not name or kind in {"button", "reset"} or "disabled" in at:
            return
        if kind not in {"checkbox", "radio"}:
            self._keep(Control(name, kind, at.get("value", "")), at)
            return
        form = self._form_of(at)
        if form is None:
            return
        control = form.controls.setdefault(name, Control(name, kind, several=kind == "checkbox"))
        choice = Choice(at.get("value", "on"), "", "checked" in at)
        control.choices.append(choice)
        if any(tag == "label" for tag, *_rest in self.catching):
            self.open_label.append(choice)
        elif at.get("id"):
            self.unlabelled.append((choice, at["id"]))

    def _keep(self, control: Control, at: dict[str, str]) -> None:
        form = self._form_of(at)
        if form is not None:
            form.controls[control.name] = control

    def page(self, status: int) -> Page:
        for choice, name in self.unlabelled:
            choice.text = self.labels.get(name, "")
        for form_id, at, text in self.waiting:
            if form_id in self.by_id:
                self.by_id[form_id].buttons.append((at.get("name", ""), at.get("value", ""), text))
        for form in self.forms:
            for control in form.controls.values():
                # A browser has the first of a list chosen where the page says nothing else.
                is_list = control.kind == "select" and not control.several and control.choices
                if is_list and not any(choice.chosen for choice in control.choices):
                    control.choices[0].chosen = True
        return Page(self.url, status, _joined(self.words), self.links, self.forms, self.errors)


def _joined(words: Sequence[str]) -> str:
    return re.sub(r"\s+", " ", " ".join(words)).strip()
