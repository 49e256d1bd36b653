"""What the search begins with: small texts with the forms that decide something, and pieces to put into them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Final

SOURCE: Final = (
    b"",
    b"import boto3\nec2 = boto3.client('ec2')\nif idle >= LIMIT:\n    ec2.stop_instances(InstanceIds=[me])\n",
    b"\xef\xbb\xbf# coding: utf-8\nx = 1\r\ny = 2\r",
    b"#!/usr/bin/env python\n# -*- coding: latin-1 -*-\nname = '\xe9'\n",
    b"# vim: set fileencoding=cp1252 :\n'\x80'\n",
    b"if x:\n  \f  stop()\n\f\nf = f'{a!r:>{width}} {{b}} {c[\"d\"]}'\n",
    b"try:\n    pass\nexcept* (A, B) as e:\n    raise\nfinally:\n    lambda a, *b, c=1, **d: (yield)\n",
    b"match a:\n    case [1, *rest] if rest: pass\n    case {'k': v, **more} | C(x=0): pass\n",
    b"async def f[T: int](a, /, *, b: 'T' = ...):\n    async with a as (b), c: await d\n    [i async for i in a]\n",
    b"x = (\n    1 if a else 2,  # noqa\n)[::2] @ y\\\n    .z(*a, **b)\ndel x; global y\n",
    b"s = '''\r\n\\\r\n''' \"\\N{DASH}\\x00\" rb'\\x' 0x_f 1_0.e1j\n@d\nclass A(B, metaclass=C): ...\n",
)
FOUND: Final = (
    b" \\\n  b  # noqa\n",
    b"if x:\n  \\\n    b\n  c\n",
    b"if x:\n\\\n \x0c  p\n\x0c\n\x0cv",
    b"af\\\n\x0c",
)
"""What the search has found, mended since."""

COMMENTS: Final = (
    b"stop()  # noqa\nstop()  # noqa: SST101\nstop()  # NOQA:SST1,SST201 because\n",
    b"x = '''\n'''  # noqa: SST101 SST102\n(\n1)  # noqa : SST101\n",
    b"# flake8: noqa\n",
    b"a \\\n  b  # noqa: E501, SST003\n'# noqa: SST101'\nf'{x}'  # a # noqa:SST102\n",
    b"\xef\xbb\xbfstop()  # noqa\r\n\tif x:  #  noqa:SST101\r\x0c# noqa\xc2\xa0:SST102\n",
)
CONFIGURATION: Final = (
    b"[tool.selfstop]\nselect = ['SST1']\nignore = ['SST103']\ntarget = 'self'\ninclude-tests = true\n",
    b"[tool.selfstop]\nfamilies = ['os', 'terminate']\nstop-calls = ['halt']\nexclude = ['*_pb2.py']\nbaseline = 'b'\n",
    b"[tool.selfstop.per-file-ignores]\n'a/*' = ['SST101']\n\"b\" = []\n",
    b"tool.selfstop = {select = [], extend-select = ['SST201'], extend-stop-calls = []}\n",
    b"[project]\nname = 'selfstop'\nversion = 1\nx = 1979-05-27T07:32:00Z\ny = 0x_f\nz = inf\n[[a.b]]\nc = '''d'''\n",
    b"[tool]\nselfstop = 1\n",
)
SEEDS: Final[Mapping[str, Sequence[bytes]]] = {
    "source": (*SOURCE, *FOUND, *COMMENTS),
    "noqa": (*COMMENTS, *SOURCE),
    "config": CONFIGURATION,
}
TOKENS: Final = (
    *(b"# noqa", b"# noqa: ", b"SST101", b"SST", b"# flake8: noqa", b"# coding: ", b"utf-8", b"utf-7", b"latin-1"),
    *(
        b"rot13",
        b"utf-16",
        b"idna",
        b"\xef\xbb\xbf",
        b"\r\n",
        b"\r",
        b"\x0c",
        b"\\\n",
        b"'''",
        b'"""',
        b"f'",
        b'f"{',
        b"}",
    ),
    *(
        b"lambda ",
        b"if ",
        b"else",
        b"elif ",
        b"match ",
        b"case _:",
        b"async ",
        b"await ",
        b"yield ",
        b"not ",
        b"\n    ",
    ),
    *(
        b"(",
        b")",
        b"[",
        b"]",
        b"{",
        b":",
        b":=",
        b"->",
        b"**",
        b"...",
        b"@",
        b"\xe2\x80\xa8",
        b"\xf0\x9f\x98\x80",
        b"\0",
    ),
    *(
        b"[tool.selfstop]\n",
        b"select",
        b"ignore",
        b" = ",
        b"['",
        b"']",
        b"true",
        b"selfstop",
        b"per-file-ignores",
        b"\xff",
    ),
)


def variants(target: str, count: int, random: Random) -> Iterator[bytes]:
    """``count`` texts made of the seeds of a target: pieces are put in, left out, repeated, and joined with others."""
    seeds = SEEDS[target]
    for _ in range(count):
        data = random.choice(seeds)
        for _ in range(random.randint(1, 6)):
            data = _changed(data, random.choice(seeds), random)
        yield data


def _changed(data: bytes, other: bytes, random: Random) -> bytes:
    start, end = sorted((random.randint(0, len(data)), random.randint(0, len(data))))
    end = min(end, start + 20)
    match random.randrange(5):
        case 0:
            return data[:start] + data[end:]
        case 1:
            return data[:end] + data[start:end] * random.randint(1, 40) + data[end:]
        case 2:
            return data[:start] + other[random.randint(0, len(other)) :]
        case 3:
            return data[:start] + random.randbytes(1) + data[start + 1 :]
    return data[:start] + random.choice(TOKENS) + data[start:]
