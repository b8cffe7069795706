"""nbgrader's settings for this course, read by nbgrader's commands, by formgrader and by `autograder`."""

from autograder.gradebook.page_templates import PAGE_TEMPLATES

c = get_config()  # noqa: F821 - nbgrader puts it here

# Stands in the gradebook and in the exchange folder; changing it later orphans both.
c.CourseDirectory.course_id = "my-course"

# Texts `source/exercise_*.py` belong to this assignment: a folder in source/, release/, submitted/ and feedback/.
c.CourseSettings.assignments = {"exercise": "homework"}
# Where the hidden checks stand; students never get this folder.
c.CourseSettings.checks_directory = "checks"

# The stub says what to do with it, and raises, so that an unanswered task can never pass for an answered one.
c.ClearSolutions.code_stub = {"python": 'raise NotImplementedError("Write your answer here, then delete this line.")'}
c.ClearSolutions.text_stub = "*Write your answer here.*"

# Notebooks are run in sealed kernels and judged by the pages in checks/; points come from that verdict alone.
c.Autograde.exporter_class = "autograder.gradebook.nbgrader_glue.SubmissionExporter"
c.Autograde.autograde_preprocessors = [
    "autograder.gradebook.nbgrader_glue.JudgeExecute",
    "nbgrader.preprocessors.LimitOutput",
    "autograder.gradebook.nbgrader_glue.SaveVerdicts",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]

# What students get back: each check with its message; nothing in it runs or is fetched when it is opened.
c.GenerateFeedback.preprocessors = [
    "autograder.gradebook.nbgrader_glue.GradesAsTheyStand",
    "nbgrader.preprocessors.GetGrades",
    "autograder.gradebook.nbgrader_glue.HideGuards",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]
c.GenerateFeedback.exporter_class = "autograder.gradebook.nbgrader_glue.FeedbackExporter"
c.HTMLExporter.filters = {
    "markdown2html": "autograder.gradebook.safe_html.markdown_to_safe_html",
    "highlight_code": "autograder.gradebook.safe_html.code_to_safe_html",
    "ansi2html": "autograder.gradebook.safe_html.terminal_text_to_safe_html",
    "clean_html": "autograder.gradebook.safe_html.raw_to_safe_html",
}
# Formgrader's pages, too, fetch nothing from elsewhere, and show people's names as the text they are.
c.HTMLExporter.extra_template_basedirs = PAGE_TEMPLATES
c.HTMLExporter.preprocessors = ["autograder.gradebook.nbgrader_glue.HarmlessNames"]

# `nbgrader export` refuses points without a verdict, which plain exporters would pass on.
c.ExportApp.plugin_class = "autograder.gradebook.nbgrader_glue.VerdictExporter"
