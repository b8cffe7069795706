"""Thirty students, and every kind of name an LMS bends; a third each right, half right and wrong."""

from lms_writers import DRAFT, NOTHING, Pupil, notebook

NAMES = (
    "Alice Anderson", "Alice Anderson", "Alice  Anderson", "Bob_Under O'Neil-Smith", "Dave Smith, Jr.", "Chloé Müller",
    "Chloe Muller", "伊芙 李", "李 伊芙", "Łukasz Żółć", "Анна Каренина", "أحمد الخطيب", "שרה כהן", "अनीता शर्मा",
    "김 민준", "Ngô Bảo Châu", "O’Brien Siobhán", "D'Arcy", "X Æ A-12", 'Jean-Luc "JL" Picard', "Ana & Eva Co",
    "<b>Bold</b> Bobby",
    "Percy 100% Smith", "Dr. No Ph.D.", "12 34", "Emoji 🎓 Kim", "a.b.c d", "Zoë_7 assignsubmission",
    "Frank Nosubmit", "Draft Dora",
)  # fmt: skip
_CODE = ("def double(number):\n    return 2 * number  # right", "half = 1", "wrong = 1")
_FILE = ("doubling.ipynb", "doubling (1).ipynb", "work/doubling.ipynb", "doubling-1.ipynb")
POINTS = ("8.5", "5.5", "2.5")


def pupils():
    """Numbers are no order of names, as Moodle shuffles them."""
    found = []
    for place, name in enumerate(NAMES):
        number = 1 + (place * 7) % 31
        mine = f"{_CODE[place % 3]}  # by {number}"
        pupil = Pupil(number, name, f"student{place}@x.org", {_FILE[place % 4]: notebook(mine)})
        if name == "Frank Nosubmit":
            pupil = pupil.but(files={}, status=NOTHING)
        if name == "Draft Dora":
            pupil = pupil.but(status=DRAFT)
        found.append(pupil)
    return found


def expected(pupil):
    """The points a pupil's own work is worth, as they are written; empty for no grade."""
    if not pupil.files or pupil.status == DRAFT:
        return ""
    return POINTS[NAMES.index(pupil.name) % 3] if NAMES.count(pupil.name) == 1 else POINTS[int(pupil.email[7:-6]) % 3]
