"""nbgrader's settings for this course. nbgrader's commands, formgrader and `autograder` read it when run in this folder."""

c = get_config()  # noqa: F821 - nbgrader puts it here

# Stands in the gradebook and in the exchange folder; changing it later orphans both.
c.CourseDirectory.course_id = "transfer-learning"

# The stub says what to do with it, and raises, so that an unanswered task can never pass for an answered one.
c.ClearSolutions.code_stub = {"python": 'raise NotImplementedError("Write your answer here, then delete this line.")'}
c.ClearSolutions.text_stub = "*Write your answer here.*"  # the same in a written question

# Grading. Where nbgrader runs a notebook in its own kernel and reads points from outputs, ours seals it and reads verdicts.
c.Autograde.autograde_preprocessors = [
    "autograder.course.nbgrader_glue.JudgeExecute",  # in place of Execute: the worker runs and judges the notebook
    "nbgrader.preprocessors.LimitOutput",  # a page of feedback stays readable
    "autograder.course.nbgrader_glue.SaveVerdicts",  # in place of SaveAutoGrades: points come from the verdict
    "nbgrader.preprocessors.AssignLatePenalties",  # as in plain nbgrader; set its plugin_class to have any
    "nbgrader.preprocessors.CheckCellMetadata",  # as in plain nbgrader
]

# `nbgrader export` refuses rows without a verdict, which plain exporters would pass on as points.
c.ExportApp.plugin_class = "autograder.course.nbgrader_glue.VerdictExporter"
