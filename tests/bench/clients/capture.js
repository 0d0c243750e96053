// SPDX-License-Identifier: LGPL-2.1-or-later
// The public samples' way to capture: ws, JSON.parse, Buffer.from, a raw file for each kind of media.
// capture.js FOLDER [CA]; a webhook is a line of standard input. Exits when all streams have ended.
const crypto = require('crypto');
const fs = require('fs');
const readline = require('readline');
const WebSocket = require('/usr/share/nodejs/ws');

const [folder, authority] = process.argv.slice(2);
const options = { perMessageDeflate: false };
if (authority)
  options.ca = fs.readFileSync(authority);
const params = {
  audio: { content_type: 2, sample_rate: 1, channel: 1, codec: 1, data_opt: 1, send_rate: 20 },
  video: { content_type: 3, codec: 7, resolution: 2, fps: 25, data_opt: 3 },
  transcript: { content_type: 5, src_language: 9 },
  chat: { content_type: 5 },
};
const masks = { audio: 1, video: 2, transcript: 8, chat: 16 };
let announced = 0, captured = 0;

function connect(url, hello, handle) {
  const socket = new WebSocket(url, options);
  socket.on('open', () => socket.send(JSON.stringify(hello)));
  socket.on('message', (data) => {
    const message = JSON.parse(data);
    if (message.msg_type === 12)
      socket.send(JSON.stringify({ msg_type: 13, timestamp: message.timestamp }));
    else
      handle(message);
  });
  return socket;
}

function record({ rtms_stream_id, meeting_uuid, server_urls }) {
  const base = `${folder}/${rtms_stream_id}`;
  const signature = crypto.createHmac('sha256', process.env.ZM_RTMS_SECRET)
    .update(`${process.env.ZM_RTMS_CLIENT},${meeting_uuid},${rtms_stream_id}`).digest('hex');
  const who = { protocol_version: 1, sequence: 1, meeting_uuid, rtms_stream_id, signature };
  const files = {}, sockets = [];
  let open = 0;

  function end() {
    for (const file of Object.values(files))
      file.end();
    // The process ends when the files are written.
    if (++captured === announced)
      input.close();
  }
  const signaling = connect(server_urls, { msg_type: 1, ...who }, (message) => {
    if (message.msg_type !== 2)
      return;
    for (const [name, url] of Object.entries(message.media_server.server_urls)) {
      if (!masks[name])
        continue;
      files[name] = fs.createWriteStream(`${base}.${name}`);
      open++;
      const hello = { msg_type: 3, ...who, media_type: masks[name], media_params: { [name]: params[name] } };
      const media = connect(url, hello, (item) => {
        if (item.msg_type === 4)
          signaling.send(JSON.stringify({ msg_type: 7, rtms_stream_id }));
        else if (name === 'audio' || name === 'video')
          files[name].write(Buffer.from(item.content.data, 'base64'));
        else
          files[name].write(item.content.data + '\n');
      });
      media.on('close', () => {
        if (--open === 0)
          end();
      });
    }
  });
}

const input = readline.createInterface({ input: process.stdin }).on('line', (line) => {
  announced++;
  record(JSON.parse(line).payload.object);
});
