"""Rewrites of an answer that change its style and not what it does. Each takes a cell's syntax tree and a generator."""

import ast
import random
from collections.abc import Callable, Iterator

Rewrite = Callable[[ast.Module, random.Random], ast.Module]
POSITIONAL = {
    "Dense": ["units"],
    "Dropout": ["rate"],
    "Conv2D": ["filters", "kernel_size"],
    "Rescaling": ["scale"],
    "Adam": ["learning_rate"],
    "default_rng": ["seed"],
    "Model": ["inputs", "outputs"],
    "load_backbone": ["name"],
}
"""Names of the first parameters of calls that answers are full of."""
HELPERS = {
    "_functional": """
def _functional(parts):
    x = parts[0]
    for part in parts[1:]:
        x = part(x)
    return keras.Model(parts[0], x)
""",
    "_handed_back": "def _handed_back(value):\n    return value\n",
}
FIGURES = (
    """
import matplotlib.pyplot as plt
for name in ("baseline", "feature", "finetuned"):
    plt.plot(histories[name].history["val_accuracy"], label=name)
plt.legend()
""",
    """
import pandas as pd
pd.DataFrame({name: pd.Series(found.history["val_accuracy"]) for name, found in histories.items()}).plot()
""",
    """
import pandas as pd
import seaborn as sns
curves = {name: found.history["val_accuracy"] for name, found in histories.items()}
rows = [(name, step, value) for name, curve in curves.items() for step, value in enumerate(curve)]
sns.lineplot(pd.DataFrame(rows, columns=["model", "epoch", "accuracy"]), x="epoch", y="accuracy", hue="model")
""",
)


