// SPDX-License-Identifier: LGPL-2.1-or-later
// The public samples' way: ws, JSON.parse, Buffer.from. node.js URL [CA]
const fs = require('fs');
const WebSocket = require('/usr/share/nodejs/ws');

let buffers = 0, bytes = 0;
const options = process.argv[3] ? { ca: fs.readFileSync(process.argv[3]) } : {};
const socket = new WebSocket(process.argv[2], { perMessageDeflate: false, ...options });
socket.on('message', (data) => {
  const message = JSON.parse(data);
  const payload = Buffer.from(message.content.data, 'base64');
  buffers++;
  bytes += payload.length;
});
socket.on('close', () => console.log(`${buffers} ${bytes} 0`));
