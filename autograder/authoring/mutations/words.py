"""Another loss, activation, or curve of a history: what Keras is told by a string."""

import libcst as cst

from autograder.authoring.mutations.operator import Operator, Replacements, is_name

_OTHERS = {
    "sparse_categorical_crossentropy": "mean_squared_error",
    "categorical_crossentropy": "sparse_categorical_crossentropy",
    "softmax": "sigmoid",
    "relu": "linear",
    "val_accuracy": "accuracy",
    "accuracy": "loss",
    "val_loss": "loss",
}
_TOLD = ("activation", "loss", "monitor")


def _replacements(node: cst.CSTNode) -> Replacements:
    if isinstance(node, cst.Arg) and is_name(node.keyword, *_TOLD):
        name = node.keyword.value if node.keyword is not None else ""
        if (other := _other(node.value)) is not None:
            yield f"another {name}", node.with_changes(value=other)
    if isinstance(node, cst.Index) and (other := _other(node.value)) is not None:
        yield "another curve", node.with_changes(value=other)


def _other(node: cst.BaseExpression) -> cst.SimpleString | None:
    text = node.evaluated_value if isinstance(node, cst.SimpleString) else None
    other = _OTHERS.get(text) if isinstance(text, str) else None
    return cst.SimpleString(f'"{other}"') if other else None


WORDS = Operator(
    ('out = Dense(classes, activation="softmax")', 'out = Dense(classes, activation="sigmoid")'), _replacements
)