def rename_locals(tree: ast.Module, draw: random.Random) -> ast.Module:
    """Give every local variable another name."""
    for function in _functions(tree):
        names = {
            node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        names -= {argument.arg for argument in ast.walk(function) if isinstance(argument, ast.arg)}
        new = {name: f"{draw.choice(['my', 'the', 'a'])}_{name}_{draw.randrange(10)}" for name in sorted(names)}
        for node in ast.walk(function):
            if isinstance(node, ast.Name):
                node.id = new.get(node.id, node.id)
    return tree


def write_loops(tree: ast.Module, _: random.Random) -> ast.Module:
    """Turn `x = [f(y) for y in z]` into a loop."""

    class Loops(ast.NodeTransformer):
        def visit_Assign(self, node: ast.Assign) -> ast.AST | list[ast.stmt]:
            made = node.value
            if not isinstance(made, ast.ListComp) or len(made.generators) != 1 or len(node.targets) != 1:
                return node
            (loop,) = made.generators
            if not isinstance(node.targets[0], ast.Name) or _names(made) & {node.targets[0].id}:
                return node
            name = node.targets[0].id
            inner: ast.stmt = ast.parse(f"{name}.append(0)").body[0]
            inner.value.args[0] = made.elt  # type: ignore[attr-defined]
            for condition in reversed(loop.ifs):
                inner = ast.If(condition, [inner], [])
            return [ast.parse(f"{name} = []").body[0], ast.For(loop.target, loop.iter, [inner], [])]

    return Loops().visit(tree)


def write_format(tree: ast.Module, _: random.Random) -> ast.Module:
    """Turn f-strings into `str.format`."""

    class Formats(ast.NodeTransformer):
        def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
            text, values = "", []
            for part in node.values:
                if isinstance(part, ast.Constant):
                    text += str(part.value).replace("{", "{{").replace("}", "}}")
                    continue
                spec = part.format_spec
                if spec is not None and not all(isinstance(piece, ast.Constant) for piece in spec.values):
                    return node
                conversion = f"!{chr(part.conversion)}" if part.conversion != -1 else ""
                text += "{" + conversion + (f":{''.join(p.value for p in spec.values)}" if spec else "") + "}"
                values.append(part.value)
            return ast.Call(ast.Attribute(ast.Constant(text), "format", ast.Load()), values, [])

    return Formats().visit(tree)


def name_arguments(tree: ast.Module, draw: random.Random) -> ast.Module:
    """Pass arguments by keyword where they were passed by position."""
    for call in _calls(tree):
        names = POSITIONAL.get(_called(call), [])
        if call.args and len(call.args) <= len(names) and not any(isinstance(a, ast.Starred) for a in call.args):
            call.keywords = [*(ast.keyword(n, a) for n, a in zip(names, call.args, strict=False)), *call.keywords]
            call.args = []
        draw.shuffle(call.keywords)
    return tree


def write_functional(tree: ast.Module, _: random.Random) -> ast.Module:
    """Turn `keras.Sequential([...])` that begins with an Input into a functional model."""
    for call in _calls(tree):
        first = call.args[0] if call.args else None
        if _called(call) != "Sequential" or call.keywords or not isinstance(first, ast.List) or not first.elts:
            continue
        if isinstance(first.elts[0], ast.Call) and _called(first.elts[0]) == "Input":
            call.func = ast.Name("_functional", ast.Load())
    return _with_helpers(tree)


def write_sequential(tree: ast.Module, _: random.Random) -> ast.Module:
    """Turn `layers.X(...)(y)` into a small Sequential model that is called on y."""
    for call in _calls(tree):
        layer = call.func
        if isinstance(layer, ast.Call) and ast.unparse(layer.func).startswith("layers."):
            call.func = ast.parse("keras.Sequential([0])", mode="eval").body
            call.func.args[0].elts[0] = layer  # type: ignore[attr-defined]
    return tree


def call_helpers(tree: ast.Module, _: random.Random) -> ast.Module:
    """Hand what a function returns through a helper function."""
    for function in _functions(tree):
        for node in ast.walk(function):
            if isinstance(node, ast.Return) and node.value is not None:
                node.value = ast.Call(ast.Name("_handed_back", ast.Load()), [node.value], [])
    return _with_helpers(tree)


def reorder(tree: ast.Module, draw: random.Random) -> ast.Module:
    """Exchange neighbouring assignments that have no name in common, and definitions that stand together.

    What reads the clock stays where it is: there the order is what is measured.
    """
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if not isinstance(body, list):
            continue
        for place in range(len(body) - 1):
            first, second = body[place : place + 2]
            assigned = isinstance(first, ast.Assign) and isinstance(second, ast.Assign)
            defined = isinstance(first, ast.FunctionDef) and isinstance(second, ast.FunctionDef)
            timed = any(_called(call) == "perf_counter" for call in [*_calls(first), *_calls(second)])
            if (assigned and not timed and not _names(first) & _names(second)) or (defined and draw.random() < 0.9):
                body[place], body[place + 1] = second, first
    return tree


def annotate(tree: ast.Module, _: random.Random) -> ast.Module:
    """Annotate every parameter, and drop the docstring."""
    for function in _functions(tree):
        for argument in function.args.args:
            argument.annotation = ast.Constant("object")
        if len(function.body) > 1 and isinstance(function.body[0], ast.Expr):
            function.body = function.body[1:]
    return tree


def draw_otherwise(tree: ast.Module, draw: random.Random) -> ast.Module:
    """Draw the figure of histories with another library."""
    if any(_called(call) == "plot_histories" for call in _calls(tree)) and len(tree.body) == 1:
        return ast.parse(draw.choice(FIGURES))
    return tree


REWRITES: tuple[Rewrite, ...] = (
    write_loops,
    write_format,
    name_arguments,
    write_functional,
    write_sequential,
    call_helpers,
    reorder,
    annotate,
    draw_otherwise,
    rename_locals,
)


def rewritten(source: str, rewrites: list[Rewrite], seed: int) -> str:
    """Return a cell after some rewrites, in order."""
    draw = random.Random(seed)
    tree = ast.parse(source)
    for rewrite in rewrites:
        tree = ast.fix_missing_locations(rewrite(tree, draw))
    return ast.unparse(tree)


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef]:
    return (node for node in tree.body if isinstance(node, ast.FunctionDef))  # type: ignore[attr-defined]


def _calls(tree: ast.AST) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _names(node: ast.AST) -> set[str]:
    return {found.id for found in ast.walk(node) if isinstance(found, ast.Name)} - {"np", "keras", "layers", "len"}


def _with_helpers(tree: ast.Module) -> ast.Module:
    used, there = _names(tree), {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    needed = [name for name in HELPERS if name in used and name not in there]
    return ast.Module([node for name in needed for node in ast.parse(HELPERS[name]).body] + tree.body, [])
