# -*- coding: utf-8 -*-
"""Doc of the module."""
import os


def first(a, b=(1,
                2)):
    """Doc."""
    # start here
	# tabbed
    x = 9
    if x:
        y = 2
    # end here
    return y


@deco
@other(1,
       2)
class Outer(object):
    """Outer."""

    attr = 1

    @property
    def prop(self):
        return 1

    class Inner:
        def deep(self):
            def local():
                pass
            return local

    async def co(self):
        await x

    def last(self): return 2
#: comment

VALUE = '''
def not_one():
'''


def tall():
    pass
