"""What students wrote or printed, made harmless for the browser of whoever grades it.

Feedback pages and formgrader show student markdown and rich outputs as HTML, formgrader on the very server that
holds the gradebook. A script in there would act with the instructor's rights.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import bleach  # type: ignore[import-untyped]
from bleach.css_sanitizer import CSSSanitizer  # type: ignore[import-untyped]
from jinja2 import pass_context
from jinja2.runtime import Context
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from nbformat.v4 import new_output

# ruff: noqa: SIM905 - names read better as words than as thirty quoted lines
_TAGS = frozenset(bleach.sanitizer.ALLOWED_TAGS) | frozenset(
    """
    br caption col colgroup dd del details div dl dt figcaption figure h1 h2 h3 h4 h5 h6 hr img ins kbd mark p pre s
    small span sub summary sup table tbody td tfoot th thead tr u
    """.split()
)
# Nothing that fetches, floats over the page or leaves its place.
_STYLES = frozenset(
    """
    background-color border border-bottom border-collapse border-color border-left border-radius border-right border-top
    color display font-family font-size font-style font-variant-numeric font-weight height line-height list-style margin
    margin-bottom margin-left margin-right margin-top max-width min-width overflow-wrap padding padding-bottom
    padding-left padding-right padding-top text-align text-decoration vertical-align white-space width
    """.split()
)
_PLAIN_ATTRIBUTES = frozenset(
    "abbr align alt class colspan dir height id lang open role rowspan scope style title width".split()
)
_PICTURES = ("image/png", "image/jpeg", "image/gif")
_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*")
_LEFT_OUT = "[an output of a kind that is not shown here]"


def safe_html(html: str) -> str:
    """Return HTML without anything that runs, fetches or covers the page.

    Args:
        html: Any text.
    """
    clean: str = bleach.clean(
        html,
        tags=_TAGS,
        attributes=_allows,
        protocols={"http", "https", "mailto", "data"},
        css_sanitizer=CSSSanitizer(allowed_css_properties=_STYLES),
        strip_comments=True,
    )
    return clean


@pass_context
def markdown_to_safe_html(context: Context, source: str) -> str:
    """Render a markdown cell; takes the place of nbconvert's filter `markdown2html`.

    Args:
        context: The page being made; its cell's attached pictures are shown.
        source: Markdown, with mathematics.

    Returns:
        Harmless HTML.
    """
    cell = context.get("cell") or {}
    renderer = IPythonRenderer(escape=False, attachments=cell.get("attachments", {}), exclude_anchor_links=True)
    html = safe_html(MarkdownWithMath(renderer=renderer).render(source))
    # nbgrader's pages style tables by Bootstrap's classes only.
    return html.replace("<table>", '<table class="table table-condensed" style="width: auto;">')


def safe_outputs(outputs: Iterable[Mapping[str, Any]]) -> list[NotebookNode]:
    """Rebuild the outputs of a student's cell from what may be shown.

    Args:
        outputs: nbformat outputs that came out of a student's kernel.

    Returns:
        Streams, errors, texts, pictures and harmless HTML; everything else is replaced by a line that says so.
    """
    return [_safe_output(output) for output in outputs]


def _allows(tag: str, name: str, value: str) -> bool:
    if tag == "a" and name == "href":
        return not value.strip().lower().startswith("data:")
    if tag == "img" and name == "src":
        return True
    return name in _PLAIN_ATTRIBUTES


def _safe_output(output: Mapping[str, Any]) -> NotebookNode:
    kind = output.get("output_type")
    if kind == "stream":
        return _output(
            "stream", name="stderr" if output.get("name") == "stderr" else "stdout", text=_joined(output.get("text"))
        )
    if kind == "error":
        lines = output.get("traceback")
        traceback = [_joined(line) for line in lines] if isinstance(lines, list) else []
        return _output(
            "error", ename=_joined(output.get("ename")), evalue=_joined(output.get("evalue")), traceback=traceback
        )
    # An execute_result would be read as points by nbgrader's own rule; nobody is to be tempted.
    return _output("display_data", data=_safe_data(output.get("data")), metadata={})


def _safe_data(data: Any) -> dict[str, str]:
    shown = {mime: _joined(content) for mime, content in data.items()} if isinstance(data, Mapping) else {}
    safe = {mime: content for mime, content in shown.items() if mime in _PICTURES and _BASE64.fullmatch(content)}
    if "text/html" in shown:
        # pandas and Keras send a <style> element along; without it only its text would be left.
        bare = re.sub(r"<style\b.*?</style\s*>", "", shown["text/html"], flags=re.DOTALL | re.IGNORECASE)
        safe["text/html"] = safe_html(bare)
    if "text/plain" in shown or not safe:
        safe["text/plain"] = shown.get("text/plain", _LEFT_OUT)
    return safe


def _joined(text: Any) -> str:
    parts = text if isinstance(text, list) else [text]
    return "".join(part for part in parts if isinstance(part, str))


def _output(kind: str, **content: Any) -> NotebookNode:
    node: NotebookNode = new_output(kind, **content)
    return node
