"""Who should judge what, what it costs, and how long it takes."""

from tutelage.planning.backtest import BackTest, backtest
from tutelage.planning.budget import Plan, make
from tutelage.planning.channel import Choice, Needs, cells, choose
from tutelage.planning.request import Request, load

__all__ = ["BackTest", "Choice", "Needs", "Plan", "Request", "backtest", "cells", "choose", "load", "make"]
