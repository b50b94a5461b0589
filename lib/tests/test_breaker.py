"""The circuit breaker, with a clock of the test's own."""

from lib.breaker import Breaker


def test_one_caller_after_each_pause_until_it_answers():
    now = [100.0]
    breaker = Breaker(1.0, clock=lambda: now[0])
    assert (breaker.allows(), breaker.is_open) == (True, False)
    breaker.failed()
    assert (breaker.allows(), breaker.is_open) == (False, True)
    now[0] += 0.999
    assert not breaker.allows()
    now[0] += 0.001
    assert [breaker.allows() for _ in range(3)] == [True, False, False], "one finds out, the others wait"
    breaker.failed()
    now[0] += 1
    assert breaker.allows()
    breaker.worked()
    assert [breaker.allows() for _ in range(3)] == [True] * 3
    assert not breaker.is_open
