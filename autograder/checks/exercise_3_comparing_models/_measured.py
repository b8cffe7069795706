"""What a notebook measured of its models, beside what the judge measures of them itself; each is asked for once."""

import time
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

import transferlab
from autograder.checks.exercise_3_comparing_models import _oracles as oracles
from autograder.checks.exercise_3_comparing_models._model_tables import COLUMNS, Row
from autograder.judge.cases import Cases
from autograder.judge.checking import Failed, Undecided, fail
from autograder.judge.comparators import (
    REPORT_TOLERANCE,
    expect_pair,
    expect_probabilities,
    number,
    predicted_classes,
)
from autograder.judge.submission import Handle, Submission
from autograder.judge.tables import Table, column_of_numbers, expect_table, rows_of
from autograder.judge.thresholds import Gate, accuracy_at
from autograder.judge.wording import brief
from autograder.kerasmodels.charged_once import OwnCall, OwnModel, own_calls, same_images
from autograder.kerasmodels.models import ModelFacts, describe
from autograder.kerasmodels.watching import (
    MANY_TRAININGS,
    Prediction,
    Training,
    Watched,
    digests,
    notebook_trainings,
    watch,
)

Array = np.ndarray[Any, Any]
TRAINING_PER_CLASS, TRAINING_SEED, NOTEBOOK_EPOCHS = 40, 101, 4
VALIDATION_PER_CLASS, VALIDATION_SEED = 20, 102
"""The images that the notebook gives to everybody, and how long it trains."""
HIDDEN_PER_CLASS = 40
PROFILED, EPOCHS, PREDICT_IMAGES = "mini_mobilenet", 5, 64
"""What the judge asks `profile_backbone` for: neither the backbone nor the epochs of the checks that students see."""
PROFILED_PER_CLASS = 192
"""Images to train on: with a third of them, a single layer at a small rate has often learned nothing that could be told
from its opposite, and weights of the last epoch went for those of the best one."""
SHOWN = ((-4.0, -2.0, 4.0, None, -1.0),)
"""What the model shows after each epoch: the one in the middle is the best on the validation images. See
`autograder.kernels.moving.Plan`."""
SUREST = (2,)
"""That epoch leaves the model so sure of itself that its loss is not the lowest: that of the next one is, which is sure
of nothing."""
EPOCH_PAUSES = (0.0, 0.0, 0.5, 2.2, 0.0)
"""Seconds: so that neither a mean nor a first epoch gets by for the median of the others."""
PREDICT_PAUSES = (0.9, 0.0, 0.35, 0.9, 1.5, 0.0)
"""Likewise: the median of the five after the first is 0.35; that of all six, or without the second or the last, 0.625;
the mean of the five is 0.55; and the shortest call and the last one are 0. What is too long shows at once, as a clock
around the whole call says how long it took; what is too short has to be so by more than calls are delayed. The gaps are
wider than what a busy machine adds to one call and not to the next."""
CALLS = 5
"""Timed calls of `predict`, after one to warm up."""
SUMMARY = {"val_accuracy": 0.0, "seconds_per_epoch": 0.0, "ms_per_image": 0.0}
"""What stands in for the answer of a `summarise_run` that gives none."""
NAME = "profile_backbone"
LEARNT = 0.2
"""Share of the notebook's validation images, of ten classes, that only a training gets right."""


class EpochSeconds(NamedTuple):
    """How long one epoch took, by the clocks that a student may have."""

    trained: float
    """Without validation."""
    whole: float
    """With it."""
    called: float
    """With the whole call of `fit`, where that trains for one epoch only; else until the next one began."""


