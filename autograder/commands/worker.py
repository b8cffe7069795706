"""`autograder worker`: one machine of a cluster that grades."""

from pathlib import Path
from typing import Annotated

import typer

from autograder.commands.terminal import CourseOption, ending_well, err, find_course

TlsCaOption = Annotated[
    Path | None,
    typer.Option("--tls-ca", help="Certificate of the cluster's authority (PEM).", show_default="Dask's configuration"),
]
TlsCertOption = Annotated[
    Path | None,
    typer.Option("--tls-cert", help="This machine's certificate (PEM).", show_default="Dask's configuration"),
]
TlsKeyOption = Annotated[
    Path | None, typer.Option("--tls-key", help="The certificate's key (PEM).", show_default="Dask's configuration")
]
InsecureOption = Annotated[
    bool,
    typer.Option("--insecure", help="Accept tcp://: whoever reaches scheduler or workers can run code there."),
]


def worker(
    *,
    scheduler: Annotated[
        str, typer.Option("--scheduler", help="The cluster's scheduler, e.g. tls://host:8786.", show_default=False)
    ],
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", min=1, help="Notebooks graded at once.", show_default="cores and a quarter"),
    ] = None,
    tls_ca: TlsCaOption = None,
    tls_cert: TlsCertOption = None,
    tls_key: TlsKeyOption = None,
    insecure: InsecureOption = False,
    course: CourseOption = None,
) -> None:
    """Grade notebooks for `autograder grade --scheduler`, until the scheduler ends.

    Run it in a copy of the course folder, with the same course secret and environments; it needs no gradebook and no
    submissions. On machines with more than eight cores start several, of ten jobs each.
    """
    with ending_well():
        from autograder.classes.cluster import Certificates, cluster_security
        from autograder.classes.remote import serve
        from autograder.classes.verdicts import default_jobs

        found = find_course(course)
        security = cluster_security(scheduler, Certificates(tls_ca, tls_cert, tls_key), insecure=insecure)
        slots = jobs or default_jobs()
        err.print(f"Grading for {scheduler}, {slots} notebooks at once; Ctrl-C ends it.", highlight=False)
        serve(found, scheduler, security, slots)
