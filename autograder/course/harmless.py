"""What students wrote or printed, laid out as HTML that can do nothing to the page it stands on.

Feedback pages and formgrader show student markdown and rich outputs as HTML, formgrader on the very server that holds
the gradebook, among controls that its scripts find by id and by class. So nothing of a student's keeps an id, a class
(but those of tables), an event, a form element, an address or a size that reaches beyond its own box.

These functions read what a student wrote, with parsers of others whose time may grow fast with odd input. They are
called in a sealed process under a clock (`autograder.course.sealed`), never in the grader's own.
"""

import functools
import html as html_text
import re
from collections.abc import Iterable, Mapping
from typing import Any

import nh3
from nbconvert.filters.ansi import ansi2html
from nbconvert.filters.highlight import Highlight2HTML
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from autograder.course.pictures import is_modest_base64

# ruff: noqa: SIM905 - names read better as words than as thirty quoted lines
_TAGS = frozenset(
    """
    a abbr acronym b blockquote br caption code col colgroup dd del details div dl dt em figcaption figure h1 h2 h3 h4
    h5 h6 hr i img ins kbd li mark ol p pre s small span strong sub summary sup table tbody td tfoot th thead tr u ul
    """.split()
)
_SILENT_TAGS = frozenset("head iframe math noscript object script style svg template title xml".split())
"""Left out with everything inside them: their text is none."""
_STYLES = frozenset(
    """
    background-color border border-bottom border-collapse border-color border-left border-radius border-right border-top
    color font-family font-size font-style font-variant-numeric font-weight line-height list-style margin margin-bottom
    margin-left margin-right margin-top max-width min-width overflow-wrap padding padding-bottom padding-left
    padding-right padding-top text-align text-decoration vertical-align white-space width
    """.split()
)
"""Nothing that fetches, floats over the page or leaves its place."""
_ATTRIBUTES = {
    "*": set("abbr align alt dir lang style title".split()),
    "a": {"href"},
    "details": {"open"},
    "img": {"src", "width", "height"},
    "ol": {"start"},
    **{cell: {"colspan", "rowspan", "scope"} for cell in ("td", "th")},
}
_CLASSES = {"table": {"dataframe"}}
_VALUE = re.compile(r"[\w\s.,#%()'\"+!/]{1,200}")
_NUMBER = re.compile(r"(\d{1,4})(?:\.\d{1,6})?(px|pt|em|rem|ex|ch|%)?")
_LARGEST = {"px": 2_000, "pt": 1_500, "em": 100, "rem": 100, "ex": 200, "ch": 300, "%": 100, "": 2_000}
_PICTURES = ("image/png", "image/jpeg", "image/gif")
_DATA = re.compile(r"data:image/(?:png|jpeg|gif);base64,[A-Za-z0-9+/=\s]*")
_LEFT_OUT = "[an output of a kind that is not shown here]"
_BOX = '<div style="contain: paint; overflow: auto; max-width: 100%;">'
"""Whatever was overlooked paints inside it, and gets scroll bars where it is too large."""
_TABLE = '<table class="table table-condensed" style="width: auto;">'
"""nbgrader's pages style tables by Bootstrap's classes only."""


def harmless_html(html: str, *, with_links: bool = False) -> str:
    """Return HTML without anything that runs, fetches, is looked for by a script, or covers the page.

    Args:
        html: Any text.
        with_links: Whether web addresses stay, as in the instructor's own cells.
    """
    return nh3.clean(
        html,
        tags=set(_TAGS),
        clean_content_tags=set(_SILENT_TAGS),
        attributes=_ATTRIBUTES,
        attribute_filter=functools.partial(_kept, with_links),
        allowed_classes=_CLASSES,
        filter_style_properties=set(_STYLES),
        url_schemes={"http", "https", "mailto", "data"},
        link_rel="noopener noreferrer",
        strip_comments=True,
    )


def _kept(with_links: bool, _tag: str, name: str, value: str) -> str | None:
    if name == "href":
        return value if with_links and value.strip().lower().startswith(("http://", "https://", "mailto:")) else None
    if name == "src":
        return value if _is_picture(value) else None
    if name == "style":
        kept = [part for part in value.split(";") if _is_modest(part)]
        return ";".join(kept) if kept else None
    if name in ("width", "height", "colspan", "rowspan", "start"):
        return value if value.isascii() and value.strip("%").isdigit() and len(value) <= 4 else None
    return value


def _is_picture(address: str) -> bool:
    return bool(_DATA.fullmatch(address)) and is_modest_base64(address.partition(",")[2])


def _is_modest(declaration: str) -> bool:
    """Tell whether a style stays in its place: no address, no negative number, no size beyond a page's."""
    name, colon, value = declaration.partition(":")
    value = value.strip().lower()
    if not colon or name.strip().lower() not in _STYLES or not _VALUE.fullmatch(value.replace("-", "a")):
        return False
    if "url" in value or "expression" in value or re.search(r"-[\d.]", value):
        return False
    for word in re.split(r"[\s,()/]+", value):
        if word[:1].isdigit() or word[:1] == ".":
            number = _NUMBER.fullmatch("0" + word if word.startswith(".") else word)
            if number is None or int(number[1]) > _LARGEST[number[2] or ""]:
                return False
    return True