@dataclass(frozen=True)
class Profile:
    """What `profile_backbone` made of images of ours."""

    watched: Watched
    row: Row
    facts: ModelFacts
    seconds: float
    """How long the judge waited for it: a clock that the notebook cannot reach."""
    training: tuple[Array, Array]
    validation: tuple[Array, Array]

    @property
    def called(self) -> str:
        """The call, as text."""
        return self.watched.answer.called

    def number(self, entry: str) -> float:
        """Return a number of the row.

        Raises:
            Failed: It is none.
        """
        return number(self.row[entry], f"`{entry}`", self.called)

    def epochs(self) -> list[EpochSeconds]:
        """How long each epoch took.

        Raises:
            Failed: There were none, or only one.
        """
        found: list[EpochSeconds] = []
        for fit in self.watched.fits:
            alone = len(fit.epoch_seconds) == 1
            found += [
                EpochSeconds(trained, whole, fit.outer_seconds if alone else most)
                for trained, whole, most in fit.epoch_seconds
            ]
        if len(found) < 2:
            fail(f"`fit` trained for {len(found)} epochs", f"{EPOCHS} epochs", called=self.called)
        return found

    def predictions(self) -> list[Prediction]:
        """Return the timed calls of `predict`, and the one before them.

        Raises:
            Failed: There were fewer, or of other images.
        """
        known = set(digests(self.validation[0]))
        wanted = f"one to warm up and {CALLS} with the clock running"
        found = [made for made in self.watched.predictions if made.images == PREDICT_IMAGES]
        if len(found) <= CALLS:
            came = f"`predict` was called {len(found)} times with {PREDICT_IMAGES} images"
            fail(came, wanted, called=self.called)
        for made in found:
            if made.batch_size != PREDICT_IMAGES:
                how = f"with batch_size={made.batch_size}" if made.batch_size else "without `batch_size`"
                came = f"`predict` was called {how}"
                fail(came, f"batch_size={PREDICT_IMAGES}", called=self.called)
            if made.rows and not set(made.rows) <= known:
                fail("`predict` was timed on other images than those to validate", wanted, called=self.called)
        return found[-CALLS - 1 :]

    def least_seconds(self) -> float:
        """What no clock around the median of the timed calls, or in a callback of them, can have fallen below."""
        made = sum(made.images == PREDICT_IMAGES for made in self.watched.predictions)
        pauses = [*PREDICT_PAUSES, *[0.0] * made][:made]
        return oracles.median(pauses[-CALLS:])

    def reached(self) -> float:
        """Share of the validation images that the model that came back classifies correctly.

        Raises:
            Failed: Its outputs are no rows of numbers.
        """
        images, labels = self.validation
        return float(np.mean(predicted_classes(self.facts.predict(images), "the model") == labels))

    def expect_probabilities(self) -> None:
        """Expect one probability for each of the two classes.

        Raises:
            Failed: The model's outputs are something else.
        """
        images, _ = self.validation
        hint = "the head is as wide as `num_classes` says, and ends in a softmax"
        expect_probabilities(self.facts.predict(images), (len(images), 2), self.called, hint=hint)

    def best_accuracy(self) -> float | None:
        """Return the highest accuracy that `fit` reported on the validation images, if it reported any."""
        return max((value for fit in self.watched.fits for value in fit.val_accuracy), default=None)


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

    def own_summary(self) -> list[dict[str, float]]:
        """What the student's own `summarise_run` makes of that call: slips in it are charged where it is judged.

        Returns:
            Its answers for each of the clocks of `EpochSeconds`, and for two around `predict`.
        """
        return self._cases.once("own summary", self._own_summary)

    def right_summary(self) -> dict[str, float]:
        """What `summarise_run` should make of that call, by the first of the clocks."""
        accuracies, epochs, calls = self._recorded()
        per_call = oracles.median([made.seconds for made in calls]) if calls else 0.0
        return {
            "val_accuracy": max(accuracies),
            "seconds_per_epoch": oracles.median([clock.trained for clock in epochs[1:]]),
            "ms_per_image": 1_000 * per_call / PREDICT_IMAGES,
        }

    def own_answer(self, entry: str) -> list[float]:
        """What the student's own `summarise_run` gives in that call for an entry, of which it makes something.

        Args:
            entry: E.g. "val_accuracy".

        Returns:
            As `own_summary`.

        Raises:
            Undecided: It gives no such number, or the same one whatever was recorded.
        """
        found = [summary[entry] for summary in self.own_summary()]
        if self._summary([0.0, 0.25, 0.125], [9.0, 4.0, 7.0], [5.0, 6.0, 8.0])[entry] == found[0]:
            raise Undecided(f"`summarise_run` gives `{NAME}` no `{entry}` that was measured.")
        return found

    def recommended(self) -> ModelFacts:
        """Read `recommended_model`, once."""
        return self._cases.once("recommended", self._recommended)

    def hidden_accuracy(self, gate: Gate) -> float:
        """Share of images nobody has seen that `recommended_model` classifies correctly.

        Args:
            gate: What it is measured for: as many images are looked at as it takes to know on which side it lies.
        """
        images, labels, _ = self._images("hidden", HIDDEN_PER_CLASS, self._seed)
        model = self.recommended()

        def classes(portion: slice) -> Array:
            return predicted_classes(model.predict_unseen(self.submission, images[portion]), "`recommended_model`")

        return accuracy_at(gate, labels, classes)

    def validation_accuracy(self) -> float:
        """The same on the notebook's validation images, drawn afresh."""
        images, labels = self.notebook_images("validation")
        return float(np.mean(predicted_classes(self.recommended().predict(images), "`recommended_model`") == labels))

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
        """Read the rows of `table`, once: a later cell may change it, to draw it say."""
        return self._cases.once("table", self._table)

    def _table(self) -> list[Row]:
        table = expect_table(self.submission.read("table"), COLUMNS, "`table`")
        numbers = {column: column_of_numbers(table, column, "`table`") for column in COLUMNS[1:]}
        return rows_of(Table({"name": [str(name) for name in table.columns["name"]], **numbers}))

    def trainings(self) -> tuple[Training, ...] | None:
        """Read what the notebook's own cells have trained."""
        return self._cases.once("trainings", lambda: notebook_trainings(self.submission))

    def call_with_row(self, name: str) -> OwnCall:
        """Return the call by a cell with which `profile_backbone` gave the row of a backbone that is in `table`.

        Only a `profile_backbone` that has lost points is watched; see `charged_once`.

        Args:
            name: Of the backbone.

        Raises:
            Failed: The row is of no such call, or that was given other images.
            Undecided: The calls have not been seen, or trained nothing.
        """
        row = next((row for row in self.table() if row["name"] == name), None)
        latest = {call.given[0]: call.returned[0] for call in reversed(self._calls())}
        own_table = self._own_table(list(latest.values()))
        for call in self._calls(name):
            returned = [call.returned[0], *(own for own in own_table if own["name"] == name)]
            if row is not None and any(_same_numbers(row, other) for other in returned):
                return self._as_asked(call, name)
        return fail(f"the row of {name} in `table` is not what `{NAME}` returned")

    def call_with_model(self, name: str, facts: ModelFacts) -> OwnCall:
        """Return the call by a cell with which `profile_backbone` gave a model, for a backbone.

        Args:
            name: Of the backbone.
            facts: Of the model.

        Raises:
            Failed: It is of no such call, or not as it was then.
            Undecided: The calls have not been seen, or trained nothing.
        """
        for call in self._calls(name):
            if isinstance(call.returned[1], OwnModel) and call.returned[1].is_still(facts.handle, facts.arrays):
                return self._as_asked(call, name)
        return fail(f"the model of {name} is not what `{NAME}` returned")

    def trainings_of(self, call: OwnCall) -> list[Training]:
        """Return what a call has trained.

        Raises:
            Undecided: Too much was trained to be noted.
        """
        trainings = self.trainings()
        if trainings is None:
            raise Undecided(MANY_TRAININGS)
        return [found for place, found in enumerate(trainings) if place in call.trainings]

    def expect_measured(self, said: float, call: OwnCall, facts: ModelFacts) -> None:
        """Expect that an accuracy is one that a training showed, or what is made of such: that nobody invented it.

        Args:
            said: The accuracy in a row.
            call: That gave the row.
            facts: Of the model that came with it.

        Raises:
            Undecided: It cannot be told where it comes from.
        """
        shown: list[float] = []
        for kind in ("val_accuracy", "train_accuracy"):
            values = [value for found in self.trainings_of(call) for value in getattr(found, kind)]
            if values:
                shown += [*values, float(np.mean(values)), float(np.median(values))]
                own, half = (
                    self._summary([factor * value for value in values], [1.0] * 9, [1.0])["val_accuracy"]
                    for factor in (1.0, 0.5)
                )
                shown += [own] if own != half else []
        images, labels = self.notebook_images("train")
        shown.append(float(np.mean(predicted_classes(facts.predict(images), "the model") == labels)))
        share = said / 100 if said > 1 else said  # in percent is another mistake, and measured
        if not any(abs(share - value) <= REPORT_TOLERANCE or share == round(value, 1) for value in shown):
            came = f"where the accuracy {said:.4g} comes from"
            raise Undecided(f"The grader does not see in the trainings of the cell {came}.")

    def _calls(self, name: str | None = None) -> list[OwnCall]:
        """Calls of `profile_backbone` by cells that gave two things, the last one first; of one backbone, or of all."""
        noted = self._cases.once("own calls", lambda: own_calls(self.submission, NAME))
        if not noted and self.trainings() != ():
            raise Undecided(f"The grader has not seen a cell call `{NAME}` and get an answer.")
        return [
            call
            for call in reversed(noted)
            if isinstance(call.returned, list)
            and len(call.returned) == 2
            and isinstance(call.returned[0], dict)
            and call.given
            and name in (None, call.given[0])
        ]

    def _as_asked(self, call: OwnCall, name: str) -> OwnCall:
        """See that a call was made as the text asks, and has worked."""
        if len(call.given) < len(_ARGUMENTS):
            raise Undecided(f"The grader cannot tell what `{NAME}` was given for {name}.")
        for place, split in ((1, "train"), (2, "validation")):
            if not same_images(call.given[place], *self.notebook_images(split)):
                fail(f"for {name}, `{NAME}` was not given the images of `{split}`")
        epochs = call.given[4]
        if epochs != NOTEBOOK_EPOCHS:
            fail(f"for {name}, `{NAME}` was called with {brief(epochs)} epochs")
        if not self.trainings_of(call) and self.profile().watched.fits:
            fail(f"for {name}, `{NAME}` has trained nothing in the notebook, and something when it was judged")
        shown = [max((*found.val_accuracy, *found.train_accuracy), default=0.0) for found in self.trainings_of(call)]
        if max(shown, default=0.0) < LEARNT:
            came = f"no accuracy of {LEARNT:.0%} or more"
            raise Undecided(f"The grader sees {came} in what `{NAME}` has trained for {name} in the notebook.")
        return call

    def _own_table(self, rows: list[Row]) -> list[Row]:
        """What the student's own `comparison_table` makes of rows: a slip in it is charged where it is judged."""
        try:
            made = self.submission.call("comparison_table", rows).returned()
            return rows_of(expect_table(made, COLUMNS, "the answer"))
        except Failed:
            return []

    def notebook_images(self, split: str) -> tuple[Array, Array]:
        """Return the notebook's images and labels of a split: "train" or "validation"."""
        sizes = {"train": (TRAINING_PER_CLASS, TRAINING_SEED), "validation": (VALIDATION_PER_CLASS, VALIDATION_SEED)}
        images, labels, _ = self._images(split, *sizes[split])
        return images, labels

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
        """Train on few images; a quarter of the validation labels are wrong, so that being sure has its price.

        They stand among the last images, so that who validates with the first ones only finds another accuracy.
        """
        source, pair = self._data.source, self._data.pair
        train = transferlab.load_images(source, "train", classes=pair, per_class=PROFILED_PER_CLASS, seed=self._seed)
        found = transferlab.load_images(source, "validation", classes=pair, per_class=60, seed=self._seed)
        count = len(found.labels)
        last = np.arange(count)[-2 * count // 5 :]
        wrong = np.isin(np.arange(count), np.random.default_rng(self._seed).permutation(last)[: count // 4])
        training = (train.images.astype(np.float32), train.labels)
        validation = (found.images.astype(np.float32), np.where(wrong, 1 - found.labels, found.labels))
        called = f"`profile_backbone({PROFILED!r}, train, validation, 2, {EPOCHS})` with images of ours"
        started = time.perf_counter()
        watched = watch(
            self.submission,
            "profile_backbone",
            called,
            [PROFILED, training, validation, 2, EPOCHS],
            plan={
                "shown": SHOWN,
                "surest": SUREST,
                "epoch_pauses": EPOCH_PAUSES,
                "predict_pauses": PREDICT_PAUSES,
                "predict_images": PREDICT_IMAGES,
                "arrays": False,
            },
            mended={"summarise_run": SUMMARY},
            inputs_after=5,
        )
        # of kept answers: how long it took then
        seconds = watched.answer.waited_seconds or time.perf_counter() - started
        row, model = expect_pair(watched.answer.value, "the answer", called)
        if not isinstance(row, dict) or not isinstance(model, Handle):
            fail(f"it returned {brief(row)} and {brief(model)}", "a dict and a keras.Model", called=called)
        missing = [column for column in COLUMNS if column not in row]
        if missing:
            fail(f"the row has no entry for {', '.join(missing)}", f"the entries {', '.join(COLUMNS)}", called=called)
        facts = describe(self.submission, model, "the model that came back")
        return Profile(watched, row, facts, seconds, training, validation)

    def _own_summary(self) -> list[dict[str, float]]:
        accuracies, epochs, calls = self._recorded()
        inner, outer = [made.seconds for made in calls], [made.outer_seconds for made in calls]
        clocks = zip(zip(*epochs, strict=True), (inner, inner, outer), strict=True)
        return [self._summary(accuracies, list(seconds), predicted) for seconds, predicted in clocks]

    def _recorded(self) -> tuple[list[float], list[EpochSeconds], list[Prediction]]:
        profile = self.profile()
        accuracies = [value for fit in profile.watched.fits for value in fit.val_accuracy] or [profile.reached()]
        # whether there were as many calls as asked for is another question
        calls = [made for made in profile.watched.predictions if made.images == PREDICT_IMAGES][-CALLS:]
        try:
            epochs = profile.epochs()
        except Failed:  # which is another question, too
            epochs = [EpochSeconds(1.0, 1.0, 1.0)] * 2
        return accuracies, epochs, calls

    def _summary(self, accuracies: list[float], epochs: list[float], calls: list[float]) -> dict[str, float]:
        try:
            found = self.submission.call("summarise_run", accuracies, epochs, calls, PREDICT_IMAGES).returned()
        except Failed:
            found = None
        told = found if isinstance(found, dict) else {}
        return {entry: float(told[entry]) if _is_number(told.get(entry)) else 0.0 for entry in SUMMARY}


_ARGUMENTS = ("name", "train", "validation", "num_classes", "epochs")


def _same_numbers(row: Row, other: Row) -> bool:
    """Whether a row of `table` is another row, as that was returned."""
    try:
        told = [number(other[column], column) for column in COLUMNS[1:]]
    except (Failed, KeyError):
        return False
    return all(abs(row[column] - value) <= 1e-9 * abs(value) for column, value in zip(COLUMNS[1:], told, strict=True))


def _is_number(value: Any) -> bool:
    try:
        number(value, "it")
    except Failed:
        return False
    return True
