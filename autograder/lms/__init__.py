"""Learning-management systems: submissions in, grades and feedback out.

In: a download of the LMS is read (`moodle_zip`, `worksheet`, `canvas`), it is worked out who is who (`students`, kept
in `identities`) and which file is which notebook (`picking`), and each submission is put in its place (`collecting`).
Out: `outgoing` says what each student gets and what must not go out; it goes into the LMS's own files
(`moodle_grades`, `canvas_grades`, `csv_grades`) or through its interface (`push`). Commands that read or write files
end with a table of what they did and did not (`results`).
"""
