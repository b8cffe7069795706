"""A function that gives its argument back, or nothing, or changes what it was given."""

import libcst as cst

from autograder.authoring.mutations.operator import Operator, Replacements


def _replacements(node: cst.CSTNode) -> Replacements:
    if not isinstance(node, cst.FunctionDef) or not isinstance(node.body, cst.IndentedBlock) or not _answers(node):
        return
    names = [parameter.name.value for parameter in node.params.params]
    if names:
        yield "return the input", _with_body(node, [_line(f"return {names[0]}")])
    yield "return nothing", _with_body(node, [_line("return None")])
    *before, last = node.body.body[1:] if node.get_docstring() else node.body.body
    answer = last.body[0] if isinstance(last, cst.SimpleStatementLine) and len(last.body) == 1 else None
    if not isinstance(answer, cst.Return) or answer.value is None:
        return
    kept = cst.SimpleStatementLine([cst.Assign([cst.AssignTarget(cst.Name("answer"))], answer.value)])
    columns, arrays = _used(node)
    for name in names:
        if name in columns or name in arrays:
            change = f'{name}["changed"] = 0' if name in columns else f"{name}[:] = {name}[::-1]"
            yield "change the argument", _with_body(node, [*before, kept, _line(change), _line("return answer")])


def _answers(node: cst.FunctionDef) -> bool:
    return any(isinstance(found, cst.Return) and found.value is not None for found in _inside(node.body))


def _used(node: cst.FunctionDef) -> tuple[set[str], set[str]]:
    """Name what is a table, by its columns, and what is an array or a list, most likely."""
    columns: set[str] = set()
    arrays: set[str] = set()
    for inner in _inside(node.body):
        if isinstance(inner, cst.Subscript) and isinstance(inner.value, cst.Name):
            place = inner.slice[0].slice
            is_column = isinstance(place, cst.Index) and isinstance(place.value, cst.SimpleString)
            (columns if is_column else arrays).add(inner.value.value)
        if isinstance(inner, cst.Call) and len(inner.args) >= 1 and isinstance(inner.args[0].value, cst.Name):
            called = inner.func.attr.value if isinstance(inner.func, cst.Attribute) else ""
            if called in ("asarray", "array", "ravel", "DataFrame"):
                arrays.add(inner.args[0].value.value)
    return columns, arrays


def _inside(node: cst.CSTNode) -> list[cst.CSTNode]:
    return [node, *(found for child in node.children for found in _inside(child))]


def _line(code: str) -> cst.BaseStatement:
    return cst.ensure_type(cst.parse_statement(code), cst.SimpleStatementLine)


def _with_body(node: cst.FunctionDef, lines: list[cst.BaseStatement]) -> cst.FunctionDef:
    text = list(node.body.body[:1]) if node.get_docstring() else []
    return node.with_changes(body=node.body.with_changes(body=[*text, *lines]))


FUNCTIONS = Operator(
    (
        """
def double(values):
    return 2 * np.asarray(values)
""",
        """
def double(values):
    answer = 2 * np.asarray(values)
    values[:] = values[::-1]
    return answer
""",
    ),
    _replacements,
)
