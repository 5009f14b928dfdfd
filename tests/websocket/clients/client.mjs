// Talks to a server of tests/websocket with ws, and ends with 1 when anything differs.

import assert from "node:assert";
import { once } from "node:events";
import WebSocket from "ws";

const base = process.argv[2];
let checks = 0;

async function open(path, options = {}, protocols = []) {
  const socket = new WebSocket(base + path, protocols, { handshakeTimeout: 20000, ...options });
  await once(socket, "open");
  return socket;
}

// Each of `messages` comes back, in order and of its kind.
async function echo(socket, messages) {
  const done = new Promise((resolve, reject) => {
    let next = 0;
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("closed early")));
    socket.on("message", (data, binary) => {
      const want = messages[next++];
      try {
        assert.strictEqual(binary, typeof want !== "string");
        assert.ok(Buffer.from(want).equals(data));
      } catch (error) {
        reject(error);
      }
      if (next === messages.length) resolve();
    });
  });
  for (const message of messages) socket.send(message);
  await done;
  socket.removeAllListeners("close");
  checks += messages.length;
}

async function close(socket, code, reason) {
  socket.close(code, reason);
  const [got, text] = await once(socket, "close");
  assert.strictEqual(got, code);
  assert.strictEqual(text.toString(), "");
  checks += 1;
}

const sizes = [0, 1, 125, 126, 1000, 65535, 65536, 500000];
const messages = [
  ...sizes.map((size) => "€".repeat(size / 3)),
  ...sizes.map((size) => Buffer.alloc(size, 9)),
];

for (const path of ["/ws", "/ws-events"]) {
  for (const perMessageDeflate of [
    false,
    true,
    { threshold: 0 },
    { threshold: 0, serverNoContextTakeover: true, clientNoContextTakeover: true },
    { threshold: 0, serverMaxWindowBits: 10, clientMaxWindowBits: 11 },
  ]) {
    const socket = await open(path, { perMessageDeflate });
    assert.strictEqual(socket.extensions !== "", perMessageDeflate !== false);
    await echo(socket, [...messages, ...messages]);
    socket.ping("are you there");
    const [pong] = await once(socket, "pong");
    assert.strictEqual(pong.toString(), "are you there");
    await close(socket, 4000, "enough");
  }

  const pieces = await open(path);
  const whole = once(pieces, "message");
  for (let i = 0; i < 20; ++i) pieces.send(`${i};`, { fin: i === 19 });
  assert.strictEqual((await whole)[0].toString(), [...Array(20).keys()].join(";") + ";");
  await close(pieces, 1000, "");
  checks += 2;
}

const chosen = await open("/ws", {}, ["other", "chat"]);
assert.strictEqual(chosen.protocol, "chat");
chosen.terminate();

const refused = new WebSocket(base + "/ws", { origin: "http://elsewhere.example" });
const [error] = await once(refused, "error");
assert.match(error.message, /403/);
checks += 2;
console.log(`${checks} checks passed`);
