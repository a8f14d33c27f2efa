"""From desired, last applied and observed to operations: correlate, compare three ways, guard.

A thinking room: values in, values out. It must not know how an operation is carried out, nor by whom.
"""
