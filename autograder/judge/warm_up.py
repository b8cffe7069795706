"""What every judge would do again, done once in the template before forking."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


def main() -> None:
    """Have hypothesis read the constants of imported modules."""

    # on a busy machine this is slow, which is no fault of anybody's
    @settings(max_examples=3, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.integers(), st.floats(), st.text())
    def draw(_number: int, _fraction: float, _text: str) -> None:
        pass

    draw()
