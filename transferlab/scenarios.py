"""Five decisions of the lesson and what can be said about each."""

from collections.abc import Mapping
from dataclasses import dataclass

CHOICES = ("scratch", "features", "fine-tune", "compare")
"""Train from scratch; features of a frozen backbone; fine-tune it; contested, so measure both before deciding."""


@dataclass(frozen=True)
class _Scenario:
    title: str
    fitting: str
    why: str
    nudge: str


_SCENARIOS = (
    _Scenario(
        "the florist",
        "features",
        "Few images, everyday photographs, no time and no graphics card: a frozen backbone and a small head are "
        "trained in minutes, and there is too little to fine-tune with safely.",
        "How many images are there, and how long may it take?",
    ),
    _Scenario(
        "the web shop",
        "fine-tune",
        "Tens of thousands of images that resemble the source, peak accuracy wanted, and a machine to pay for it: "
        "start from frozen features, then unfreeze.",
        "Both the data and the machine allow more than the least; what do they want most?",
    ),
    _Scenario(
        "the satellites",
        "scratch",
        "Millions of labelled images with channels no photograph has, and the means to train for weeks: pretrained "
        "weights would save time at the start, but nothing forces one to use them.",
        "Count the images and the colour channels.",
    ),
    _Scenario(
        "the X-rays",
        "compare",
        "Contested: on two large medical tasks ImageNet weights gave little, small networks from scratch were as good "
        "(Raghu et al. 2019); other work finds gains. With people depending on it, measure both, with several seeds.",
        "Is this close to the source? What does the literature say, and does it agree?",
    ),
    _Scenario(
        "the chip factory",
        "fine-tune",
        "Training accuracy is as low as validation accuracy, so the head is not overfitting: the frozen features lack "
        "what is asked for. Unfreezing lets them learn it.",
        "Compare training and validation accuracy: is it too little data, or are the features too poor?",
    ),
)


class Answers:
    """What `check_scenarios` says; Jupyter shows it as a list."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines

    def _repr_markdown_(self) -> str:
        return "\n".join(f"* {line}" for line in self.lines)

    def __repr__(self) -> str:
        return "\n".join(self.lines)


def check_scenarios(decisions: Mapping[int, str | None]) -> Answers:
    """Compare decisions with what fits, give the reason where they agree and a nudge where they do not.

    Args:
        decisions: Number of the scenario, 1 to 5, to one of "scratch", "features", "fine-tune", "compare", or None.

    Returns:
        A line for each scenario.

    Raises:
        ValueError: There is no such scenario or choice.
    """
    lines = []
    for number, decision in decisions.items():
        if number not in range(1, len(_SCENARIOS) + 1):
            raise ValueError(f"there is no scenario {number!r}; they are numbered 1 to {len(_SCENARIOS)}")
        if decision is not None and decision not in CHOICES:
            raise ValueError(f"scenario {number} says {decision!r}; choose one of {', '.join(CHOICES)}, or None")
        scenario = _SCENARIOS[number - 1]
        if decision is None:
            lines.append(f"{number}, {scenario.title}: not decided yet.")
        elif decision == scenario.fitting:
            lines.append(f"{number}, {scenario.title}: agreed. {scenario.why}")
        else:
            lines.append(
                f"{number}, {scenario.title}: {decision} can be argued for, another fits better. {scenario.nudge}"
            )
    return Answers(lines)