def harmless_markdown(
    source: str, attachments: Any = None, pictures: Mapping[str, str] | None = None, *, with_links: bool = False
) -> tuple[str, list[str]]:
    """Render markdown with mathematics.

    Args:
        source: What stands in a cell.
        attachments: Pictures in the cell, as nbformat keeps them.
        pictures: Pictures beside the notebook: name to `data:` address.
        with_links: Whether web addresses stay links; elsewhere they are shown as text.

    Returns:
        HTML in a box of its own, and the names of pictures it would show that were not given.
    """
    renderer = _Renderer(attachments, pictures or {}, with_links=with_links)
    html = harmless_html(MarkdownWithMath(renderer=renderer).render(source), with_links=with_links)
    return f"{_BOX}{html.replace('<table>', _TABLE)}</div>", renderer.wanted


class _Renderer(IPythonRenderer):
    """Shows attached pictures and those beside the notebook; of everything else its description.

    Args:
        attachments: Of the cell.
        pictures: Those beside the notebook.
        with_links: Whether web addresses stay links.
    """

    def __init__(self, attachments: Any, pictures: Mapping[str, str], *, with_links: bool) -> None:
        super().__init__(escape=False, exclude_anchor_links=True)
        self._attached = attachments if isinstance(attachments, Mapping) else {}
        self._pictures = pictures
        self._with_links = with_links
        self.wanted: list[str] = []
        """Names of pictures beside the notebook that were not at hand."""

    def image(self, text: str, url: str, title: str | None = None) -> str:  # noqa: ARG002 - mistune's signature
        """Show a picture that is at hand, or say which is not."""
        described = html_text.escape(text)
        if url.startswith("attachment:"):
            data = _attached_picture(self._attached.get(url.removeprefix("attachment:")))
        elif _DATA.fullmatch(url):
            data = url
        else:
            data = self._pictures.get(url, "")
            if not data:
                self.wanted.append(url)
        data = data if _is_picture(data) else ""
        if not data:
            return f"<em>[picture not shown: {described or html_text.escape(url[:80])}]</em>"
        return f'<img src="{data}" alt="{described}" style="max-width: 100%">'

    def link(self, text: str, url: str, title: str | None = None) -> str:
        """Keep a link, or show its address."""
        if self._with_links:
            return str(super().link(text, url, title))
        address = html_text.escape(url[:500])
        return text if address in text or not address else f"{text} ({address})"


def _attached_picture(bundle: Any) -> str:
    found = bundle if isinstance(bundle, Mapping) else {}
    return next(
        (
            f"data:{mime};base64,{found[mime]}"
            for mime in _PICTURES
            if isinstance(found.get(mime), str) and is_modest_base64(found[mime])
        ),
        "",
    )


def harmless_outputs(outputs: Iterable[Any]) -> list[dict[str, Any]]:
    """Rebuild the outputs of a student's cell from what may be shown.

    Args:
        outputs: nbformat outputs that came out of a student's kernel.

    Returns:
        Streams, errors, texts, pictures and harmless HTML; everything else is replaced by a line that says so.
    """
    return [_harmless_output(output if isinstance(output, Mapping) else {}) for output in outputs]


def _harmless_output(output: Mapping[str, Any]) -> dict[str, Any]:
    kind = output.get("output_type")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        return {"output_type": "stream", "name": name, "text": _joined(output.get("text"))}
    if kind == "error":
        lines = output.get("traceback")
        traceback = [_joined(line) for line in lines] if isinstance(lines, list) else []
        named = {"ename": _joined(output.get("ename")), "evalue": _joined(output.get("evalue"))}
        return {"output_type": "error", **named, "traceback": traceback}
    # An execute_result would be read as points by nbgrader's own rule; nobody is to be tempted.
    return {"output_type": "display_data", "data": _harmless_data(output.get("data")), "metadata": {}}


def _harmless_data(data: Any) -> dict[str, str]:
    shown = {mime: _joined(content) for mime, content in data.items()} if isinstance(data, Mapping) else {}
    safe = {mime: content for mime, content in shown.items() if mime in _PICTURES and is_modest_base64(content)}
    if "text/html" in shown:
        safe["text/html"] = f"{_BOX}{harmless_html(shown['text/html'])}</div>"
    if "text/plain" in shown or not safe:
        safe["text/plain"] = shown.get("text/plain", _LEFT_OUT)
    return safe


def _joined(text: Any) -> str:
    parts = text if isinstance(text, list) else [text]
    return "".join(part for part in parts if isinstance(part, str))


def harmless_code(source: str) -> str:
    """Return Python code as highlighted HTML."""
    highlighted: str = Highlight2HTML(pygments_lexer="ipython3")(source)
    return highlighted


def harmless_terminal_text(text: str) -> str:
    """Return what a terminal would show, colours included, as HTML."""
    shown: str = ansi2html(text)
    return shown
