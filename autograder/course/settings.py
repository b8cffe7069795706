"""What an instructor may set for a course in `nbgrader_config.py`, beside nbgrader's own settings."""

from traitlets import Dict, Enum, Float, Integer, Unicode
from traitlets.config import Configurable

from autograder.kernels.limits import Limits
from autograder.kernels.settings import Isolation
from transferlab.course import course_sources

_LIMITS = Limits()


class CourseSettings(Configurable):
    """What an instructor may set for the whole course in `nbgrader_config.py`."""

    cell_cpu_seconds = Float(_LIMITS.cell_cpu_seconds, help="CPU-seconds one cell may use.").tag(config=True)
    cell_wall_seconds = Float(_LIMITS.cell_wall_seconds, help="Seconds one cell may only wait.").tag(config=True)
    notebook_cpu_seconds = Float(_LIMITS.notebook_cpu_seconds, help="CPU-seconds one notebook may use.").tag(
        config=True
    )
    notebook_wall_seconds = Float(_LIMITS.notebook_wall_seconds, help="Seconds one notebook may only wait.").tag(
        config=True
    )
    memory_mib = Integer(_LIMITS.memory_mib, help="Memory one notebook may use.").tag(config=True)
    processes = Integer(_LIMITS.processes, help="Processes and threads one notebook may have at once.").tag(config=True)
    file_mib = Integer(_LIMITS.file_mib, help="Largest file, and size of each folder a notebook may write to.").tag(
        config=True
    )
    output_mib = Integer(_LIMITS.output_mib, help="Outputs one cell may send.").tag(config=True)
    notebook_output_mib = Integer(_LIMITS.notebook_output_mib, help="Outputs one notebook may send.").tag(config=True)
    isolation = Enum(
        [kind.value for kind in Isolation],
        default_value=Isolation.SEALED.value,
        help="'sealed' locks every notebook in; 'off' runs student code with your own rights: only for work you trust.",
    ).tag(config=True)
    data_source = Enum(
        course_sources(),
        default_value=course_sources()[0],
        help="Where the exercises' images come from; `autograder build` writes it into the notebooks.",
    ).tag(config=True)
    assignments = Dict(
        key_trait=Unicode(),
        value_trait=Unicode(),
        help="Assignment of each text in source/, by the first word of its name; empty: exercise_ and lesson_.",
    ).tag(config=True)
    checks_directory = Unicode(
        "", help="Folder of the hidden check pages, relative to the course folder; empty: the installed ones."
    ).tag(config=True)
    lesson_address = Unicode(
        "",
        help="Web address of the lesson as students open it: feedback links to the section that explains a failed "
        "check. Empty: feedback names the section.",
    ).tag(config=True)
    class_list = Unicode(
        "", help="CSV file with a column 'id' naming the class, relative to the course folder; empty: the gradebook."
    ).tag(config=True)
