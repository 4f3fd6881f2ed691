"""Two bodies on one orbit."""

from math import cos, sin, tau

for step in range(4):
    print(cos(step * tau / 4), sin(step * tau / 4))
