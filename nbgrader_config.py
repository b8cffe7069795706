"""nbgrader's settings for this course, read by nbgrader's commands, by formgrader and by `autograder`."""

from autograder.gradebook.page_templates import PAGE_TEMPLATES

c = get_config()  # noqa: F821 - nbgrader puts it here

# Stands in the gradebook and in the exchange folder; changing it later orphans both.
c.CourseDirectory.course_id = "transfer-learning"

# The stub says what to do with it, and raises, so that an unanswered task can never pass for an answered one.
c.ClearSolutions.code_stub = {"python": 'raise NotImplementedError("Write your answer here, then delete this line.")'}
c.ClearSolutions.text_stub = "*Write your answer here.*"  # the same in a written question

# nbgrader's own reader drops a whole submission that holds one odd file; ours grades what there is.
c.Autograde.exporter_class = "autograder.gradebook.nbgrader_glue.SubmissionExporter"

# nbgrader would run a notebook with all rights and read points off its outputs; ours seals it and reads its verdict.
c.Autograde.autograde_preprocessors = [
    "autograder.gradebook.nbgrader_glue.JudgeExecute",  # in place of Execute: the worker runs and judges the notebook
    "nbgrader.preprocessors.LimitOutput",  # as in plain nbgrader: a flood of output stays out of feedback
    "autograder.gradebook.nbgrader_glue.SaveVerdicts",  # in place of SaveAutoGrades: points come from the verdict
    "nbgrader.preprocessors.AssignLatePenalties",  # as in plain nbgrader: none, unless a plugin_class is set
    "nbgrader.preprocessors.CheckCellMetadata",  # as in plain nbgrader: what goes to the gradebook is well-formed
]

# Students see each check with its message, and not the guard of the judged cells.
c.GenerateFeedback.preprocessors = [
    "autograder.gradebook.nbgrader_glue.GradesAsTheyStand",  # penalties as they are now, changes by hand are said
    "nbgrader.preprocessors.GetGrades",  # as in plain nbgrader: points and comments
    "autograder.gradebook.nbgrader_glue.HideGuards",  # students would take the guard for an error
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",  # as in plain nbgrader: the style sheet
]

# What students write runs in the grader's browser; nbconvert's own filters let scripts through, and take what time they
# take. These are nbgrader's pages, in feedback and formgrader alike.
c.HTMLExporter.filters = {
    "markdown2html": "autograder.gradebook.safe_html.markdown_to_safe_html",  # written answers, and text around them
    "highlight_code": "autograder.gradebook.safe_html.code_to_safe_html",  # code cells
    "ansi2html": "autograder.gradebook.safe_html.terminal_text_to_safe_html",  # what cells printed, and tracebacks
    "clean_html": "autograder.gradebook.safe_html.raw_to_safe_html",  # raw cells, which nbconvert takes for HTML
}

# nbgrader's pages fetch MathJax from elsewhere whenever they are opened, and take people's names for HTML; not these.
c.HTMLExporter.extra_template_basedirs = PAGE_TEMPLATES
c.HTMLExporter.preprocessors = ["autograder.gradebook.nbgrader_glue.HarmlessNames"]

# Feedback pages fetch nothing and run nothing when they are opened.
c.GenerateFeedback.exporter_class = "autograder.gradebook.nbgrader_glue.FeedbackExporter"

# `nbgrader export` refuses points without a verdict, which plain exporters would pass on.
c.ExportApp.plugin_class = "autograder.gradebook.nbgrader_glue.VerdictExporter"
