import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, Socket } from 'node:net';
import { test } from 'node:test';
import { ConnectionGuard } from './connectionLimits.ts';

/** A connection as the server sees it, from wherever it says to be. */
function arrive(server: Server, remoteAddress: string): Socket {
  const socket = new Socket();
  Object.defineProperty(socket, 'remoteAddress', { value: remoteAddress });
  server.emit('connection', socket);
  return socket;
}

/** Whether a request over this connection is refused, and with which code. */
function refusalOf(guard: ConnectionGuard, socket: Socket): string | null {
  let body = '';
  const response = { writeHead: () => response, end: (text: string) => (body = text) };
  // of a response only these two methods are used
  return guard.refuse(socket, response as never) ? JSON.parse(body).error.code : null;
}

test('refuses what one address opens beyond its limit, and counts an IPv6 network as one address', async () => {
  const server = createServer();
  const guard = new ConnectionGuard(server, { maxConnections: 0, maxPerAddress: 2 });
  const first = arrive(server, '203.0.113.7');
  assert.equal(refusalOf(guard, arrive(server, '::ffff:203.0.113.7')), null);
  assert.equal(refusalOf(guard, arrive(server, '203.0.113.7')), 'rate_limited');
  assert.equal(refusalOf(guard, arrive(server, '203.0.113.8')), null);
  arrive(server, '2001:db8::1');
  arrive(server, '2001:db8::2');
  assert.equal(refusalOf(guard, arrive(server, '2001:db8::3')), 'rate_limited');
  assert.equal(refusalOf(guard, arrive(server, '2001:db8:0:1::3')), null);
  first.destroy();
  await once(first, 'close');
  assert.equal(refusalOf(guard, arrive(server, '203.0.113.7')), null, 'one has gone');
});

test('keeps connections for programs of this machine when strangers have taken all others', () => {
  const server = createServer();
  const guard = new ConnectionGuard(server, { maxConnections: 2, maxPerAddress: 0 });
  arrive(server, '203.0.113.7');
  arrive(server, '203.0.113.8');
  assert.equal(refusalOf(guard, arrive(server, '203.0.113.9')), 'unavailable');
  assert.equal(refusalOf(guard, arrive(server, '127.0.0.1')), null);
});

test('one address that keeps its refused connections open is in nobody’s way', () => {
  const server = createServer();
  const guard = new ConnectionGuard(server, { maxConnections: 50, maxPerAddress: 10 });
  const sockets = Array.from({ length: 500 }, () => arrive(server, '203.0.113.7'));
  const refused = sockets.filter((socket) => refusalOf(guard, socket) === 'rate_limited');
  const cutOff = sockets.filter((socket) => socket.destroyed);
  assert.deepEqual([refused.length, cutOff.length], [5, 485]);
  assert.equal(refusalOf(guard, arrive(server, '203.0.113.8')), null);
  assert.equal(refusalOf(guard, arrive(server, '127.0.0.1')), null);
  for (const socket of sockets) socket.destroy();
});

test('responds to a refused connection with 503, Retry-After and the end of the connection', async () => {
  const server = createServer((request, response) => {
    if (!guard.refuse(request.socket, response)) response.end('served');
  });
  const guard = new ConnectionGuard(server, { maxConnections: 1, maxPerAddress: 0 });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  const sockets = Array.from({ length: 52 }, () => connect(address.port, '127.0.0.1'));
  try {
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    sockets.at(-1)?.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    let text = '';
    for await (const chunk of sockets.at(-1)?.setEncoding('utf8') ?? []) text += chunk;
    assert.match(text, /^HTTP\/1\.1 503 [\s\S]*Retry-After: 5[\s\S]*Connection: close[\s\S]*"unavailable"/);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
});
