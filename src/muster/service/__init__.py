"""Every action a person or a machine may ask for, once, whichever door it came through.

Each function takes the ``Desk`` and says what becomes true; authorisation belongs here and nowhere else.
Doors (``web``, ``cli``) parse, call one function and render what it gives.
"""
