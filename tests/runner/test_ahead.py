import threading

import pytest

from msk_monai.runner.ahead import read_ahead


def test_values_come_in_order_and_exceptions_where_they_belong():
    def read(item):
        if item == 1:
            raise ValueError("no one")
        return item * 10

    outcomes = []
    for item, value in read_ahead(range(3), read):
        try:
            outcomes.append((item, value()))
        except ValueError as fault:
            outcomes.append((item, str(fault)))
    assert outcomes == [(0, 0), (1, "no one"), (2, 20)]


def test_one_item_is_read_while_another_is_worked_on_and_no_more():
    reading = [threading.Event() for _ in range(4)]

    def read(item):
        reading[item].set()
        return item

    for item, value in read_ahead(range(4), read):
        value()
        if item + 1 < 4:
            assert reading[item + 1].wait(5)
        if item + 2 < 4:
            assert not reading[item + 2].wait(0.02)


def test_a_consumer_that_stops_does_not_read_on():
    read = []
    values = read_ahead(range(100), lambda item: read.append(item))
    next(values)
    values.close()
    assert len(read) <= 2


def test_nothing_to_read():
    assert list(read_ahead([], str)) == []


def test_a_value_is_given_away_once():
    [(_, value)] = list(read_ahead([1], str))
    assert value() == "1"
    with pytest.raises(IndexError):
        value()
