# SPDX-License-Identifier: LGPL-2.1-or-later
"""websockets, json, base64. python.py URL [CA]"""
import asyncio
import base64
import json
import ssl
import sys

import websockets


async def main(url, ca=None):
    buffers = size = 0
    context = ssl.create_default_context(cafile=ca) if ca else None
    async with websockets.connect(url, ssl=context, compression=None, max_size=None) as socket:
        async for text in socket:
            payload = base64.b64decode(json.loads(text)["content"]["data"])
            buffers += 1
            size += len(payload)
    print(buffers, size, 0)


asyncio.run(main(*sys.argv[1:]))
