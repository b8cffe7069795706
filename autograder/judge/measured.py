"""What a notebook measured of its models, beside what the judge measures of them itself; each is asked for once."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

import transferlab
from autograder.judge.cases import Cases
from autograder.judge.checking import Failed, fail
from autograder.judge.comparators import expect_pair, predicted_classes
from autograder.judge.model_tables import COLUMNS, Row
from autograder.judge.models import ModelFacts, describe
from autograder.judge.submission import Submission
from autograder.judge.tables import column_of_numbers, expect_table, rows_of
from autograder.judge.wording import brief
from autograder.kernels.values import Handle, Table

Array = np.ndarray[Any, Any]
VALIDATION_PER_CLASS, VALIDATION_SEED = 20, 102
"""The validation images that the notebook gives to everybody."""
HIDDEN_PER_CLASS = 40
PROFILED, EPOCHS, PREDICT_IMAGES = "mini_vgg", 3, 64


@dataclass(frozen=True)
class Profile:
    """What `profile_backbone` made of images of ours."""

    called: str
    row: Row
    facts: ModelFacts
    seconds: float
    """How long the judge waited for it: a clock that the notebook cannot reach."""
    validation: tuple[Array, Array]


class Measured:
    """The notebook's models and how they do on our images, each measured once.

    Args:
        submission: Whose they are.
        data: Images and backbones of the course.
        seed: Of the images that nobody has seen.
    """

    def __init__(self, submission: Submission, data: transferlab.CourseData, seed: int) -> None:
        self.submission = submission
        self._data, self._seed = data, seed
        self._cases = Cases(submission)

    def profile(self) -> Profile:
        """Call `profile_backbone`, once."""
        return self._cases.once("profile", self._profile)

    def recommended(self) -> ModelFacts:
        """Read `recommended_model`, once."""
        return self._cases.once("recommended", self._recommended)

    def hidden_accuracy(self) -> float:
        """Share of images nobody has seen that `recommended_model` classifies correctly."""
        return self._accuracy("hidden", HIDDEN_PER_CLASS, self._seed)

    def validation_accuracy(self) -> float:
        """The same on the notebook's validation images, drawn afresh."""
        return self._accuracy("validation", VALIDATION_PER_CLASS, VALIDATION_SEED)

    def trained(self, name: str) -> ModelFacts:
        """Read the model of a row from `trained_models`, once.

        Args:
            name: Of the backbone.

        Raises:
            Failed: There is none.
        """
        return self._cases.once(f"trained {name}", lambda: self._trained(name))

    def row_accuracy(self, name: str) -> float:
        """Share of the notebook's validation images that the model of a row classifies correctly."""
        images, labels, _ = self._images("validation", VALIDATION_PER_CLASS, VALIDATION_SEED)
        outputs = self.trained(name).predict(images)
        return float(np.mean(predicted_classes(outputs, f"the model of {name}") == labels))

    def table(self) -> list[Row]:
        """Read the rows of `table`."""
        table = expect_table(self.submission.read("table"), COLUMNS, "`table`")
        numbers = {column: column_of_numbers(table, column, "`table`") for column in COLUMNS[1:]}
        return rows_of(Table({"name": [str(name) for name in table.columns["name"]], **numbers}))

    def _accuracy(self, split: str, per_class: int, seed: int) -> float:
        images, labels, _ = self._images(split, per_class, seed)
        model, unseen = self.recommended(), split == "hidden"
        outputs = model.predict_unseen(self.submission, images) if unseen else model.predict(images)
        return float(np.mean(predicted_classes(outputs, "`recommended_model`") == labels))

    def _images(self, split: str, per_class: int, seed: int) -> transferlab.ImageSet:
        return transferlab.load_images(self._data.source, split, per_class=per_class, seed=seed)

    def _trained(self, name: str) -> ModelFacts:
        models = self._cases.once("trained", lambda: self.submission.read("trained_models"))
        if not isinstance(models, dict):
            fail(f"`trained_models` is {brief(models)}", "a dictionary from name to model")
        model = models.get(name)
        if not isinstance(model, Handle):
            came = (
                f"`trained_models` has {brief(model)} for {name}"
                if name in models
                else f"`trained_models` has no entry for {name}"
            )
            fail(came, "the model that came with its row")
        return describe(self.submission, model, f"the model of {name}")

    def _recommended(self) -> ModelFacts:
        return describe(self.submission, self.submission.read_model("recommended_model"), "`recommended_model`")

    def _profile(self) -> Profile:
        """Train on few images; the validation labels are swapped, so that the first epochs are the best."""
        source, pair = self._data.source, self._data.pair
        train = transferlab.load_images(source, "train", classes=pair, per_class=64, seed=self._seed)
        validation = transferlab.load_images(source, "validation", classes=pair, per_class=50, seed=self._seed)
        images, labels = validation.images.astype(np.float32), 1 - validation.labels
        arguments = (PROFILED, (train.images.astype(np.float32), train.labels), (images, labels), 2, EPOCHS)
        started = time.perf_counter()
        answer = self.submission.call("profile_backbone", *arguments, model=True)
        seconds = answer.waited_seconds or time.perf_counter() - started  # of kept answers: how long it took then
        called = f"`profile_backbone({PROFILED!r}, train, validation, 2, {EPOCHS})` with images of ours"
        try:
            returned = answer.returned()
        except Failed as problem:
            raise Failed(problem.came_back, "a row and a model", called, problem.hint) from problem
        row, model = expect_pair(returned, "the answer", called)
        if not isinstance(row, dict) or not isinstance(model, Handle):
            fail(f"it returned {brief(row)} and {brief(model)}", "a dict and a keras.Model", called=called)
        missing = [column for column in COLUMNS if column not in row]
        if missing:
            fail(f"the row has no entry for {', '.join(missing)}", f"the entries {', '.join(COLUMNS)}", called=called)
        facts = describe(self.submission, model, "the model that came back")
        return Profile(called, row, facts, seconds, (images, labels))
